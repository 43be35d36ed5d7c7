// One sequence's recurrence with a dense matrix: product and nonlinearity without leaving the registers.
//
// The same sums in the same order as dense/multiply.hpp, for one tile of rows at a time. Where one tile holds all rows,
// whole stretches of steps run without a call.
#pragma once

#include "cells/activation.hpp"
#include "cells/gathering.hpp"
#include "dense/multiply.hpp"
#include "rnncore/layout.hpp"
#include "walks/simulate.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct RecurrenceTile {
    const Real* weights;
    Index columns;
    Index offset;  // of the tile's first row
    Real leak;
};

// rows: z_t without its recurrent part, to become h_t; previous: h_{t-1}, all rows of it; steps `step` apart. drives
// receives z_t, `padded_size` apart, where it is not null.
template <class Real>
using TileRecurrence = void (*)(const RecurrenceTile<Real>& tile, const Real* previous, Real* rows, Index step,
                                Index steps, Real* drives, Index padded_size);

template <class Real, int V, int P, template <class> class Phi>
void recur(const RecurrenceTile<Real>& tile, const Real* previous, Real* rows, Index step, Index steps, Real* drives,
           Index padded_size) {
    const Vector<Real> leak = broadcast<Real>(tile.leak), rest = broadcast<Real>(1 - tile.leak);
    for (Index t = 0; t < steps; ++t) {
        Vector<Real> sums[1][V];
        const Real* const vectors[1] = {previous};
        Real* const row = rows + tile.offset;
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) sums[0][v] = load<Real>(row + v * lanes<Real>);
        add_products<Real, V, 1, P>(tile.weights, tile.columns, vectors, sums);
        if (drives) {
#pragma GCC unroll 8
            for (int v = 0; v < V; ++v) store<Real>(drives + tile.offset + v * lanes<Real>, sums[0][v]);
            drives += padded_size;
        }
        if (tile.leak == 1) {
#pragma GCC unroll 8
            for (int v = 0; v < V; ++v) store<Real>(row + v * lanes<Real>, Phi<Real>::value(sums[0][v]));
        } else {
#pragma GCC unroll 8
            for (int v = 0; v < V; ++v) {
                const Vector<Real> kept = rest * load<Real>(previous + tile.offset + v * lanes<Real>);
                store<Real>(row + v * lanes<Real>, fma<Real>(leak, Phi<Real>::value(sums[0][v]), kept));
            }
        }
        previous = rows;
        rows += step;
    }
}

template <class Real, template <class> class Phi>
inline TileRecurrence<Real> choose_recurrence(int tile_vectors, int partials) {
    switch (tile_vectors) {
        case 1:
            return recur<Real, 1, 4, Phi>;
        case 2:
            return recur<Real, 2, 4, Phi>;
        case 3:
            return recur<Real, 3, 2, Phi>;
        case 4:
            return partials == 2 ? recur<Real, 4, 2, Phi> : recur<Real, 4, 1, Phi>;
        case 5:
            return partials == 2 ? recur<Real, 5, 2, Phi> : recur<Real, 5, 1, Phi>;
        case 6:
            return recur<Real, 6, 1, Phi>;
        case 7:
            return recur<Real, 7, 1, Phi>;
        default:
            return recur<Real, 8, 1, Phi>;
    }
}

template <class Real>
inline TileRecurrence<Real> choose_recurrence(Nonlinearity nonlinearity, int tile_vectors, int partials) {
    switch (nonlinearity) {
        case Nonlinearity::tanh:
            return choose_recurrence<Real, Tanh>(tile_vectors, partials);
        case Nonlinearity::relu:
            return choose_recurrence<Real, Relu>(tile_vectors, partials);
        case Nonlinearity::sigmoid:
            return choose_recurrence<Real, Sigmoid>(tile_vectors, partials);
        case Nonlinearity::elu:
            return choose_recurrence<Real, Elu>(tile_vectors, partials);
        case Nonlinearity::softplus:
            return choose_recurrence<Real, Softplus>(tile_vectors, partials);
        case Nonlinearity::identity:
            break;
    }
    return choose_recurrence<Real, Identity>(tile_vectors, partials);
}

template <class Real>
struct SingleRecurrence {
    PackedMatrix<Real> weight, transposed;               // the latter for walks backward
    TileRecurrence<Real> tall = nullptr, low = nullptr;  // tiles differ by one vector of rows at most
    Real leak = 1;

    bool create(const Elman<Real>& elman, Layout layout) {
        leak = elman.leak;
        if (goes_back(layout) &&
            !pack_transposed<Real>(transposed, elman.weight_hh, elman.size, elman.size, single_tile_vectors))
            return false;
        if (!pack<Real>(weight, elman.weight_hh, elman.size, elman.size, partial_sums<Real>(elman.size),
                        single_tile_vectors))
            return false;
        tall = choose_recurrence<Real>(elman.nonlinearity, weight.tile_vectors(0), weight.partials);
        low = choose_recurrence<Real>(elman.nonlinearity, weight.tile_vectors(weight.tiles - 1), weight.partials);
        return true;
    }

    void destroy() {
        std::free(weight.data);
        std::free(transposed.data);
    }

    Index gradient_scratch() const { return 0; }

    void gather(const GradientRows<Real>& rows, double* to) const {
        gather_matrix(rows, 0, weight.rows, before_of(rows), weight.rows, to);
    }

    RecurrenceTile<Real> tile(Index i) const {
        return {weight.tile_data(i), weight.columns, weight.tile_start(i) * lanes<Real>, leak};
    }

    void advance(Index start, const Real* before, Index before_sequence, Real* rows, Index step, Index sequence,
                 Index steps, Index width, const SlopeRows<Real>& slopes) const {
        const Index padded_size = weight.vectors * lanes<Real>;
        for (Index b = 0; b < width; ++b) {
            Real* const drives = slopes_of(slopes, b);
            const Real* previous = before + b * before_sequence;
            Real* row = rows + b * sequence;
            if (weight.tiles == 1) {
                tall(tile(0), previous, row, step, steps, drives, padded_size);
                continue;
            }
            for (Index t = 0; t < steps; ++t) {
                // To and fro, so that the tiles used last in one step, still in the nearest cache, come first next.
                for (Index i = 0; i < weight.tiles; ++i) {
                    const Index at = (start + t) % 2 ? i : weight.tiles - 1 - i;
                    (at < weight.tall_tiles ? tall : low)(tile(at), previous, row, 0, 1,
                                                          drives ? drives + t * padded_size : nullptr, 0);
                }
                previous = row;
                row += step;
            }
        }
    }
};

}  // namespace rnncore::RNNCORE_TARGET
