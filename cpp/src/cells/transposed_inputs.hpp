// The way back to a layer's inputs: Wᵀ times the cotangents of z, for walks backward.
#pragma once

#include "dense/block_product.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct TransposedInputs {
    PackedMatrix<Real> weight;

    bool create(const Real* weight_ih, Index rows, Index input_size) {
        return pack_transposed<Real>(weight, weight_ih, rows, weight_ih ? input_size : 0, single_tile_vectors);
    }

    void destroy() { std::free(weight.data); }

    void multiply(const Real* cotangents, Index columns, Index stride, Real* result) const {
        multiply_block<Real>(weight, cotangents, columns, stride, {}, result);
    }
};

}  // namespace rnncore::RNNCORE_TARGET
