// Matrix times a block of columns that lie side by side: row i of the block holds component i of every column, padded
// to whole vectors, `stride` elements from row to row. Lanes run along the columns, elements of the matrix are
// broadcast.
//
// A single column (stride 1) lies contiguous instead, padded to whole vectors, and is multiplied as vectors are; those
// of several sequences with one pass over the matrix.
//
// Each element is one chain of multiply-adds in the order of the matrix's columns, however the product is tiled.
#pragma once

#include "dense/block_shape.hpp"
#include "dense/multiply.hpp"
#include "dense/sparse_matrix.hpp"

namespace rnncore::RNNCORE_TARGET {

// What becomes of row i of the product W X: scale_i (add · result_i + (W X)_i) + keep kept_i.
template <class Real>
struct Finish {
    const Real* scale = nullptr;  // null: 1
    Real keep = 0;
    const Real* kept = nullptr;  // a block, read where keep is not 0
    bool add = false;            // to what stands in the result
};

// at: where the row's vector stands in a block.
template <class Real>
[[gnu::always_inline]] inline Vector<Real> finished(const Finish<Real>& finish, Index row, Index at, Vector<Real> sum) {
    if (finish.scale) sum *= finish.scale[row];
    return finish.keep == 0 ? sum : fma<Real>(broadcast(finish.keep), load<Real>(finish.kept + at), sum);
}

inline constexpr int block_rows = vector_registers == 32 ? 8 : 4;
inline constexpr int block_vectors = vector_registers == 32 ? 3 : 2;

// How a matrix lies in memory; packed and transposed ones have row_stride 1.
template <class Real>
struct MatrixView {
    const Real* data;
    Index row_stride, column_stride;
    Index rows, columns;
};

// R rows of the matrix from `row` on times C vectors of columns of the block from `column` on.
template <class Real, int R, int C, bool unit_rows>
[[gnu::always_inline]] inline void multiply_tile(const MatrixView<Real>& matrix, Index row, const Real* block,
                                                 Index column, Index stride, const Finish<Real>& finish,
                                                 Index result_row, Real* result) {
    const Index first = result_row * stride + column;
    Vector<Real> sums[R][C];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c)
            sums[r][c] = finish.add ? load<Real>(result + first + r * stride + c * lanes<Real>) : Vector<Real>{};
    const Real* a = matrix.data + (unit_rows ? row : row * matrix.row_stride);
    const Real* b = block + column;
    for (Index k = 0; k < matrix.columns; ++k, a += matrix.column_stride, b += stride) {
        Vector<Real> x[C];
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) x[c] = load<Real>(b + c * lanes<Real>);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) {
            const Vector<Real> w = broadcast<Real>(a[unit_rows ? r : r * matrix.row_stride]);
#pragma GCC unroll 8
            for (int c = 0; c < C; ++c) sums[r][c] = fma<Real>(w, x[c], sums[r][c]);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) {
            const Index at = first + r * stride + c * lanes<Real>;
            store<Real>(result + at, finished<Real>(finish, result_row + r, at, sums[r][c]));
        }
}

// All rows of the matrix, C vectors of columns; the matrix's first row is row `result_row` of the result.
template <class Real, int C, bool unit_rows>
void multiply_panel(const MatrixView<Real>& matrix, const Real* block, Index column, Index stride,
                    const Finish<Real>& finish, Index result_row, Real* result) {
    Index row = 0;
    for (; row + block_rows <= matrix.rows; row += block_rows)
        multiply_tile<Real, block_rows, C, unit_rows>(matrix, row, block, column, stride, finish, result_row + row,
                                                      result);
    if (block_rows == 8 && row + 4 <= matrix.rows) {
        multiply_tile<Real, 4, C, unit_rows>(matrix, row, block, column, stride, finish, result_row + row, result);
        row += 4;
    }
    if (row + 2 <= matrix.rows) {
        multiply_tile<Real, 2, C, unit_rows>(matrix, row, block, column, stride, finish, result_row + row, result);
        row += 2;
    }
    if (row < matrix.rows)
        multiply_tile<Real, 1, C, unit_rows>(matrix, row, block, column, stride, finish, result_row + row, result);
}

