// A sparse matrix times a vector, added to what stands in the result: entries of a row in the order of their columns.
#pragma once

#include <cstdlib>

#include "dense/packed_matrix.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct SparseMatrix {
    Index rows = 0;
    std::int64_t* starts = nullptr;
    std::int32_t* columns = nullptr;
    Real* values = nullptr;

    bool create(const SparseRows<Real>& from, Index size) {
        rows = size;
        const std::size_t entries = static_cast<std::size_t>(from.row_starts[size]);
        starts = static_cast<std::int64_t*>(allocate(sizeof(std::int64_t) * (size + 1)));
        columns = static_cast<std::int32_t*>(allocate(sizeof(std::int32_t) * entries));
        values = static_cast<Real*>(allocate(sizeof(Real) * entries));
        if (!starts || !columns || !values) return false;
        std::memcpy(starts, from.row_starts, sizeof(std::int64_t) * (size + 1));
        if (entries) std::memcpy(columns, from.columns, sizeof(std::int32_t) * entries);
        if (entries) std::memcpy(values, from.values, sizeof(Real) * entries);
        return true;
    }

    void destroy() {
        std::free(starts);
        std::free(columns);
        std::free(values);
    }

    void add_product(const Real* __restrict vector, Real* __restrict sum) const {
        for (Index i = 0; i < rows; ++i) {
            Real total = sum[i];
            for (std::int64_t e = starts[i]; e < starts[i + 1]; ++e)
                total = scalar_fma(values[e], vector[columns[e]], total);
            sum[i] = total;
        }
    }
};

}  // namespace rnncore::RNNCORE_TARGET
