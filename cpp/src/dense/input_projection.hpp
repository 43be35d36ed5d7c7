// The part of a layer that sees no state: bias + W x_t for a whole chunk of steps, as one matrix product.
#pragma once

#include "dense/multiply.hpp"
#include "tuning.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
[[gnu::always_inline]] inline void prefetch_for_writing(const Real* row, Index size) {
    for (Index i = 0; i < size; i += 64 / static_cast<Index>(sizeof(Real))) __builtin_prefetch(row + i, 1);
}

template <class Real>
struct InputProjection {
    Index size = 0;
    PackedMatrix<Real> weight;  // no columns: the layer takes no input
    Real* bias = nullptr;       // padded with zeros

    bool create(const Real* weight_ih, const Real* offset, Index rows, Index input_size) {
        size = rows;
        return copy_padded(offset, rows, bias) &&
               pack<Real>(weight, weight_ih, rows, weight_ih ? input_size : 0, 1, batch_tile_vectors);
    }

    void destroy() {
        std::free(bias);
        std::free(weight.data);
    }

    // Rows of the result are padded: whole vectors, `width` rows `sequence` apart, steps `step` apart.
    void project(const Real* inputs, Index input_step, Index input_sequence, Real* rows, Index step, Index sequence,
                 Index steps, Index width) const {
        const bool driven = inputs && weight.columns > 0;
        const Index weight_bytes = sizeof(Real) * weight.vectors * lanes<Real> * weight.columns;
        // Weights that stay in the nearest cache: a few rows after each other, and where the next chunk's rows will be
        // written is fetched meanwhile, as a trajectory leaves the caches.
        const Index together =
            driven && width == 1 && weight_bytes <= tuning::near_weight_bytes ? most_columns(1) : steps;
        for (Index t = 0; t < steps; t += together) {
            const Index count = steps - t < together ? steps - t : together;
            Columns<Real> row(rows + t * step, step, sequence, width);
            for (Index i = 0; i < count * width; ++i) {
                Real* const to = row.next();
                std::memcpy(to, bias, sizeof(Real) * padded<Real>(size));
                if (together < steps) prefetch_for_writing(to + steps * step, size);
            }
            for (Index tile = 0; driven && tile < weight.tiles; ++tile)
                add_tile_product<Real>(weight, tile, count * width,
                                       {inputs + t * input_step, input_step, input_sequence, width},
                                       {rows + t * step, step, sequence, width});
        }
    }
};

}  // namespace rnncore::RNNCORE_TARGET
