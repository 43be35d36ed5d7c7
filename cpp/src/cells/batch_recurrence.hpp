// A recurrence with a dense matrix, tile by tile: each tile of the weights serves all sequences of a batch while it is in
// cache, and z_t is there to be linearised.
#pragma once

#include "cells/activation.hpp"
#include "dense/multiply.hpp"
#include "rnncore/layout.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct BatchRecurrence {
    static constexpr bool has_jacobian = true;

    PackedMatrix<Real> weight, transposed;  // the latter for walks backward
    Activation<Real> activation = nullptr;
    Linearisation<Real> linearisation = nullptr;
    Real leak = 1;

    bool create(const Elman<Real>& elman, Layout layout) {
        leak = elman.leak;
        activation = choose_activation<Real>(elman.nonlinearity, leak != 1);
        linearisation = choose_linearisation<Real>(elman.nonlinearity);
        if (layout == Layout::adjoint &&
            !pack_transposed<Real>(transposed, elman.weight_hh, elman.size, elman.size, single_tile_vectors))
            return false;
        return pack<Real>(weight, elman.weight_hh, elman.size, elman.size, partial_sums<Real>(elman.size),
                          layout == Layout::batch ? batch_tile_vectors : single_tile_vectors);
    }

    void destroy() {
        std::free(weight.data);
        std::free(transposed.data);
    }

    void advance(Index start, const Real* before, Index before_sequence, Real* rows, Index step, Index sequence,
                 Index steps, Index width, Real* slopes) const {
        const Real* previous = before;
        Index previous_sequence = before_sequence;
        for (Index t = 0; t < steps; ++t, rows += step) {
            // To and fro, so that the tiles used last in one step, still in the nearest cache, come first next.
            for (Index i = 0; i < weight.tiles; ++i) {
                const Index tile = (start + t) % 2 ? i : weight.tiles - 1 - i;
                add_tile_product<Real>(weight, tile, width, {previous, 0, previous_sequence, width},
                                       {rows, 0, sequence, width});
                const Index first = weight.tile_start(tile) * lanes<Real>;
                if (slopes)
                    linearisation(leak, rows + first, slopes + t * weight.vectors * lanes<Real> + first,
                                  weight.tile_vectors(tile));
                if (!activation) continue;
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
