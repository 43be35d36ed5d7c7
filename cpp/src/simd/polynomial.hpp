// Polynomials by Estrin's scheme: degree n in about log2(n) dependent multiply-adds, where Horner's takes n.
#pragma once

#include "vector.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real, int count>
inline Vector<Real> estrin(Vector<Real> x, const Vector<Real> (&terms)[count]) {
    if constexpr (count == 1) {
        return terms[0];
    } else {
        Vector<Real> pairs[(count + 1) / 2];
#pragma GCC unroll 16
        for (int i = 0; i < count / 2; ++i) pairs[i] = fma<Real>(x, terms[2 * i + 1], terms[2 * i]);
        if constexpr (count % 2 == 1) pairs[count / 2] = terms[count - 1];
        return estrin<Real>(x * x, pairs);
    }
}

// c[0] + c[1] x + c[2] x^2 + ...
template <class Real, int count>
inline Vector<Real> polynomial(Vector<Real> x, const Real (&coefficients)[count]) {
    Vector<Real> terms[count];
#pragma GCC unroll 16
    for (int i = 0; i < count; ++i) terms[i] = broadcast(coefficients[i]);
    return estrin<Real>(x, terms);
}

}  // namespace rnncore::RNNCORE_TARGET
