// tanh: a polynomial near zero, elsewhere by one exponential and one division.
#pragma once

#include "exp.hpp"
#include "polynomial.hpp"
#include "vector.hpp"

namespace rnncore::RNNCORE_TARGET {

// tanh(x) = x + x^3 P(x^2) for |x| <= 0.625. P minimises the largest error times x^2 + 0.01, about the relative error
// of tanh(x), and is then rounded to Real.
template <class Real>
struct TanhConstants;

template <>
struct TanhConstants<float> {
    // degree 4; tanh(x) to a relative 2^-27
    static constexpr float P[] = {-0x1.55553cp-2f, 0x1.11088ap-3f, -0x1.b862c0p-5f, 0x1.52fe48p-6f, -0x1.7931dcp-8f};
    static constexpr float linear = 0x1p-13f;  // below, tanh(x) = x
    static constexpr float saturation = 9.1f;  // above, tanh(x) = 1
    static constexpr int largest_k = 27;
};

template <>
struct TanhConstants<double> {
    // degree 10; tanh(x) to a relative 2^-56
    static constexpr double P[] = {-0x1.555555555553ep-2,  0x1.111111110e0bep-3,  -0x1.ba1ba1b6f83cfp-5,
                                   0x1.664f47c686428p-6,   -0x1.226e1ce2bbd3dp-7, 0x1.d6cfe6d65fb4fp-9,
                                   -0x1.7d6f7638bdd3cp-10, 0x1.338e59d23aac4p-11, -0x1.e07d880587c83p-13,
                                   0x1.45f983b0ee760p-14,  -0x1.11fdc488dc471p-16};
    static constexpr double linear = 0x1p-28;
    static constexpr double saturation = 19.1;
    static constexpr int largest_k = 56;
};

// The exponential's own rounding errors reach 1 - 2 / (exp(2 |x|) + 1) reduced by the last term's share of it.
template <class Real>
[[gnu::always_inline]] inline Vector<Real> tanh(Vector<Real> x) {
    using C = TanhConstants<Real>;
    const Integers<Real> magnitude = magnitude_bits<Real>(x), sign = as_integers<Real>(x) ^ magnitude;
    const Integers<Real> linear = as_integers<Real>(broadcast(C::linear));
    const Integers<Real> saturation = as_integers<Real>(broadcast(C::saturation));
    Integers<Real> clamped = magnitude > linear ? magnitude : linear;
    clamped = clamped < saturation ? clamped : saturation;
    const ReducedArgument<Real> twice =
        reduce<Real, C::largest_k>(as_reals<Real>(clamped), 2);  // its tail does not matter
    const Vector<Real> exp_remainder = polynomial<Real>(twice.remainder, ExpConstants<Real>::exp);
    const Vector<Real> exp_plus_1 = fma<Real>(power_of_two<Real>(twice.k), exp_remainder, broadcast(Real(1)));
    const Vector<Real> far = as_reals<Real>(as_integers<Real>(Real(1) - Real(2) / exp_plus_1) | sign);

    const Vector<Real> x_or_0 = as_reals<Real>(as_integers<Real>(x) & (magnitude > linear)), square = x_or_0 * x_or_0;
    const Vector<Real> near = x + (x_or_0 * square) * polynomial<Real>(square, C::P);
    return as_reals<Real>(magnitude) >= Real(0.625) ? far : near;  // NaN by near
}

}  // namespace rnncore::RNNCORE_TARGET
