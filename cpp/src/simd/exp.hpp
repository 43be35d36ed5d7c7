// The exponential family: x = k ln 2 + r with integer k and |r| <= ln(2) / 2, so exp(x) = 2^k (1 + expm1(r)).
#pragma once

#include "polynomial.hpp"
#include "vector.hpp"

namespace rnncore::RNNCORE_TARGET {

// exp(r) = 1 + r + r^2 q(r) for |r| <= ln(2) / 2. The polynomial q minimises the largest error times
// sqrt(r^2 + 0.05^2), about the relative error of expm1(r), and is then rounded to Real.
template <class Real>
struct ExpConstants;

template <>
struct ExpConstants<float> {
    // q of degree 5; expm1(r) to a relative 2^-31
    static constexpr float exp[] = {1.0f,           1.0f,           0x1.000000p-1f,  0x1.555554p-3f,
                                    0x1.5554b8p-5f, 0x1.111190p-7f, 0x1.6d6cfap-10f, 0x1.a02762p-13f};
    static constexpr float log2_e = 0x1.715476p+0f;
    // k * ln2_high has no rounding error, or one that fused arithmetic does not make
    static constexpr float ln2_high = fused ? 0x1.62e430p-1f : 0x1.62e4p-1f;
    static constexpr float ln2_low = fused ? -0x1.05c610p-29f : 0x1.7f7d1cp-20f;
    static constexpr float overflow = 0x1.62e42ep+6f, underflow = -104.0f;
    static constexpr int largest_k = 150;
    static constexpr float linear = 0x1p-26f;   // below, exp(x) = 1 and expm1(x) = x
    static constexpr float minus_one = -20.0f;  // below, expm1(x) = -1
};

template <>
struct ExpConstants<double> {
    // q of degree 10; expm1(r) to a relative 2^-61
    static constexpr double exp[] = {1.0,
                                     1.0,
                                     0x1.0000000000000p-1,
                                     0x1.5555555555559p-3,
                                     0x1.5555555555541p-5,
                                     0x1.111111110f834p-7,
                                     0x1.6c16c16c1ea01p-10,
                                     0x1.a01a01af590fcp-13,
                                     0x1.a01a017ca73b8p-16,
                                     0x1.71ddf99adb86ep-19,
                                     0x1.27e535d229bc2p-22,
                                     0x1.af5ca72dca80ep-26,
                                     0x1.1ee76fc0cc54cp-29};
    static constexpr double log2_e = 0x1.71547652b82fep+0;
    static constexpr double ln2_high = fused ? 0x1.62e42fefa39efp-1 : 0x1.62e42fefa3p-1;
    static constexpr double ln2_low = fused ? 0x1.abc9e3b39803fp-56 : 0x1.3de6af278ece6p-42;
    static constexpr double overflow = 0x1.62e42fefa39efp+9, underflow = -746.0;
    static constexpr int largest_k = 1076;
    static constexpr double linear = 0x1p-55;
    static constexpr double minus_one = -40.0;
};

// factor * x = k ln 2 + remainder + tail; the tail is a few rounding errors of the remainder.
template <class Real>
struct ReducedArgument {
    Vector<Real> remainder, tail;
    Integers<Real> k;
};

// For |k| <= largest_k. factor is a power of two; here rather than before the call it costs no time.
template <class Real, int largest_k>
[[gnu::always_inline]] inline ReducedArgument<Real> reduce(Vector<Real> x, Real factor = 1) {
    using C = ExpConstants<Real>;
    constexpr Real last_bit = Real(1) / (std::int64_t{1} << Format<Real>::fraction_bits);
    constexpr bool low_is_small = C::ln2_low * largest_k < 8 * last_bit && -C::ln2_low * largest_k < 8 * last_bit;
    // The last bit of what is near this is worth 1: an addition rounds to an integer, found in the low bits.
    constexpr Real to_integer = Real(1.5) * (std::int64_t{1} << Format<Real>::fraction_bits);
    const Vector<Real> shifted = fma<Real>(x, broadcast(C::log2_e * factor), broadcast(to_integer));
    const Vector<Real> k = shifted - to_integer;
    const Vector<Real> high = fma<Real>(k, broadcast(-C::ln2_high), x * factor), low = k * C::ln2_low;
    ReducedArgument<Real> reduced;
    reduced.k = as_integers<Real>(shifted) - as_integers<Real>(broadcast(to_integer));
    reduced.remainder = low_is_small ? high : high - low;
    reduced.tail = low_is_small ? -low : (high - reduced.remainder) - low;
    return reduced;
}

// 2^k for k within the exponents of normal numbers.
template <class Real>
[[gnu::always_inline]] inline Vector<Real> power_of_two(Integers<Real> k) {
    return as_reals<Real>((k + Format<Real>::exponent_bias) << Format<Real>::fraction_bits);
}

// x 2^k, rounded once, for x in [1/2, 2) and k that overflows nothing. No subnormal number is an operand or a result
// of a multiplication, which many processors leave to slow microcode: where the result is subnormal, x is rounded
// by an addition to as many bits as it keeps.
template <class Real>
[[gnu::always_inline]] inline Vector<Real> scale(Vector<Real> x, Integers<Real> k) {
    constexpr int fraction_bits = Format<Real>::fraction_bits;
    const Integers<Real> normal = as_integers<Real>(x) + (k << fraction_bits);
    const Integers<Real> last_bit_kept = (1 - k) << fraction_bits;
    const Integers<Real> subnormal = as_integers<Real>(x + as_reals<Real>(last_bit_kept)) - last_bit_kept;
    return as_reals<Real>(normal < as_integers<Real>(broadcast(Format<Real>::smallest_normal)) ? subnormal : normal);
}

// exp(remainder + tail) - 1 - remainder
template <class Real>
[[gnu::always_inline]] inline Vector<Real> expm1_beyond_linear(const ReducedArgument<Real>& x) {
    const Vector<Real> r = x.remainder;
    return fma<Real>(r * r, polynomial<Real, 2>(r, ExpConstants<Real>::exp), fma<Real>(x.tail, r, x.tail));
}

template <class Real>
[[gnu::always_inline]] inline Vector<Real> exp(Vector<Real> x) {
    using C = ExpConstants<Real>;
    const Vector<Real> outside = x < Real(0) ? broadcast(Real(0)) : x + Format<Real>::infinity;
    const Integers<Real> inside = (x > C::underflow) & (x <= C::overflow);
    const Integers<Real> considerable = magnitude_bits<Real>(x) > as_integers<Real>(broadcast(C::linear));
    const ReducedArgument<Real> reduced =
        reduce<Real, C::largest_k>(as_reals<Real>(as_integers<Real>(x) & considerable));
    const Vector<Real> power = Real(1) + (reduced.remainder + expm1_beyond_linear<Real>(reduced));
    return inside ? scale<Real>(power, reduced.k) : outside;
}

template <class Real>
[[gnu::always_inline]] inline Vector<Real> expm1(Vector<Real> x) {
    using C = ExpConstants<Real>;
    const Integers<Real> magnitude = magnitude_bits<Real>(x);
    const Integers<Real> inside =
        (magnitude > as_integers<Real>(broadcast(C::linear))) & (x > C::minus_one) & (x <= C::overflow);
    Vector<Real> outside = x > Real(1) ? broadcast(Format<Real>::infinity) : x;
    outside = x < Real(-1) ? broadcast(Real(-1)) : outside;
    const ReducedArgument<Real> reduced = reduce<Real, C::largest_k>(as_reals<Real>(as_integers<Real>(x) & inside));
    // 2^k (r + rest) + 2^k - 1; halved, as 2^k may overflow where the result does not
    const Vector<Real> half_scale = power_of_two<Real>(reduced.k - 1);
    const Vector<Real> linear = fma<Real>(half_scale, reduced.remainder, half_scale - Real(0.5));
    const Vector<Real> half = fma<Real>(half_scale, expm1_beyond_linear<Real>(reduced), linear);
    return inside ? half + half : outside;
}

}  // namespace rnncore::RNNCORE_TARGET
