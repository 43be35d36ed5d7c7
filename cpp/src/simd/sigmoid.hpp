// The logistic function 1 / (1 + exp(-x)).
#pragma once

#include "exp.hpp"
#include "vector.hpp"

namespace rnncore::RNNCORE_TARGET {

// With -x = k ln 2 + r and p = expm1(r): 1 / (1 + 2^k (1 + p)), or where k > 0 the same as 2^-k / (2^-k + 1 + p).
// Written with m = 2^-|k| <= 1, either denominator is 1 + m and p times a power of two: one rounding.
// Where the result may be subnormal it is exp(x).
template <class Real>
[[gnu::always_inline]] inline Vector<Real> sigmoid(Vector<Real> x) {
    using C = ExpConstants<Real>;
    constexpr Real exponential = C::underflow * Real(0.75);
    const Integers<Real> magnitude = magnitude_bits<Real>(x);
    const Integers<Real> lowest = as_integers<Real>(broadcast(C::linear));
    const Integers<Real> highest = as_integers<Real>(broadcast(-C::underflow));
    Integers<Real> clamped = magnitude > lowest ? magnitude : lowest;
    clamped = clamped < highest ? clamped : highest;
    const Integers<Real> sign = as_integers<Real>(x) ^ (x >= exponential);  // of x where that is tiny, else of -x
    const Integers<Real> sign_bit = as_integers<Real>(broadcast(Real(-0.0)));
    const ReducedArgument<Real> reduced = reduce<Real, C::largest_k>(as_reals<Real>(clamped | (sign & sign_bit)));

    const Integers<Real> k = reduced.k;
    constexpr int smallest = 2 - Format<Real>::exponent_bias;
    const Integers<Real> rising = k > 0, falling = (k ^ rising) - rising;  // -|k|
    const Vector<Real> m = power_of_two<Real>(falling > smallest ? falling : falling * 0 + smallest);
    const Vector<Real> one_plus_m = Real(1) + m, lost = m - (one_plus_m - Real(1));
    const Vector<Real> p = reduced.remainder + (expm1_beyond_linear<Real>(reduced) + lost);
    const Vector<Real> denominator = fma<Real>(rising ? broadcast(Real(1)) : m, p, one_plus_m);
    const Vector<Real> numerator = x == x ? (rising ? m : broadcast(Real(1))) : x;
    return x < exponential ? scale<Real>(Real(1) + p, k) : numerator / denominator;
}

}  // namespace rnncore::RNNCORE_TARGET
