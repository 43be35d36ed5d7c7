// Rows of several gates times a block of columns (dense/block_product.hpp), what comes of each unit's gates handed on
// while it is in registers.
#pragma once

#include "dense/block_product.hpp"
#include "dense/gate_rows.hpp"

namespace rnncore::RNNCORE_TARGET {

// Units of a block from row to row, one vector of columns at a time.
template <class Real>
struct BlockRows {
    Index stride, column;
    // That of a vector of units as broadcast to the columns.
    [[gnu::always_inline]] Vector<Real> slope(const Real* slopes, Index unit) const { return broadcast(slopes[unit]); }
    [[gnu::always_inline]] Vector<Real> get(const Real* block, Index row) const {
        return load<Real>(block + row * stride + column);
    }
    // Of real and imaginary parts in turn: the other one.
    [[gnu::always_inline]] Vector<Real> partner(const Real* block, Index row) const { return get(block, row ^ 1); }
    [[gnu::always_inline]] void put(Real* block, Index row, Index, Vector<Real> value) const {
        store<Real>(block + row * stride + column, value);
    }
};

// A single column: units lie side by side.
template <class Real>
struct SingleColumn {
    Index first = 0, first_slope = 0;  // of its sequence
    [[gnu::always_inline]] Vector<Real> slope(const Real* slopes, Index unit) const {
        return load<Real>(slopes + first_slope + unit);
    }
    [[gnu::always_inline]] Vector<Real> get(const Real* block, Index row) const {
        return load<Real>(block + first + row);
    }
    [[gnu::always_inline]] Vector<Real> partner(const Real* block, Index row) const {
        return exchange_pairs<Real>(get(block, row));
    }
    // Only `count` units: what follows may belong to another part of the state.
    [[gnu::always_inline]] void put(Real* block, Index row, Index count, Vector<Real> value) const {
        if (count >= lanes<Real>) return store<Real>(block + first + row, value);
        std::memcpy(block + first + row, &value, sizeof(Real) * count);
    }
};

// visit(rows, unit, how many units from there on) for all units of a block.
template <class Real, class Visit>
[[gnu::always_inline]] inline void for_each_unit(Index units, const BlockShape& shape, const Visit& visit) {
    if (shape.stride == 1) {
        for (Index b = 0; b < shape.sequences; ++b) {
            const SingleColumn<Real> column{b * shape.sequence, b * shape.slopes_sequence};
            for (Index u = 0; u < units; u += lanes<Real>) visit(column, u, units - u);
        }
        return;
    }
    for (Index u = 0; u < units; ++u)
        for (Index c = 0; c < shape.columns; c += lanes<Real>) visit(BlockRows<Real>{shape.stride, c}, u, Index(1));
}

template <class Real, int G, int R, int C, class Finish>
[[gnu::always_inline]] inline void multiply_gate_tile(const Real* a, Index columns, Index height, const Real* block,
                                                      Index column, Index stride, Index unit, const Finish& finish) {
    Vector<Real> sums[R * C][G] = {};
    const Real* b = block + column;
    for (Index k = 0; k < columns; ++k, a += height, b += stride) {
        Vector<Real> x[C];
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) x[c] = load<Real>(b + c * lanes<Real>);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
            for (int g = 0; g < G; ++g) {
                const Vector<Real> w = broadcast<Real>(a[g * lanes<Real> + r]);
#pragma GCC unroll 8
                for (int c = 0; c < C; ++c) sums[r * C + c][g] = fma<Real>(w, x[c], sums[r * C + c][g]);
            }
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c)
            finish(BlockRows<Real>{stride, column + c * lanes<Real>}, unit + r, Index(1), sums[r * C + c]);
}

// Two units at a time with two vectors of columns where the registers hold that, one unit where they do not.
template <class Real, int G, int C, class Finish>
inline void multiply_gate_panel(const PackedMatrix<Real>& matrix, Index units, const Real* block, Index column,
                                Index stride, const Finish& finish) {
    constexpr int R = vector_registers == 32 ? 2 : 1;
    for (Index tile = 0; tile < matrix.tiles; ++tile) {
        const Index height = matrix.tile_vectors(tile) * lanes<Real>, start = matrix.tile_start(tile) / G;
        for (Index v = 0; v < matrix.tile_vectors(tile) / G; ++v) {
            const Real* const a = matrix.tile_data(tile) + v * G * lanes<Real>;
            const Index first = (start + v) * lanes<Real>;
            const Index count = units - first < lanes<Real> ? units - first : lanes<Real>;
            Index u = 0;
            for (; u + R <= count; u += R)
                multiply_gate_tile<Real, G, R, C>(a + u, matrix.columns, height, block, column, stride, first + u,
                                                  finish);
            for (; u < count; ++u)
                multiply_gate_tile<Real, G, 1, C>(a + u, matrix.columns, height, block, column, stride, first + u,
                                                  finish);
        }
    }
}

// finish(rows, unit, how many units from there on, sums of the gates). sums: work memory for a single column (of one
// sequence), as many elements as the matrix has padded rows.
template <class Real, int G, class Finish>
inline void multiply_gates(const PackedMatrix<Real>& matrix, Index units, const Real* block, const BlockShape& shape,
                           Real* sums, const Finish& finish) {
    const Index stride = shape.stride;
    if (stride == 1) {
        std::memset(sums, 0, sizeof(Real) * matrix.vectors * lanes<Real>);
        for (Index tile = 0; tile < matrix.tiles; ++tile)
            add_tile_product<Real>(matrix, tile, 1, {block, 0, 0, 1}, {sums, 0, 0, 1});
        for (Index u = 0; u < units; u += lanes<Real>) {
            Vector<Real> z[G];
            for (int g = 0; g < G; ++g) z[g] = load<Real>(sums + u * G + g * lanes<Real>);
            finish(SingleColumn<Real>{}, u, units - u, z);
        }
        return;
    }
    for_each_panel<Real>(shape.columns, [&](Index column, int vectors) {
        if (vectors == 1) return multiply_gate_panel<Real, G, 1>(matrix, units, block, column, stride, finish);
        if constexpr (block_vectors == 3)
            if (vectors == 3) return multiply_gate_panel<Real, G, 3>(matrix, units, block, column, stride, finish);
        multiply_gate_panel<Real, G, 2>(matrix, units, block, column, stride, finish);
    });
}

}  // namespace rnncore::RNNCORE_TARGET
