// Gram-Schmidt: V = Q R for a block of columns side by side, diag R >= 0.
//
// Modified Gram-Schmidt, a vector of columns at a time: within such a panel column by column, the later panels then all
// at once, as matrix products. The dots of a column with all others of its panel are one pass over the rows, without
// sums across lanes. A panel that lost digits is orthonormalised again before later panels are projected: what they
// lose then stays in proportion to the block's conditioning (Carson, Lund, Rozložník, Thomas 2022). A column of which
// no more than 4 n eps of its norm remains is annihilated: it becomes zero, and so does its diagonal element of R.
#pragma once

#include "dense/block_product.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
inline Real square_root(Real x) {
    if constexpr (sizeof(Real) == 4)
        return __builtin_sqrtf(x);
    else
        return __builtin_sqrt(x);
}

// first, first + 1, ... in the lanes
template <class Real>
inline Integers<Real> lane_numbers() {
    Integers<Real> numbers{};
    for (int lane = 0; lane < lanes<Real>; ++lane) numbers[lane] = lane;
    return numbers;
}

// A column's dots with all columns of its panel.
template <class Real>
inline Vector<Real> panel_dots(const Real* panel, Index rows, Index stride, int column) {
    Vector<Real> sums[4] = {};
    Index i = 0;
    for (; i + 4 <= rows; i += 4)
#pragma GCC unroll 4
        for (Index r = 0; r < 4; ++r) {
            const Real* row = panel + (i + r) * stride;
            sums[r] = fma<Real>(broadcast<Real>(row[column]), load<Real>(row), sums[r]);
        }
    for (; i < rows; ++i) {
        const Real* row = panel + i * stride;
        sums[0] = fma<Real>(broadcast<Real>(row[column]), load<Real>(row), sums[0]);
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// Rows of R for one panel: `factor` points at their elements in the panel's columns, they are `factor_stride` apart.
// lost: the square of the norm at which each column counts as lost. Returns whether a column kept so little of its norm
// that it lost digits of its orthogonality. Columns are brought to length 1 at the end, all at once: no square root
// stands between one column and the next.
template <class Real>
inline bool orthonormalise_panel(Real* panel, Index rows, Index stride, const Real* lost, Real digits, Real* factor,
                                 Index factor_stride) {
    const Integers<Real> numbers = lane_numbers<Real>();
    Vector<Real> squares{};
    bool lost_digits = false;
    for (int j = 0; j < lanes<Real>; ++j) {
        const Vector<Real> dots = panel_dots<Real>(panel, rows, stride, j);
        const Real rest = dots[j];
        squares = numbers == j ? dots : squares;
        lost_digits |= rest < lost[j] * digits;
        const Vector<Real> along = numbers > j ? dots * (Real(-1) / rest) : Vector<Real>{};
        store<Real>(factor + j * factor_stride, numbers >= j ? dots : Vector<Real>{});
        if (rest <= lost[j] && rest < Format<Real>::infinity) {  // infinities and NaN spread
            squares[j] = 0;
            for (Index i = 0; i < rows; ++i) panel[i * stride + j] = 0;
            continue;
        }
        if (j + 1 == lanes<Real>) break;
        for (Index i = 0; i < rows; ++i) {
            Real* row = panel + i * stride;
            store<Real>(row, fma<Real>(broadcast<Real>(row[j]), along, load<Real>(row)));
        }
    }
    Vector<Real> inverse{};
    for (int lane = 0; lane < lanes<Real>; ++lane) inverse[lane] = square_root(Real(squares[lane]));
    inverse = squares != Real(0) ? Real(1) / inverse : Vector<Real>{};
    for (Index i = 0; i < rows; ++i) store<Real>(panel + i * stride, inverse * load<Real>(panel + i * stride));
    for (int j = 0; j < lanes<Real>; ++j) {
        Real* row = factor + j * factor_stride;
        store<Real>(row, inverse[j] * load<Real>(row));
    }
    return lost_digits;
}

// Q = Q' R', R ← R' R for a panel that lost digits.
template <class Real>
inline void orthonormalise_panel_again(Real* panel, Index rows, Index stride, Real* factor) {
    const Real nothing[lanes<Real>] = {};
    Real again[lanes<Real> * lanes<Real>];
    orthonormalise_panel<Real>(panel, rows, stride, nothing, 0, again, lanes<Real>);
    for (int i = 0; i < lanes<Real>; ++i) {
        Vector<Real> row{};
        for (int k = i; k < lanes<Real>; ++k)
            row = fma<Real>(broadcast<Real>(again[i * lanes<Real> + k]), load<Real>(factor + k * stride), row);
        store<Real>(factor + i * stride, row);
    }
}

// R's rows of one panel in the later columns, Qᵀ V, and V - Q (Qᵀ V) there.
template <class Real>
inline void project_out_panel(const Real* panel, Index rows, Index stride, Real* later, Index columns, Real* factor) {
    multiply_view<Real, true>({panel, 1, stride, lanes<Real>, rows}, later, columns, stride, {}, factor);
    for (Index i = 0; i < lanes<Real> * stride; i += stride)
        for (Index c = 0; c < columns; c += lanes<Real>) store<Real>(factor + i + c, -load<Real>(factor + i + c));
    Finish<Real> add;
    add.add = true;
    multiply_view<Real, false>({panel, stride, 1, rows, lanes<Real>}, factor, columns, stride, add, later);
    for (Index i = 0; i < lanes<Real> * stride; i += stride)
        for (Index c = 0; c < columns; c += lanes<Real>) store<Real>(factor + i + c, -load<Real>(factor + i + c));
}

// block: (rows, stride); factor: (columns padded, stride), only its rows' elements from the diagonal's panel on are
// set.
template <class Real>
void orthonormalise(Real* block, Index rows, Index columns, Index stride, Real* factor) {
    constexpr Real epsilon = Real(1) / (std::int64_t{1} << Format<Real>::fraction_bits);
    constexpr Real least_kept = Real(1e-4);  // of the square of a column's norm, lest two digits be lost
    const Real lost = 4 * static_cast<Real>(rows) * epsilon;
    if (stride == 1) {
        Vector<Real> sums[4] = {};
        for (Index i = 0, p = 0; i < rows; i += lanes<Real>, p = (p + 1) % 4) {
            const Vector<Real> v = load<Real>(block + i);
            sums[p] = fma<Real>(v, v, sums[p]);
        }
        const Vector<Real> sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
        Real square = 0;
        for (int lane = 0; lane < lanes<Real>; ++lane) square += sum[lane];
        *factor = square_root(square);
        if (square == 0) return;
        const Vector<Real> inverse = broadcast(1 / *factor);
        for (Index i = 0; i < rows; i += lanes<Real>) store<Real>(block + i, inverse * load<Real>(block + i));
        return;
    }
    const Index width = padded<Real>(columns);
    // The squares of the norms that count as lost; in the last row of the factor until that row is worked out.
    Real* const limits = factor + (width - 1) * stride;
    for (Index c = 0; c < width; c += lanes<Real>) {
        Vector<Real> sums[2] = {};
        for (Index i = 0; i < rows; ++i) {
            const Vector<Real> v = load<Real>(block + i * stride + c);
            sums[i % 2] = fma<Real>(v, v, sums[i % 2]);
        }
        store<Real>(limits + c, (sums[0] + sums[1]) * (lost * lost));
    }
    for (Index c = 0; c < width; c += lanes<Real>) {
        Real limit[lanes<Real>];
        std::memcpy(limit, limits + c, sizeof limit);
        Real* const here = factor + c * stride + c;
        const bool lost_digits =
            orthonormalise_panel<Real>(block + c, rows, stride, limit, least_kept / (lost * lost), here, stride);
        const Index next = c + lanes<Real>;
        if (next == width) break;
        if (lost_digits) orthonormalise_panel_again<Real>(block + c, rows, stride, here);
        project_out_panel<Real>(block + c, rows, stride, block + next, width - next, here + lanes<Real>);
    }
}

}  // namespace rnncore::RNNCORE_TARGET
