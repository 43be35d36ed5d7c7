// What the files compiled for one level define for that level's table.
#pragma once

#include "targets/target.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
Layer<Real> make_elman(const Elman<Real>&, bool batched);

template <class Real>
Layer<Real> make_dense(const Dense<Real>&);

template <class Real>
Layer<Real> make_matrix_sequence(const MatrixSequence<Real>&);

template <class Real>
bool apply_function(const char* name, const Real* from, Real* to, Index count);

extern const Probe level_probe;

}  // namespace rnncore::RNNCORE_TARGET
