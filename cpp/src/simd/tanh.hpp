// tanh and the logistic function: one reduction, one polynomial and one division each.
#pragma once

#include "exp.hpp"
#include "polynomial.hpp"
#include "vector.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct TanhConstants;

template <>
struct TanhConstants<float> {
    static constexpr float linear = 0x1p-13f;  // below, tanh(x) = x
    static constexpr float saturation = 9.1f;  // above, tanh(x) = 1
};

template <>
struct TanhConstants<double> {
    static constexpr double linear = 0x1p-28;
    static constexpr double saturation = 19.1;
};

// tanh |x| = e / (e + 2) with e = expm1(2 |x|) = 2^k (p + 1) - 1
template <class Real>
inline Vector<Real> tanh(Vector<Real> x) {
    using C = TanhConstants<Real>;
    const Integers<Real> magnitude = magnitude_bits<Real>(x);
    const Integers<Real> linear = as_integers<Real>(broadcast(C::linear));
    const Integers<Real> saturation = as_integers<Real>(broadcast(C::saturation));
    Integers<Real> clamped = magnitude > linear ? magnitude : linear;
    clamped = clamped < saturation ? clamped : saturation;
    const ReducedArgument<Real> reduced = reduce<Real>(as_reals<Real>(clamped), 2);
    const Vector<Real> r = reduced.remainder, two_k = power_of_two<Real>(reduced.k);
    // tail (1 + r) is simplified to tail: k is small, and where it is not, tanh is flat
    const Vector<Real> beyond_linear = fma<Real>(r * r, polynomial<Real>(r, ExpConstants<Real>::q), reduced.tail);
    const Vector<Real> numerator = fma<Real>(two_k, beyond_linear, fma<Real>(two_k, r, two_k - Real(1)));
    const Integers<Real> sign = as_integers<Real>(x) ^ magnitude;
    const Vector<Real> result = as_reals<Real>(as_integers<Real>(numerator / (numerator + Real(2))) | sign);
    const Integers<Real> curved = (magnitude > linear) & (x == x);
    return curved ? result : x;
}

// 1 / (1 + exp(-x)) = (x < 0 ? e : 1) / (1 + e) with e = exp(-|x|) = 2^k (p + 1)
template <class Real>
inline Vector<Real> sigmoid(Vector<Real> x) {
    using C = ExpConstants<Real>;
    const Integers<Real> lowest = as_integers<Real>(broadcast(C::negligible));
    const Integers<Real> highest = as_integers<Real>(broadcast(-C::underflow));
    Integers<Real> clamped = magnitude_bits<Real>(x);
    clamped = clamped > lowest ? clamped : lowest;
    clamped = clamped < highest ? clamped : highest;
    const ReducedArgument<Real> reduced = reduce<Real>(-as_reals<Real>(clamped));
    const Vector<Real> p = reduced.remainder + expm1_beyond_linear<Real>(reduced);
    // where 2^k is too small to matter beside 1, any as small will do, but for the numerator
    constexpr int smallest = -Format<Real>::fraction_bits - 10;
    const Vector<Real> two_k = power_of_two<Real>(reduced.k > smallest ? reduced.k : reduced.k * 0 + smallest);
    Vector<Real> numerator = x >= Real(0) ? broadcast(Real(1)) : x;
    numerator = x < Real(0) ? fma<Real>(two_k, p, two_k) : numerator;
    const Vector<Real> quotient = numerator / fma<Real>(two_k, p, two_k + Real(1));
    return x < -C::half_saturation ? scale<Real>(Real(1) + p, reduced.k) : quotient;
}

}  // namespace rnncore::RNNCORE_TARGET
