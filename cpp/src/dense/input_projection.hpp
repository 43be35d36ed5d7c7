// The part of a layer that sees no state: bias + W x_t for a whole chunk of steps, as one matrix product.
#pragma once

#include "dense/multiply.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct InputProjection {
    Index size = 0;
    PackedMatrix<Real> weight;  // no columns: the layer takes no input
    Real* bias = nullptr;       // padded with zeros

    bool create(const Real* weight_ih, const Real* offset, Index rows, Index input_size) {
        size = rows;
        bias = static_cast<Real*>(allocate(sizeof(Real) * padded<Real>(rows)));
        if (!bias) return false;
        for (Index i = 0; i < padded<Real>(rows); ++i) bias[i] = offset && i < rows ? offset[i] : Real(0);
        return pack<Real>(weight, weight_ih, rows, weight_ih ? input_size : 0, 1, batch_tile_vectors);
    }

    void destroy() {
        std::free(bias);
        std::free(weight.data);
    }

    // Rows of the result are padded: whole vectors, `width` rows `sequence` apart, steps `step` apart.
    void project(const Real* inputs, Index input_step, Index input_sequence, Real* rows, Index step, Index sequence,
                 Index steps, Index width) const {
        Columns<Real> row(rows, step, sequence, width);
        for (Index i = 0; i < steps * width; ++i) std::memcpy(row.next(), bias, sizeof(Real) * padded<Real>(size));
        if (!inputs || weight.columns == 0) return;
        for (Index tile = 0; tile < weight.tiles; ++tile)
            add_tile_product<Real>(weight, tile, steps * width, {inputs, input_step, input_sequence, width},
                                   {rows, step, sequence, width});
    }
};

}  // namespace rnncore::RNNCORE_TARGET
