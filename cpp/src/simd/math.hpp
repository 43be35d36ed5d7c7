// Elementary functions of vectors: exp, expm1, log1p, tanh, sigmoid, elu, softplus.
//
// At most 2 ULP from the exact value, subnormal numbers included, at every instruction-set level
// (tests/exact, tests/exhaustive). No branches: a lane's result depends on nothing but its argument.
#pragma once

#include "exp.hpp"
#include "log1p.hpp"
#include "sigmoid.hpp"
#include "tanh.hpp"
#include "vector.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
[[gnu::always_inline]] inline Vector<Real> elu(Vector<Real> x) {
    return x > Real(0) ? x : expm1<Real>(x);
}

template <class Real>
[[gnu::always_inline]] inline Vector<Real> softplus(Vector<Real> x) {
    const Vector<Real> decay = exp<Real>(-as_reals<Real>(magnitude_bits<Real>(x)));
    return (x > Real(0) ? x : broadcast(Real(0))) + log1p<Real>(decay);
}

}  // namespace rnncore::RNNCORE_TARGET
