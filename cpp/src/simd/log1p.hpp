// log(1 + x) = k ln 2 + log(1 + f) with 2^-k (1 + x) = 1 + f in [sqrt(1/2), sqrt(2)).
#pragma once

#include "exp.hpp"
#include "polynomial.hpp"
#include "vector.hpp"

namespace rnncore::RNNCORE_TARGET {

// log(1 + f) = 2 artanh(s) = 2 s + s z L(z) with s = f / (2 + f), z = s^2 <= 0.0295.
// L minimises the largest relative error of log(1 + f), then is rounded to Real.
template <class Real>
struct Log1pConstants;

template <>
struct Log1pConstants<float> {
    // degree 2; log(1 + f) to a relative 2^-30
    static constexpr float L[] = {0x1.55557ap-1f, 0x1.995ed0p-2f, 0x1.31e0d6p-2f};
    static constexpr float linear = 0x1p-30f;  // below, log1p(x) = x
};

template <>
struct Log1pConstants<double> {
    // degree 6; log(1 + f) to a relative 2^-59
    static constexpr double L[] = {0x1.5555555555592p-1, 0x1.999999997fef2p-2, 0x1.24924941e08e2p-2,
                                   0x1.c71c52163f6c1p-3, 0x1.74663c5ff581ap-3, 0x1.39a1f98c744ecp-3,
                                   0x1.2f03010601ed6p-3};
    static constexpr double linear = 0x1p-60;
};

template <class Real>
[[gnu::always_inline]] inline Vector<Real> log1p(Vector<Real> x) {
    using C = Log1pConstants<Real>;
    constexpr int fraction_bits = Format<Real>::fraction_bits;
    constexpr Real sqrt_half = Real(0.70710678118654752440), infinity = Format<Real>::infinity;
    const Integers<Real> inside =
        (magnitude_bits<Real>(x) > as_integers<Real>(broadcast(C::linear))) & (x > Real(-1)) & (x < infinity);
    Vector<Real> outside = x < Real(-0.5) ? broadcast(Format<Real>::nan) : x;
    outside = x == Real(-1) ? broadcast(-infinity) : outside;
    x = as_reals<Real>(as_integers<Real>(x) & inside);

    const Vector<Real> one_plus_x = Real(1) + x;
    // what rounding took from 1 + x; exact while x matters beside 1
    const Vector<Real> lost = x - (one_plus_x - Real(1));
    // the exponent of (1 + x) / sqrt(1/2), biased
    const Integers<Real> one = as_integers<Real>(broadcast(Real(1)));
    const Integers<Real> bits = as_integers<Real>(one_plus_x) + (one - as_integers<Real>(broadcast(sqrt_half)));
    const Integers<Real> exponent = shift_right<Real>(bits, fraction_bits);
    constexpr Real to_real = Real(std::int64_t{1} << fraction_bits);
    const Vector<Real> k =
        as_reals<Real>(exponent | as_integers<Real>(broadcast(to_real))) - (to_real + Format<Real>::exponent_bias);
    const Integers<Real> shift = (exponent << fraction_bits) - one;
    // beyond the fraction's bits nothing was lost that matters, and 2^-k could be subnormal
    const Integers<Real> modest = exponent < Format<Real>::exponent_bias + 2 * fraction_bits;
    const Vector<Real> lost_scaled = lost * as_reals<Real>((one - shift) & modest);
    const Vector<Real> whole = as_reals<Real>(as_integers<Real>(one_plus_x) - shift) - Real(1);
    const Vector<Real> f = whole + lost_scaled;
    const Vector<Real> f_tail = lost_scaled - (f - whole);

    // With h = f^2 / 2: 2 s = f - s f = f - h + s h, so that the largest term, f, is added last and unrounded.
    const Vector<Real> s = f / (f + Real(2)), z = s * s, h = Real(0.5) * f * f;
    const Vector<Real> R = z * polynomial<Real>(z, C::L);
    const Vector<Real> small = fma<Real>(s, h + R, fma<Real>(k, broadcast(ExpConstants<Real>::ln2_low), f_tail));
    const Vector<Real> result = fma<Real>(k, broadcast(ExpConstants<Real>::ln2_high), f - (h - small));
    return inside ? result : outside;
}

}  // namespace rnncore::RNNCORE_TARGET
