// A batch's recurrence with a dense matrix: each tile of the weights serves all sequences while it is in cache.
#pragma once

#include "cells/activation.hpp"
#include "cells/gathering.hpp"
#include "dense/multiply.hpp"
#include "rnncore/layout.hpp"
#include "walks/simulate.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct BatchRecurrence {
    PackedMatrix<Real> weight, transposed;  // the latter for walks backward
    Activation<Real> activation = nullptr;
    Real leak = 1;

    bool create(const Elman<Real>& elman, Layout layout) {
        leak = elman.leak;
        if (goes_back(layout) &&
            !pack_transposed<Real>(transposed, elman.weight_hh, elman.size, elman.size, batch_tile_vectors))
            return false;
        activation = choose_activation<Real>(elman.nonlinearity, leak != 1);
        return pack<Real>(weight, elman.weight_hh, elman.size, elman.size, partial_sums<Real>(elman.size),
                          batch_tile_vectors);
    }

    void destroy() {
        std::free(weight.data);
        std::free(transposed.data);
    }

    Index gradient_scratch() const { return 0; }

    void gather(const GradientRows<Real>& rows, double* to) const {
        gather_matrix(rows, 0, weight.rows, before_of(rows), weight.rows, to);
    }

    void advance(Index start, const Real* before, Index before_sequence, Real* rows, Index step, Index sequence,
                 Index steps, Index width, const SlopeRows<Real>& slopes) const {
        const Index padded_size = weight.vectors * lanes<Real>;
        const Real* previous = before;
        Index previous_sequence = before_sequence;
        for (Index t = 0; t < steps; ++t, rows += step) {
            // To and fro, so that the tiles used last in one step, still in the nearest cache, come first next.
            for (Index i = 0; i < weight.tiles; ++i) {
                const Index tile = (start + t) % 2 ? i : weight.tiles - 1 - i;
                add_tile_product<Real>(weight, tile, width, {previous, 0, previous_sequence, width},
                                       {rows, 0, sequence, width});
                const Index first = weight.tile_start(tile) * lanes<Real>;
                const int vectors = weight.tile_vectors(tile);
                for (Index b = 0; b < width; ++b) {
                    Real* const row = rows + b * sequence + first;
                    if (slopes.first)
                        std::memcpy(slopes_of(slopes, b) + t * padded_size + first, row,
                                    sizeof(Real) * vectors * lanes<Real>);
                    if (activation) activation(leak, previous + b * previous_sequence + first, row, vectors);
                }
            }
            previous = rows;
            previous_sequence = sequence;
        }
    }
};

}  // namespace rnncore::RNNCORE_TARGET
