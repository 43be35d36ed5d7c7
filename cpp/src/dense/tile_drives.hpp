// The drive bias + W x_t of one tile of units, handed on in registers: for cells whose units go each by itself.
#pragma once

#include "dense/input_projection.hpp"

namespace rnncore::RNNCORE_TARGET {

template <int V, class Real>
[[gnu::always_inline]] inline void load_vectors(const Real* from, Vector<Real>* vectors) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) vectors[v] = load<Real>(from + v * lanes<Real>);
}

template <int V, class Real>
[[gnu::always_inline]] inline void store_vectors(Real* to, const Vector<Real>* vectors) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) store<Real>(to + v * lanes<Real>, vectors[v]);
}

template <int count>
struct TileVectors {
    static constexpr int value = count;
};

// use(TileVectors<V>{}, tile) for each tile of rows of the matrix.
template <class Real, class Use>
inline void for_each_tile(const PackedMatrix<Real>& matrix, const Use& use) {
    for (Index tile = 0; tile < matrix.tiles; ++tile) {
        const int vectors = matrix.tile_vectors(tile);
        if (vectors == 1) use(TileVectors<1>{}, tile);
        if (vectors == 2) use(TileVectors<2>{}, tile);
        if constexpr (batch_tile_vectors >= 4) {
            if (vectors == 3) use(TileVectors<3>{}, tile);
            if (vectors == 4) use(TileVectors<4>{}, tile);
        }
    }
}

// M steps at a time, the rest in fewer: what is added, and in which order, is the same.
template <class Real, int V, int M, class Use>
[[gnu::always_inline]] inline void tile_drives(const Real* weights, Index columns, const Real* bias, const Real* inputs,
                                               Index input_step, Index done, Index steps, const Use& use) {
    for (; done + M <= steps; done += M) {
        Vector<Real> z[M][V];
        const Real* x[M];
#pragma GCC unroll 8
        for (int m = 0; m < M; ++m) {
            x[m] = inputs + (done + m) * input_step;
            load_vectors<V>(bias, z[m]);
        }
        add_products<Real, V, M, 1>(weights, columns, x, z);
#pragma GCC unroll 8
        for (int m = 0; m < M; ++m) use(done + m, z[m]);
    }
    if constexpr (M > 1) tile_drives<Real, V, M / 2>(weights, columns, bias, inputs, input_step, done, steps, use);
}

// use(t, z) for the steps t = 0, 1, … of one sequence: z[v] is the drive of the tile's vector v, the bias where there
// are no inputs.
template <int V, class Real, class Use>
[[gnu::always_inline]] inline void for_each_drive(const InputProjection<Real>& input, Index tile, const Real* inputs,
                                                  Index input_step, Index steps, const Use& use) {
    constexpr int together = V == 1 ? 8 : 4;  // sums enough to hide the latency of the additions
    const PackedMatrix<Real>& weight = input.weight;
    tile_drives<Real, V, together>(weight.tile_data(tile), inputs ? weight.columns : 0,
                                   input.bias + weight.tile_start(tile) * lanes<Real>, inputs, inputs ? input_step : 0,
                                   0, steps, use);
}

}  // namespace rnncore::RNNCORE_TARGET
