// A matrix in the order a matrix-vector product reads it: tiles of rows, column after column within a tile.
#pragma once

#include <cstdlib>

#include "rnncore/cells.hpp"
#include "rnncore/layout.hpp"
#include "simd/vector.hpp"

namespace rnncore::RNNCORE_TARGET {

// Partial sums per element, so that rows that fill few registers still hide the latency of the additions. Depends on
// the number of rows alone: the order of a sum must not depend on how the product is tiled.
template <class Real>
inline int partial_sums(Index rows) {
    Index vectors = (rows + lanes<Real> - 1) / lanes<Real>;
    return vectors <= 2 ? 4 : vectors <= 5 ? 2 : 1;
}

template <class Real>
inline Index padded(Index size) {
    return (size + lanes<Real> - 1) / lanes<Real> * lanes<Real>;
}

inline constexpr int single_tile_vectors = 8;
inline constexpr int batch_tile_vectors = vector_registers == 32 ? 4 : 2;

inline bool is_batch(Layout layout) { return layout == Layout::batch || layout == Layout::batch_adjoint; }
inline bool goes_back(Layout layout) { return layout == Layout::adjoint || layout == Layout::batch_adjoint; }
inline int most_tile_vectors(Layout layout) { return is_batch(layout) ? batch_tile_vectors : single_tile_vectors; }

inline void* allocate(std::size_t bytes) { return std::aligned_alloc(64, (bytes + 64) / 64 * 64); }

// A copy padded with zeros to whole vectors; of null all zeros. False: out of memory.
template <class Real>
inline bool copy_padded(const Real* from, Index count, Real*& to) {
    to = static_cast<Real*>(allocate(sizeof(Real) * padded<Real>(count)));
    if (!to) return false;
    for (Index i = 0; i < padded<Real>(count); ++i) to[i] = from && i < count ? from[i] : Real(0);
    return true;
}

template <class Real>
struct PackedMatrix {
    Index rows = 0, columns = 0;
    Index vectors = 0;  // of padded rows
    Index tiles = 0;
    Index low_tile = 0, tall_tiles = 0;  // vectors of a low tile; tiles before the low ones, one group taller
    int group = 1;                       // vectors that no tile parts
    int partials = 1;
    Real* data = nullptr;

    // Tiles are as equal as can be.
    int tile_vectors(Index tile) const { return static_cast<int>(low_tile + (tile < tall_tiles ? group : 0)); }
    Index tile_start(Index tile) const { return tile * low_tile + (tile < tall_tiles ? tile : tall_tiles) * group; }
    const Real* tile_data(Index tile) const { return data + tile_start(tile) * lanes<Real> * columns; }
};

// Elements (i, k) of the matrix at matrix[i * row_stride + k * column_stride]. False: out of memory.
template <class Real>
inline bool pack(PackedMatrix<Real>& packed, const Real* matrix, Index row_stride, Index column_stride, Index rows,
                 Index columns, int partials, int most_vectors, int group = 1) {
    packed.rows = rows;
    packed.columns = columns;
    packed.vectors = padded<Real>(rows) / lanes<Real>;
    packed.tiles = (packed.vectors + most_vectors - 1) / most_vectors;
    if (packed.tiles) packed.low_tile = packed.vectors / group / packed.tiles * group;
    if (packed.tiles) packed.tall_tiles = packed.vectors / group % packed.tiles;
    packed.group = group;
    packed.partials = partials;
    packed.data = static_cast<Real*>(allocate(sizeof(Real) * packed.vectors * lanes<Real> * columns));
    if (!packed.data) return false;
    Real* to = packed.data;
    for (Index tile = 0; tile < packed.tiles; ++tile) {
        Index first = packed.tile_start(tile) * lanes<Real>;
        Index count = packed.tile_vectors(tile) * lanes<Real>;
        for (Index k = 0; k < columns; ++k)
            for (Index i = first; i < first + count; ++i)
                *to++ = i < rows ? matrix[i * row_stride + k * column_stride] : Real(0);
    }
    return true;
}

template <class Real>
inline bool pack(PackedMatrix<Real>& packed, const Real* matrix, Index rows, Index columns, int partials,
                 int most_vectors, int group = 1) {
    return pack<Real>(packed, matrix, columns, 1, rows, columns, partials, most_vectors, group);
}

// The transpose of a matrix of `rows` rows.
template <class Real>
inline bool pack_transposed(PackedMatrix<Real>& packed, const Real* matrix, Index rows, Index columns,
                            int most_vectors) {
    return pack<Real>(packed, matrix, 1, columns, columns, rows, partial_sums<Real>(columns), most_vectors);
}

}  // namespace rnncore::RNNCORE_TARGET
