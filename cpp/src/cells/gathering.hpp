// Gradients of the parameters of z = W_hh h + W_ih x + b from the cotangents of z.
#pragma once

#include "dense/row_sums.hpp"
#include "walks/gradient_rows.hpp"

namespace rnncore::RNNCORE_TARGET {

// This thread's share of `count` rows.
template <class Real>
inline Index share_start(const GradientRows<Real>& rows, Index count) {
    return count * rows.share / rows.shares;
}

template <class Real>
inline Index share_end(const GradientRows<Real>& rows, Index count) {
    return count * (rows.share + 1) / rows.shares;
}

template <class Real>
inline Rows<Real> deltas_from(const GradientRows<Real>& rows, Index first) {
    return {rows.deltas + first, rows.delta_step};
}

// `count` rows of a matrix with the cotangents from `delta` on and the vectors that it was multiplied by.
template <class Real>
void gather_matrix(const GradientRows<Real>& rows, Index delta, Index count, Rows<Real> vectors, Index columns,
                   double* to) {
    if (to && vectors.data)
        add_outer_products<Real>(deltas_from(rows, delta), share_start(rows, count), share_end(rows, count), vectors,
                                 columns, rows.count, {to, columns});
}

template <class Real>
void gather_bias(const GradientRows<Real>& rows, Index delta, Index count, double* to) {
    if (to) add_rows<Real>(deltas_from(rows, delta), share_start(rows, count), share_end(rows, count), rows.count, to);
}

// Of weights on one element each: peepholes, diagonal matrices.
template <class Real>
void gather_diagonal(const GradientRows<Real>& rows, Index delta, Index count, Rows<Real> vectors, double* to) {
    if (to)
        add_products_of_rows<Real>(deltas_from(rows, delta), vectors, share_start(rows, count), share_end(rows, count),
                                   rows.count, to);
}

template <class Real>
inline Rows<Real> inputs_of(const GradientRows<Real>& rows) {
    return {rows.inputs, rows.input_step};
}

// Of the state before each step, from one of its components on.
template <class Real>
inline Rows<Real> before_of(const GradientRows<Real>& rows, Index first = 0) {
    return {rows.before + first, rows.before_step};
}

}  // namespace rnncore::RNNCORE_TARGET
