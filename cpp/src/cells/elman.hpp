// h_t = (1 - a) h_{t-1} + a φ(W_hh h_{t-1} + W_ih x_t + b)
//
// The linear recursion is the same with φ = identity and a = 1.
#pragma once

#include "cells/activation.hpp"
#include "dense/input_projection.hpp"
#include "dense/sparse_matrix.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct DenseRecurrence {
    PackedMatrix<Real> weight;

    bool create(const Elman<Real>& elman, bool batched) {
        return pack<Real>(weight, elman.weight_hh, elman.size, elman.size, partial_sums<Real>(elman.size),
                          batched ? batch_tile_vectors : single_tile_vectors);
    }
    void destroy() { std::free(weight.data); }

    // The tiles are walked to and fro, so that those used last in one step, still in the nearest cache, come first in
    // the next.
    template <class Finish>
    void add_product(Index number, Columns<const Real> previous, Columns<Real> rows, Index width,
                     Finish finish) const {
        for (Index i = 0; i < weight.tiles; ++i) {
            const Index tile = number % 2 ? i : weight.tiles - 1 - i;
            add_tile_product<Real>(weight, tile, width, previous, rows);
            finish(weight.tile_start(tile) * lanes<Real>, weight.tile_vectors(tile));
        }
    }
};

template <class Real>
struct SparseRecurrence {
    SparseMatrix<Real> weight;

    bool create(const Elman<Real>& elman, bool) { return weight.create(*elman.sparse_hh, elman.size); }
    void destroy() { weight.destroy(); }

    template <class Finish>
    void add_product(Index, Columns<const Real> previous, Columns<Real> rows, Index width, Finish finish) const {
        for (Index b = 0; b < width; ++b) weight.add_product(previous.next(), rows.next());
        finish(0, padded<Real>(weight.rows) / lanes<Real>);
    }
};

template <class Real, class Recurrence>
struct ElmanCell {
    static constexpr bool has_state = true;
    using Parameters = Elman<Real>;

    Index size = 0, input_size = 0;
    InputProjection<Real> input;
    Recurrence recurrence;
    Activation<Real> activation = nullptr;
    Real leak = 1;

    bool create(const Elman<Real>& elman, bool batched) {
        size = elman.size;
        input_size = elman.weight_ih ? elman.input_size : 0;
        leak = elman.leak;
        activation = choose_activation<Real>(elman.nonlinearity, leak != 1);
        return input.create(elman.weight_ih, elman.bias, size, input_size) && recurrence.create(elman, batched);
    }

    void destroy() {
        input.destroy();
        recurrence.destroy();
    }

    // From z_t = W_ih x_t + b, which stands in `rows`, and h_{t-1} to h_t, in place; rows `stride` apart.
    void step(Index number, const Real* previous, Index previous_stride, Real* rows, Index stride, Index width) const {
        recurrence.add_product(
            number, {previous, 0, previous_stride, width}, {rows, 0, stride, width}, width,
            [&](Index first, Index vectors) {
                if (!activation) return;
                for (Index b = 0; b < width; ++b)
                    activation(leak, previous + b * previous_stride + first, rows + b * stride + first, vectors);
            });
    }
};

}  // namespace rnncore::RNNCORE_TARGET
