// Packed matrix times column vectors, added to what stands in the result.
//
// Element i of a product is ((z_i + s_0) + s_1) + …: partial sum s_p runs over the columns k ≡ p modulo the number of
// partial sums, in ascending order, s_0 starting from z_i itself. No tiling changes that order, so a result's bits
// depend neither on how many columns are multiplied side by side nor on where chunks begin.
#pragma once

#include "dense/packed_matrix.hpp"

namespace rnncore::RNNCORE_TARGET {

// Most columns side by side: tile vectors × columns × partial sums fill the registers but for a few.
inline constexpr int most_columns(int partials) { return partials == 1 ? 6 : partials == 2 ? 3 : 1; }

// V vectors of rows of the matrix times M vectors, added to `sums`, in P partial sums.
template <class Real, int V, int M, int P>
inline __attribute__((always_inline)) void add_products(const Real* weights, Index columns, const Real* const* vectors,
                                                        Vector<Real> (&sums)[M][V]) {
    Vector<Real> partial[P][M][V];
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p)
#pragma GCC unroll 8
        for (int m = 0; m < M; ++m)
#pragma GCC unroll 8
            for (int v = 0; v < V; ++v) partial[p][m][v] = p == 0 ? sums[m][v] : Vector<Real>{};

    const Real* x[M];
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m) x[m] = vectors[m];
    Index k = 0;
    for (; k + P <= columns; k += P) {
#pragma GCC unroll 8
        for (int p = 0; p < P; ++p)
#pragma GCC unroll 8
            for (int m = 0; m < M; ++m) {
                const Vector<Real> h = broadcast<Real>(x[m][k + p]);
#pragma GCC unroll 8
                for (int v = 0; v < V; ++v)
                    partial[p][m][v] = fma<Real>(load<Real>(weights + (p * V + v) * lanes<Real>), h, partial[p][m][v]);
            }
        weights += P * V * lanes<Real>;
    }
#pragma GCC unroll 8
    for (int p = 0; p < P - 1; ++p) {
        if (k + p >= columns) break;
#pragma GCC unroll 8
        for (int m = 0; m < M; ++m) {
            const Vector<Real> h = broadcast<Real>(x[m][k + p]);
#pragma GCC unroll 8
            for (int v = 0; v < V; ++v)
                partial[p][m][v] = fma<Real>(load<Real>(weights + (p * V + v) * lanes<Real>), h, partial[p][m][v]);
        }
    }

#pragma GCC unroll 8
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) {
            sums[m][v] = partial[0][m][v];
#pragma GCC unroll 8
            for (int p = 1; p < P; ++p) sums[m][v] += partial[p][m][v];
        }
}

template <class Real>
using TileProduct = void (*)(const Real* weights, Index columns, const Real* const* vectors, Real* const* sums);

template <class Real, int V, int M, int P>
void tile_product(const Real* weights, Index columns, const Real* const* vectors, Real* const* sums) {
    Vector<Real> totals[M][V];
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) totals[m][v] = load<Real>(sums[m] + v * lanes<Real>);
    add_products<Real, V, M, P>(weights, columns, vectors, totals);
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) store<Real>(sums[m] + v * lanes<Real>, totals[m][v]);
}

template <class Real, int M, int P>
inline TileProduct<Real> choose_tile_product(int tile_vectors) {
    constexpr int most = M == 1 ? single_tile_vectors : batch_tile_vectors;
    TileProduct<Real> found = tile_product<Real, 1, M, P>;
    if constexpr (most >= 2)
        if (tile_vectors == 2) found = tile_product<Real, 2, M, P>;
    if constexpr (most >= 3)
        if (tile_vectors == 3) found = tile_product<Real, 3, M, P>;
    if constexpr (most >= 4)
        if (tile_vectors == 4) found = tile_product<Real, 4, M, P>;
    if constexpr (most >= 5)
        if (tile_vectors == 5) found = tile_product<Real, 5, M, P>;
    if constexpr (most >= 8 && P == 1) {
        if (tile_vectors == 6) found = tile_product<Real, 6, M, P>;
        if (tile_vectors == 7) found = tile_product<Real, 7, M, P>;
        if (tile_vectors == 8) found = tile_product<Real, 8, M, P>;
    }
    return found;
}

template <class Real>
inline TileProduct<Real> choose_tile_product(int tile_vectors, int columns, int partials) {
    if (partials == 4) return choose_tile_product<Real, 1, 4>(tile_vectors);
    if (partials == 2)
        return columns == 3   ? choose_tile_product<Real, 3, 2>(tile_vectors)
               : columns == 2 ? choose_tile_product<Real, 2, 2>(tile_vectors)
                              : choose_tile_product<Real, 1, 2>(tile_vectors);
    switch (columns) {
        case 6:
            return choose_tile_product<Real, 6, 1>(tile_vectors);
        case 5:
            return choose_tile_product<Real, 5, 1>(tile_vectors);
        case 4:
            return choose_tile_product<Real, 4, 1>(tile_vectors);
        case 3:
            return choose_tile_product<Real, 3, 1>(tile_vectors);
        case 2:
            return choose_tile_product<Real, 2, 1>(tile_vectors);
        default:
            return choose_tile_product<Real, 1, 1>(tile_vectors);
    }
}

// Vectors at equal distances in two levels: `width` of them `sequence` apart, the next ones `step` further on.
template <class Real>
class Columns {
  public:
    Columns(Real* first, Index step, Index sequence, Index width)
        : next_(first), sequence_(sequence), turn_(step - width * sequence), width_(width), left_(width) {}
    Real* next() {
        Real* column = next_;
        next_ += sequence_;
        if (--left_ == 0) {
            left_ = width_;
            next_ += turn_;
        }
        return column;
    }

  private:
    Real* next_;
    Index sequence_, turn_, width_, left_;
};

// One tile of rows of W times `count` vectors, added to the sums: those rows of the `count` columns of the result.
template <class Real>
inline void add_tile_product(const PackedMatrix<Real>& matrix, Index tile, Index count, Columns<const Real> vectors,
                             Columns<Real> sums) {
    const int tile_vectors = matrix.tile_vectors(tile);
    const int most = most_columns(matrix.partials);
    const Real* data = matrix.tile_data(tile);
    const Index offset = matrix.tile_start(tile) * lanes<Real>;
    const Real* x[6];
    Real* z[6];
    while (count > 0) {
        // Groups as equal as can be: 16 = 6 + 5 + 5.
        const Index groups = (count + most - 1) / most;
        const int columns = static_cast<int>((count + groups - 1) / groups);
        for (int m = 0; m < columns; ++m) {
            x[m] = vectors.next();
            z[m] = sums.next() + offset;
        }
        choose_tile_product<Real>(tile_vectors, columns, matrix.partials)(data, matrix.columns, x, z);
        count -= columns;
    }
}

}  // namespace rnncore::RNNCORE_TARGET
