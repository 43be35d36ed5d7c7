// The logistic function 1 / (1 + exp(-x)).
#pragma once

#include "exp.hpp"
#include "vector.hpp"

namespace rnncore::RNNCORE_TARGET {

// With -x = k ln 2 + r and p = expm1(r): 1 / (1 + 2^k (1 + p)), or where k > 0 the same as 2^-k / (2^-k + 1 + p).
// Written with m = 2^-|k| <= 1 the denominator is 1 + (m + p or m p), and the numerator has no rounding error. Where
// the result is subnormal, 1 / (1 + p) is rounded by an addition to as many bits as that keeps, as in scale().
template <class Real>
[[gnu::always_inline]] inline Vector<Real> sigmoid(Vector<Real> x) {
    using C = ExpConstants<Real>;
    constexpr int smallest = 1 - Format<Real>::exponent_bias;
    const Vector<Real> one = broadcast(Real(1));
    const Integers<Real> considerable = magnitude_bits<Real>(x) > as_integers<Real>(broadcast(C::linear));
    Vector<Real> clamped = x < C::underflow ? broadcast(C::underflow) : x;  // NaN stays NaN
    clamped = clamped > -C::underflow ? broadcast(-C::underflow) : clamped;
    const ReducedArgument<Real> reduced =
        reduce<Real, C::largest_k>(as_reals<Real>(as_integers<Real>(clamped) & considerable), -1);
    const Integers<Real> k = reduced.k, lowest = k * 0 + smallest;
    const Integers<Real> falling = k > 0 ? -k : k;
    const Vector<Real> m = power_of_two<Real>(falling > lowest ? falling : lowest);
    const Vector<Real> p = reduced.remainder + expm1_beyond_linear<Real>(reduced);
    const Integers<Real> even = k == 0;  // m and 1 then make 2 before p comes to it, with one rounding less
    const Vector<Real> beyond_one = fma<Real>(k > 0 ? one : m, p, even ? broadcast(Real(0)) : m);
    const Vector<Real> denominator = (even ? broadcast(Real(2)) : one) + beyond_one;
    const Integers<Real> subnormal = (k > -smallest) & (x < Real(0));  // not of NaN
    const Vector<Real> result = (k > 0 && !subnormal ? m : one) / denominator;
    const Integers<Real> last_bit_kept = (1 + k) << Format<Real>::fraction_bits;
    const Integers<Real> kept = as_integers<Real>(result + as_reals<Real>(last_bit_kept)) - last_bit_kept;
    return subnormal ? as_reals<Real>(kept) : result;
}

}  // namespace rnncore::RNNCORE_TARGET
