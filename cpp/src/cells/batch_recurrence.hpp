// A batch's recurrence with a dense matrix: each tile of the weights serves all sequences while it is in cache.
#pragma once

#include "cells/activation.hpp"
#include "dense/multiply.hpp"
#include "rnncore/layout.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct BatchRecurrence {
    static constexpr bool has_jacobian = false;

    PackedMatrix<Real> weight;
    Activation<Real> activation = nullptr;
    Real leak = 1;

    bool create(const Elman<Real>& elman, Layout) {
        leak = elman.leak;
        activation = choose_activation<Real>(elman.nonlinearity, leak != 1);
        return pack<Real>(weight, elman.weight_hh, elman.size, elman.size, partial_sums<Real>(elman.size),
                          batch_tile_vectors);
    }

    void destroy() { std::free(weight.data); }

    void advance(Index start, const Real* before, Index before_sequence, Real* rows, Index step, Index sequence,
                 Index steps, Index width, Real*) const {
        const Real* previous = before;
        Index previous_sequence = before_sequence;
        for (Index t = 0; t < steps; ++t, rows += step) {
            // To and fro, so that the tiles used last in one step, still in the nearest cache, come first next.
            for (Index i = 0; i < weight.tiles; ++i) {
                const Index tile = (start + t) % 2 ? i : weight.tiles - 1 - i;
                add_tile_product<Real>(weight, tile, width, {previous, 0, previous_sequence, width},
                                       {rows, 0, sequence, width});
                if (!activation) continue;
                const Index first = weight.tile_start(tile) * lanes<Real>;
                for (Index b = 0; b < width; ++b)
                    activation(leak, previous + b * previous_sequence + first, rows + b * sequence + first,
                               weight.tile_vectors(tile));
            }
            previous = rows;
            previous_sequence = sequence;
        }
    }
};

}  // namespace rnncore::RNNCORE_TARGET
