// Polynomials by Estrin's scheme: degree n in about log2(n) dependent multiply-adds, where Horner's takes n.
#pragma once

#include "vector.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real, int count>
[[gnu::always_inline]] inline Vector<Real> estrin(Vector<Real> x, const Vector<Real> (&terms)[count]) {
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

// c[first] + c[first + 1] x + c[first + 2] x^2 + ...
template <class Real, int first = 0, int count>
[[gnu::always_inline]] inline Vector<Real> polynomial(Vector<Real> x, const Real (&c)[count]) {
    Vector<Real> terms[count - first];
#pragma GCC unroll 16
    for (int i = first; i < count; ++i) terms[i - first] = broadcast(c[i]);
    return estrin<Real>(x, terms);
}

}  // namespace rnncore::RNNCORE_TARGET
