// Columns as values · 2^exponent: they neither overflow nor underflow.
#pragma once

#include "dense/packed_matrix.hpp"

namespace rnncore::RNNCORE_TARGET {

// Magnitudes within this and its inverse are left alone.
template <class Real>
inline constexpr Real window_high = sizeof(Real) == 4 ? Real(0x1p20) : Real(0x1p60);

// x = f 2^exponent_of(x) with f in [1/2, 1), for finite x > 0.
template <class Real>
inline int exponent_of(Real x) {
    int exponent = 0;
    if (x < Format<Real>::smallest_normal) {
        x *= Real(std::int64_t{1} << Format<Real>::fraction_bits);
        exponent = -Format<Real>::fraction_bits;
    }
    if constexpr (sizeof(Real) == 4) {
        std::uint32_t bits;
        std::memcpy(&bits, &x, sizeof bits);
        return exponent + static_cast<int>(bits >> 23) - 126;
    } else {
        std::uint64_t bits;
        std::memcpy(&bits, &x, sizeof bits);
        return exponent + static_cast<int>(bits >> 52) - 1022;
    }
}

// 2^exponent for |exponent| up to that of the largest number.
template <class Real>
inline Real two_to(int exponent) {
    Real power = 1, factor = exponent < 0 ? Real(0.5) : Real(2);
    for (int left = exponent < 0 ? -exponent : exponent; left > 0; left /= 2, factor *= factor)
        if (left % 2) power *= factor;
    return power;
}

// Bring a column with `largest` magnitude to [1/2, 1): multiply all its elements, `step` apart, and count.
template <class Real>
inline void rescale_column(Real* column, Index rows, Index step, Real largest, std::int64_t& exponent) {
    if (!(largest > 0) || !(largest < Format<Real>::infinity)) return;
    const int shift = exponent_of(largest);
    const Real half = two_to<Real>(-shift / 2), rest = two_to<Real>(-shift - -shift / 2);
    for (Index i = 0; i < rows; ++i) column[i * step] = column[i * step] * half * rest;
    exponent += shift;
}

// Bits of magnitudes, which order as these do: the larger ones.
template <class Real>
[[gnu::always_inline]] inline Integers<Real> larger(Integers<Real> a, Integers<Real> b) {
    return a > b ? a : b;
}

template <class Real>
[[gnu::always_inline]] inline bool any_lane(Integers<Real> mask) {
    std::uint64_t words[vector_bytes / 8];
    std::memcpy(words, &mask, sizeof words);
    std::uint64_t any = 0;
    for (std::uint64_t word : words) any |= word;
    return any != 0;
}

// The largest magnitude of each of V vectors of columns, as bits.
template <class Real, int V>
inline void largest_magnitudes(const Real* block, Index rows, Index stride, Integers<Real> (&largest)[V]) {
    Integers<Real> most[2][V] = {};
    Index i = 0;
    for (; i + 2 <= rows; i += 2)
#pragma GCC unroll 2
        for (Index r = 0; r < 2; ++r)
#pragma GCC unroll 4
            for (int v = 0; v < V; ++v)
                most[r][v] = larger<Real>(most[r][v],
                                          magnitude_bits<Real>(load<Real>(block + (i + r) * stride + v * lanes<Real>)));
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
        largest[v] = larger<Real>(most[0][v], most[1][v]);
        if (i < rows)
            largest[v] =
                larger<Real>(largest[v], magnitude_bits<Real>(load<Real>(block + i * stride + v * lanes<Real>)));
    }
}

template <class Real, int V>
inline void rescale_panel(Real* block, Index rows, Index columns, Index stride, std::int64_t* exponents, Real low,
                          Real high) {
    Integers<Real> largest[V], outside{};
    largest_magnitudes<Real, V>(block, rows, stride, largest);
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
        const Vector<Real> most = as_reals<Real>(largest[v]);
        outside |= ((most > Real(0)) & (most < low)) | (most >= high);
    }
    if (!any_lane<Real>(outside)) return;
    for (int v = 0; v < V; ++v)
        for (int lane = 0; lane < lanes<Real>; ++lane) {
            const Index column = v * lanes<Real> + lane;
            const Real most = as_reals<Real>(largest[v])[lane];
            if (column < columns && !(most >= low && most < high))
                rescale_column<Real>(block + column, rows, stride, most, exponents[column]);
        }
}

