// Sums of outer products where a sparse matrix has entries.
#pragma once

#include "dense/row_sums.hpp"
#include "rnncore/network.hpp"

namespace rnncore::RNNCORE_TARGET {

// Where the entries are, in the caller's order.
struct SparsePattern {
    Index rows = 0;
    std::int64_t* row_starts = nullptr;
    std::int32_t* columns = nullptr;

    template <class Real>
    bool create(const SparseRows<Real>& from, Index size) {
        rows = size;
        const std::size_t entries = static_cast<std::size_t>(from.row_starts[size]);
        row_starts = static_cast<std::int64_t*>(allocate(sizeof(std::int64_t) * (size + 1)));
        columns = static_cast<std::int32_t*>(allocate(sizeof(std::int32_t) * entries));
        if (!row_starts || !columns) return false;
        std::memcpy(row_starts, from.row_starts, sizeof(std::int64_t) * (size + 1));
        if (entries) std::memcpy(columns, from.columns, sizeof(std::int32_t) * entries);
        return true;
    }

    void destroy() {
        std::free(row_starts);
        std::free(columns);
    }
};

// to[i][k] = rows_k[i], gradient_block apart, zeros behind the last.
template <class Real>
inline void transpose_rows(Rows<Real> rows, Index size, Index count, Real* to) {
    constexpr Index tile = 16;
    const Index whole = (count + lanes<Real> - 1) / lanes<Real> * lanes<Real>;
    for (Index first = 0; first < size; first += tile) {
        const Index last = first + tile < size ? first + tile : size;
        for (Index k = 0; k < count; ++k)
            for (Index i = first; i < last; ++i) to[i * gradient_block + k] = rows.data[k * rows.step + i];
        for (Index i = first; i < last; ++i)
            for (Index k = count; k < whole; ++k) to[i * gradient_block + k] = 0;
    }
}

// The entries of rows first … last - 1 of Σ_k left_k right_kᵀ; at most gradient_block terms. scratch: 2 gradient_block
// elements for each row of the matrix.
template <class Real>
void add_sparse_outer_products(const SparsePattern& pattern, Rows<Real> left, Rows<Real> right, Index count,
                               Index first, Index last, Real* scratch, double* to) {
    Real *const by_row = scratch, *const by_column = scratch + pattern.rows * gradient_block;
    transpose_rows<Real>(left, pattern.rows, count, by_row);
    transpose_rows<Real>(right, pattern.rows, count, by_column);
    for (Index i = first; i < last; ++i) {
        const Real* const a = by_row + i * gradient_block;
        for (std::int64_t e = pattern.row_starts[i]; e < pattern.row_starts[i + 1]; ++e) {
            const Real* const b = by_column + pattern.columns[e] * gradient_block;
            Vector<Real> sums[2] = {};
            Index k = 0;
            for (; k + lanes<Real> < count; k += 2 * lanes<Real>)
#pragma GCC unroll 2
                for (int p = 0; p < 2; ++p)
                    sums[p] =
                        fma<Real>(load<Real>(a + k + p * lanes<Real>), load<Real>(b + k + p * lanes<Real>), sums[p]);
            if (k < count) sums[0] = fma<Real>(load<Real>(a + k), load<Real>(b + k), sums[0]);
            const Vector<Real> sum = sums[0] + sums[1];
            Real total = sum[0];
            for (int lane = 1; lane < lanes<Real>; ++lane) total += sum[lane];
            to[e] += total;
        }
    }
}

}  // namespace rnncore::RNNCORE_TARGET