// panel(first column, how many vectors of columns) for panels of two vectors, the last one of up to three: eight rows
// of two vectors come closest to the multiply-add peak.
template <class Real, class Panel>
[[gnu::always_inline]] inline void for_each_panel(Index columns, const Panel& panel) {
    Index vectors = padded<Real>(columns) / lanes<Real>, column = 0;
    for (; vectors > block_vectors; vectors -= 2, column += 2 * lanes<Real>) panel(column, 2);
    panel(column, static_cast<int>(vectors));
}

template <class Real, bool unit_rows>
inline void multiply_view_panel(const MatrixView<Real>& matrix, const Real* block, Index column, int vectors,
                                Index stride, const Finish<Real>& finish, Index result_row, Real* result) {
    if (vectors == 1)
        return multiply_panel<Real, 1, unit_rows>(matrix, block, column, stride, finish, result_row, result);
    if constexpr (block_vectors == 3)
        if (vectors == 3)
            return multiply_panel<Real, 3, unit_rows>(matrix, block, column, stride, finish, result_row, result);
    multiply_panel<Real, 2, unit_rows>(matrix, block, column, stride, finish, result_row, result);
}

template <class Real, bool unit_rows>
inline void multiply_view(const MatrixView<Real>& matrix, const Real* block, Index columns, Index stride,
                          const Finish<Real>& finish, Real* result) {
    for_each_panel<Real>(columns, [&](Index column, int vectors) {
        multiply_view_panel<Real, unit_rows>(matrix, block, column, vectors, stride, finish, 0, result);
    });
}

// The rest of a product with single columns: the sums stand in the result.
template <class Real>
inline void finish_vectors(const Finish<Real>& finish, Index size, const BlockShape& shape, Real* result) {
    if (!finish.scale && finish.keep == 0) return;
    for (Index b = 0; b < shape.sequences; ++b)
        for (Index i = 0, at = b * shape.sequence; i < size; i += lanes<Real>, at += lanes<Real>) {
            Vector<Real> sum = load<Real>(result + at);
            if (finish.scale) sum *= load<Real>(finish.scale + b * shape.slopes_sequence + i);
            if (finish.keep != 0) sum = fma<Real>(broadcast(finish.keep), load<Real>(finish.kept + at), sum);
            store<Real>(result + at, sum);
        }
}

template <class Real>
inline void clear_vectors(bool add, Index size, const BlockShape& shape, Real* result) {
    for (Index b = 0; !add && b < shape.sequences; ++b)
        std::memset(result + b * shape.sequence, 0, sizeof(Real) * padded<Real>(size));
}

template <class Real>
void multiply_block(const PackedMatrix<Real>& matrix, const Real* block, const BlockShape& shape,
                    const Finish<Real>& finish, Real* result) {
    const Index stride = shape.stride;
    if (stride == 1) {
        clear_vectors(finish.add, matrix.rows, shape, result);
        for (Index i = 0; i < matrix.tiles; ++i)
            add_tile_product<Real>(matrix, shape.downward ? matrix.tiles - 1 - i : i, shape.sequences,
                                   {block, 0, shape.sequence, shape.sequences},
                                   {result, 0, shape.sequence, shape.sequences});
        return finish_vectors(finish, matrix.rows, shape, result);
    }
    for_each_panel<Real>(shape.columns, [&](Index column, int vectors) {
        for (Index tile = 0; tile < matrix.tiles; ++tile) {
            const Index row = matrix.tile_start(tile) * lanes<Real>, height = matrix.tile_vectors(tile) * lanes<Real>;
            const Index rows = row + height <= matrix.rows ? height : matrix.rows - row;
            multiply_view_panel<Real, true>({matrix.tile_data(tile), 1, height, rows, matrix.columns}, block, column,
                                            vectors, stride, finish, row, result);
        }
    });
}

