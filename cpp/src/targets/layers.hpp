// What the files compiled for one level define for that level's table.
#pragma once

#include "targets/target.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
Layer<Real> make_elman(const Elman<Real>&, Layout);

template <class Real>
Layer<Real> make_dense(const Dense<Real>&, Layout);

template <class Real>
Layer<Real> make_matrix_sequence(const MatrixSequence<Real>&, Layout);

template <class Real>
Layer<Real> make_lstm(const LSTM<Real>&, Layout);

template <class Real>
Layer<Real> make_gru(const GRU<Real>&, Layout);

template <class Real>
Layer<Real> make_diagonal(const Diagonal<Real>&, Layout);

template <class Real>
Layer<Real> make_gated_diagonal(const GatedDiagonal<Real>&, Layout);

template <class Real>
Layer<Real> make_delay_line(const DelayLine<Real>&, Layout);

template <class Real>
void rescale(Real* block, Index rows, Index columns, Index stride, std::int64_t* exponents, bool all);

template <class Real>
void orthonormalise(Real* block, Index rows, Index columns, Index stride, Real* factor);

template <class Real>
void column_squares(const Real* block, Index rows, Index columns, Index stride, double* squares);

template <class Real>
void group_squares(const Real* block, Index rows, Index columns, Index stride, const std::int32_t* labels, Index groups,
                   double* squares, std::int64_t* shifts);

template <class Real>
bool apply_function(const char* name, const Real* from, Real* to, Index count);

extern const Probe level_probe;

}  // namespace rnncore::RNNCORE_TARGET
