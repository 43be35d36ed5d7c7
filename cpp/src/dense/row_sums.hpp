// Sums over rows, for gradients: of outer products, of products element by element, of the rows themselves. Each sum is
// made in registers, one chain in the order of the rows, and added to a double.
#pragma once

#include "dense/packed_matrix.hpp"

namespace rnncore::RNNCORE_TARGET {

// Vectors after each other, `step` elements apart; of each every `stride`-th element.
template <class Real>
struct Rows {
    const Real* data;
    Index step;
    Index stride = 1;
};

// Element (i, j) at data[i * row + j * column].
struct Sums {
    double* data;
    Index row, column = 1;
};

template <class Real>
[[gnu::always_inline]] inline void add_lanes(Vector<Real> sum, double* to, Index stride, Index count) {
    alignas(64) Real values[lanes<Real>];
    store<Real>(values, sum);
    if (stride == 1 && count >= lanes<Real>)
        for (int lane = 0; lane < lanes<Real>; ++lane) to[lane] += values[lane];
    else
        for (Index lane = 0; lane < (count < lanes<Real> ? count : lanes<Real>); ++lane)
            to[lane * stride] += values[lane];
}

// R rows of the sums from `row` on, C vectors of their columns from `column` on.
template <class Real, int R, int C>
[[gnu::always_inline]] inline void add_outer_tile(Rows<Real> left, Index row, Rows<Real> right, Index column,
                                                  Index columns, Index count, const Sums& to) {
    Vector<Real> sums[R][C] = {};
    const Real *a = left.data + row * left.stride, *b = right.data + column;
    for (Index k = 0; k < count; ++k, a += left.step, b += right.step) {
        Vector<Real> x[C];
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) x[c] = load<Real>(b + c * lanes<Real>);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) {
            const Vector<Real> factor = broadcast<Real>(a[r * left.stride]);
#pragma GCC unroll 8
            for (int c = 0; c < C; ++c) sums[r][c] = fma<Real>(factor, x[c], sums[r][c]);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c)
            add_lanes<Real>(sums[r][c], to.data + (row + r) * to.row + (column + c * lanes<Real>)*to.column, to.column,
                            columns - column - c * lanes<Real>);
}

template <class Real, int C>
void add_outer_panel(Rows<Real> left, Index first, Index last, Rows<Real> right, Index column, Index columns,
                     Index count, const Sums& to) {
    constexpr int most = vector_registers == 32 ? 8 : 4;
    Index row = first;
    for (; row + most <= last; row += most) add_outer_tile<Real, most, C>(left, row, right, column, columns, count, to);
    for (; row < last; ++row) add_outer_tile<Real, 1, C>(left, row, right, column, columns, count, to);
}

// Rows first … last - 1 of Σ_k left_k right_kᵀ.
template <class Real>
inline void add_outer_products(Rows<Real> left, Index first, Index last, Rows<Real> right, Index columns, Index count,
                               const Sums& to) {
    Index column = 0;
    for (; column + lanes<Real> < columns; column += 2 * lanes<Real>)
        add_outer_panel<Real, 2>(left, first, last, right, column, columns, count, to);
    if (column < columns) add_outer_panel<Real, 1>(left, first, last, right, column, columns, count, to);
}

// V vectors of Σ_k term(k, element) from element `first` on, of which `last` is the end.
template <class Real, int V, class Term>
[[gnu::always_inline]] inline void add_vectors(Index first, Index last, Index count, double* to, const Term& term) {
    Vector<Real> sums[V] = {};
    for (Index k = 0; k < count; ++k)
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) sums[v] = term(k, first + v * lanes<Real>, sums[v]);
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v)
        add_lanes<Real>(sums[v], to + first + v * lanes<Real>, 1, last - first - v * lanes<Real>);
}

// Elements first … last - 1 of Σ_k term_k, vectors side by side to hide the latency of their additions.
template <class Real, class Term>
[[gnu::always_inline]] inline void add_terms(Index first, Index last, Index count, double* to, const Term& term) {
    Index i = first;
    for (; i + 4 * lanes<Real> <= last; i += 4 * lanes<Real>) add_vectors<Real, 4>(i, last, count, to, term);
    for (; i < last; i += lanes<Real>) add_vectors<Real, 1>(i, last, count, to, term);
}

// Elements first … last - 1 of Σ_k left_k right_k, element by element.
template <class Real>
inline void add_products_of_rows(Rows<Real> left, Rows<Real> right, Index first, Index last, Index count, double* to) {
    add_terms<Real>(
        first, last, count, to, [=](Index k, Index i, Vector<Real> sum) __attribute__((always_inline)) {
            return fma<Real>(load<Real>(left.data + k * left.step + i), load<Real>(right.data + k * right.step + i),
                             sum);
        });
}

// Elements first … last - 1 of Σ_k rows_k.
template <class Real>
inline void add_rows(Rows<Real> rows, Index first, Index last, Index count, double* to) {
    add_terms<Real>(
        first, last, count, to, [=](Index k, Index i, Vector<Real> sum) __attribute__((always_inline)) {
            return sum + load<Real>(rows.data + k * rows.step + i);
        });
}

}  // namespace rnncore::RNNCORE_TARGET