// Row `row` of a sparse matrix, its entries `step` apart, times V vectors of columns from `column` on.
template <class Real, int V>
inline void multiply_sparse_row(Index row, const Real* values, const std::int32_t* columns, Index entries, Index step,
                                const Real* block, Index column, Index stride, const Finish<Real>& finish,
                                Real* result) {
    const Index first = row * stride + column;
    Vector<Real> sums[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) sums[v] = finish.add ? load<Real>(result + first + v * lanes<Real>) : Vector<Real>{};
    for (Index e = 0; e < entries; ++e) {
        const Vector<Real> w = broadcast<Real>(values[e * step]);
        const Real* x = block + columns[e * step] * stride + column;
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) sums[v] = fma<Real>(w, load<Real>(x + v * lanes<Real>), sums[v]);
    }
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
        const Index at = first + v * lanes<Real>;
        store<Real>(result + at, finished<Real>(finish, row, at, sums[v]));
    }
}

template <class Real>
void multiply_block(const SparseMatrix<Real>& matrix, const Real* block, const BlockShape& shape,
                    const Finish<Real>& finish, Real* result) {
    const Index stride = shape.stride;
    if (stride == 1) {
        clear_vectors(finish.add, matrix.rows, shape, result);
        for (Index b = 0; b < shape.sequences; ++b)
            matrix.add_product(block + b * shape.sequence, result + b * shape.sequence);
        return finish_vectors(finish, matrix.rows, shape, result);
    }
    matrix.for_each_row(
        [&](Index row, const Real* values, const std::int32_t* entry_columns, Index entries, Index step) {
            Index left = padded<Real>(shape.columns) / lanes<Real>, column = 0;
            for (; left >= 4; left -= 4, column += 4 * lanes<Real>)
                multiply_sparse_row<Real, 4>(row, values, entry_columns, entries, step, block, column, stride, finish,
                                             result);
            for (; left >= 1; --left, column += lanes<Real>)
                multiply_sparse_row<Real, 1>(row, values, entry_columns, entries, step, block, column, stride, finish,
                                             result);
        });
}

// result = diag(scale) block
template <class Real>
void scale_rows(const Real* scale, const Real* block, Index rows, const BlockShape& shape, Real* result) {
    if (shape.stride == 1) {
        for (Index b = 0; b < shape.sequences; ++b)
            for (Index i = 0, at = b * shape.sequence; i < rows; i += lanes<Real>, at += lanes<Real>)
                store<Real>(result + at, load<Real>(scale + b * shape.slopes_sequence + i) * load<Real>(block + at));
        return;
    }
    for (Index i = 0; i < rows; ++i)
        for (Index c = i * shape.stride; c < i * shape.stride + shape.columns; c += lanes<Real>)
            store<Real>(result + c, scale[i] * load<Real>(block + c));
}

// result += block
template <class Real>
void add_block(const Real* block, Index rows, const BlockShape& shape, Real* result) {
    const bool single = shape.stride == 1;
    const Index width = single ? rows : shape.columns, step = single ? shape.sequence : shape.stride;
    for (Index i = 0; i < (single ? shape.sequences : rows); ++i)
        for (Index c = i * step; c < i * step + width; c += lanes<Real>)
            store<Real>(result + c, load<Real>(result + c) + load<Real>(block + c));
}

// Rows from `first` on, as the rows from `result_first` on of the result.
template <class Real>
void copy_block(const Real* block, Index first, Index rows, const BlockShape& shape, Index result_first, Real* result) {
    if (shape.stride == 1) {
        for (Index b = 0; b < shape.sequences; ++b)
            std::memcpy(result + b * shape.sequence + result_first, block + b * shape.sequence + first,
                        sizeof(Real) * rows);
        return;
    }
    std::memcpy(result + result_first * shape.stride, block + first * shape.stride, sizeof(Real) * rows * shape.stride);
}

template <class Real>
void clear_block(Real* block, Index rows, const BlockShape& shape) {
    if (shape.stride == 1) return clear_vectors(false, rows, shape, block);
    std::memset(block, 0, sizeof(Real) * rows * shape.stride);
}

}  // namespace rnncore::RNNCORE_TARGET
