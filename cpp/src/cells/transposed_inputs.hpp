// The way back to a layer's inputs: Wᵀ times the cotangents of z, for walks backward.
#pragma once

#include "dense/block_product.hpp"
#include "walks/gradient_rows.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct TransposedInputs {
    PackedMatrix<Real> weight, of_rows;  // for a block; for many vectors

    bool create(const Real* weight_ih, Index rows, Index input_size) {
        if (!weight_ih) input_size = 0;
        return pack_transposed<Real>(weight, weight_ih, rows, input_size, single_tile_vectors) &&
               pack<Real>(of_rows, weight_ih, 1, input_size, input_size, rows, 1, batch_tile_vectors);
    }

    void destroy() {
        std::free(weight.data);
        std::free(of_rows.data);
    }

    void multiply(const Real* cotangents, const BlockShape& shape, Real* result) const {
        multiply_block<Real>(weight, cotangents, shape, {}, result);
    }

    // Of the cotangents from `first` on in each row.
    void multiply_rows(const DeltaRows<Real>& rows, Index first) const {
        multiply_block<Real>(of_rows, rows.deltas + first, {1, 1, rows.count, rows.step}, {}, rows.below);
    }
};

}  // namespace rnncore::RNNCORE_TARGET
