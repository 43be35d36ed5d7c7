// Elementary functions of vectors: exp, expm1, log1p, tanh, sigmoid, elu, softplus, and slopes.
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

// tanh' = 1 / cosh^2, accurate where 1 - tanh^2 has no digits left.
template <class Real>
[[gnu::always_inline]] inline Vector<Real> tanh_slope(Vector<Real> x) {
    const Vector<Real> decay = exp<Real>(Real(-2) * as_reals<Real>(magnitude_bits<Real>(x))), sum = Real(1) + decay;
    return Real(4) * decay / (sum * sum);
}

// sigmoid' = exp(-|x|) / (1 + exp(-|x|))^2
template <class Real>
[[gnu::always_inline]] inline Vector<Real> sigmoid_slope(Vector<Real> x) {
    const Vector<Real> decay = exp<Real>(-as_reals<Real>(magnitude_bits<Real>(x))), sum = Real(1) + decay;
    return decay / (sum * sum);
}

}  // namespace rnncore::RNNCORE_TARGET