// Columns whose largest magnitude left the window come back into it; `all` brings every one to [1/2, 1).
template <class Real>
void rescale(Real* block, Index rows, Index columns, Index stride, std::int64_t* exponents, bool all) {
    const Real low = all ? Real(0.5) : 1 / window_high<Real>, high = all ? Real(1) : window_high<Real>;
    if (stride == 1) {
        Integers<Real> largest[1];
        largest_magnitudes<Real, 1>(block, padded<Real>(rows) / lanes<Real>, lanes<Real>, largest);
        Real most = 0;
        for (int lane = 0; lane < lanes<Real>; ++lane) {
            const Real magnitude = as_reals<Real>(largest[0])[lane];
            if (!(magnitude <= most)) most = magnitude;
        }
        if (!(most >= low && most < high)) rescale_column<Real>(block, rows, 1, most, *exponents);
        return;
    }
    Index vectors = padded<Real>(columns) / lanes<Real>, column = 0;
    for (; vectors >= 4; vectors -= 4, column += 4 * lanes<Real>)
        rescale_panel<Real, 4>(block + column, rows, columns - column, stride, exponents + column, low, high);
    for (; vectors >= 2; vectors -= 2, column += 2 * lanes<Real>)
        rescale_panel<Real, 2>(block + column, rows, columns - column, stride, exponents + column, low, high);
    if (vectors) rescale_panel<Real, 1>(block + column, rows, columns - column, stride, exponents + column, low, high);
}

// Σ v² of every column; the window keeps it from overflow and underflow.
template <class Real>
void column_squares(const Real* block, Index rows, Index columns, Index stride, double* squares) {
    const Index width = stride == 1 ? 1 : columns, step = stride == 1 ? lanes<Real> : stride;
    for (Index c = 0; c < width; c += lanes<Real>) {
        Vector<Real> sums[4] = {};
        for (Index i = 0, p = 0; i * (stride == 1 ? lanes<Real> : 1) < rows; ++i, p = (p + 1) % 4) {
            const Vector<Real> v = load<Real>(block + i * step + c);
            sums[p] = fma<Real>(v, v, sums[p]);
        }
        const Vector<Real> sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
        if (stride != 1) {
            for (int lane = 0; lane < lanes<Real> && c + lane < columns; ++lane) squares[c + lane] = sum[lane];
            continue;
        }
        *squares = 0;
        for (int lane = 0; lane < lanes<Real>; ++lane) *squares += sum[lane];
    }
}

// Σ v² of every column for each group of rows, squares · 4^shift: (groups, columns). Each has a scale of its own, as
// little of a column may lie in a group.
template <class Real>
void group_squares(const Real* block, Index rows, Index columns, Index stride, const std::int32_t* labels, Index groups,
                   double* squares, std::int64_t* shifts) {
    for (Index group = 0; group < groups; ++group)
        for (Index c = 0; c < columns; ++c, ++squares, ++shifts) {
            Real largest = 0;
            for (Index i = 0; i < rows; ++i) {
                const Real v = block[i * stride + c], magnitude = v < 0 ? -v : v;
                if (labels[i] == group && !(magnitude <= largest)) largest = magnitude;
            }
            *shifts = largest > 0 && largest < Format<Real>::infinity ? exponent_of(largest) : 0;
            const int half = static_cast<int>(-*shifts / 2);
            const double scale = two_to<double>(half), rest = two_to<double>(static_cast<int>(-*shifts) - half);
            double sums[4] = {};
            for (Index i = 0; i < rows; ++i) {
                const double v = labels[i] == group ? static_cast<double>(block[i * stride + c]) * scale * rest : 0;
                sums[i % 4] += v * v;
            }
            *squares = (sums[0] + sums[1]) + (sums[2] + sums[3]);
        }
}

}  // namespace rnncore::RNNCORE_TARGET
