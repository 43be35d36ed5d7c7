"""exp, expm1, log1p, the nonlinearities and their slopes without branches, so that loops over them become vector code.

Each is one formula for both precisions. All multiply-adds are written out: an element's bits depend neither on its
place in the loop nor on the loop it is in.
"""

from types import SimpleNamespace

import numpy as np
from numba.core import types
from numba.extending import overload, register_jitable

from .simd import multiply_add, polynomial, power_of_two

# Chebyshev interpolants: (e^r - 1 - r) / r² on |r| ≤ ln 2 / 2 (relative error of e^r - 1 below 6e-10 and 6e-19), and
# with s = f / (2 + f): (log1p(f) / s - 2) / s² as a function of s² ≤ 0.04 (9e-11 and 6e-19).
FLOAT32 = SimpleNamespace(
    real=np.float32,
    exp_terms=(0.5, 0.1666666716337204, 0.04166646674275398, 0.00833331048488617, 0.0013933649752289057,
               0.00019890991097781807),
    log_terms=(0.6666666865348816, 0.4000031352043152, 0.28532543778419495, 0.23751342296600342),
    ln2=(0.693359375, -0.00021219444005469057),
    exp_limits=(-104.0, 89.0),
    rounder=1.5 * 2.0**23,
    saturated=10.0,
    linear=2.0**-26,
)  # fmt: skip
FLOAT64 = SimpleNamespace(
    real=np.float64,
    exp_terms=(0.5, 0.1666666666666667, 0.04166666666666667, 0.008333333333326136, 0.0013888888888883748,
               0.00019841269874820627, 2.4801587325547743e-05, 2.7557255400206422e-06, 2.75572736431103e-07,
               2.5105217004720745e-08, 2.0914686968086876e-09),
    log_terms=(0.6666666666666666, 0.4000000000000794, 0.28571428567275936, 0.2222222304835159, 0.18181737626302938,
               0.15388867805613718, 0.13209708242059462, 0.13609030262858499),
    ln2=(0.6931471803691238, 1.9082149292705877e-10),
    exp_limits=(-746.0, 710.0),
    rounder=1.5 * 2.0**52,
    saturated=20.0,
    linear=2.0**-55,
)  # fmt: skip


def _functions(precision):
    real = precision.real
    zero, half, one, two = (real(value) for value in (0, 0.5, 1, 2))
    exp_terms = tuple(real(term) for term in precision.exp_terms)
    log_terms = tuple(real(term) for term in precision.log_terms)
    # ln 2 = high + low, high with so few bits that whole multiples of it are exact.
    log2_e, ln2_high, ln2_low = real(1 / np.log(2)), real(precision.ln2[0]), real(precision.ln2[1])
    least, most = (real(limit) for limit in precision.exp_limits)
    # Adding 1.5 · 2^mantissa drops the fraction of a small number, rounding to nearest.
    rounder, saturated, linear = (real(v) for v in (precision.rounder, precision.saturated, precision.linear))

    @register_jitable
    def whole(x):
        return (x + rounder) - rounder

    @register_jitable
    def exp(x):
        """2ⁿ eʳ, x = n ln 2 + r; 2ⁿ in two factors, so that the result may be subnormal."""
        x = most if x > most else x
        x = least if x < least else x
        n = whole(x * log2_e)
        r = multiply_add(n, -ln2_low, multiply_add(n, -ln2_high, x))
        e = one + multiply_add(polynomial(r, exp_terms), r * r, r)
        first = whole(n * half)
        return e * power_of_two(first) * power_of_two(n - first)

    @register_jitable
    def expm1_between(x):
        """(2ⁿ - 1) + 2ⁿ(eʳ - 1), the rounding errors of r and of the sum carried along; |x| ≤ 2 · saturated."""
        n = whole(x * log2_e)
        remainder = multiply_add(n, -ln2_high, x)
        low = n * ln2_low
        r = remainder - low
        r_error = (remainder - r) - low
        tail = multiply_add(polynomial(r, exp_terms), r * r, r_error)
        scale = power_of_two(n)
        integer, fraction = scale - one, scale * r
        e = integer + fraction
        e_error = fraction - (e - integer)
        return e + multiply_add(scale, tail, e_error)

    @register_jitable
    def expm1(x):
        """For x up to 2 · saturated; where x² no longer counts x itself, with its sign."""
        y = -two * saturated if x < -two * saturated else x
        return x if abs(x) < linear else expm1_between(y)

    @register_jitable
    def tanh(x):
        """t = e / (e + 2), e = e^{2|x|} - 1, with the sign of x; for small e as e/2 - e/2 · t, which rounds less."""
        y = abs(x)
        y = saturated if y > saturated else y
        e = expm1_between(two * y)
        t = e / (e + two)
        near_zero = multiply_add(-half * e, t, half * e)
        return np.copysign(near_zero if e < one else t, x)

    @register_jitable
    def sigmoid(x):
        """q = e / (1 + e), e = e^{-|x|}; 1 - q for x ≥ 0, e - e q for x < 0, which rounds less than q."""
        e = exp(-abs(x))
        leading = one if x >= zero else e
        return multiply_add(-leading, e / (one + e), leading)

    @register_jitable
    def log1p(x):
        """k ln 2 + log1p(f), x in [0, 1]; log1p(f) = f - f²/2 + s (f²/2 + R(s²)), s = f / (2 + f)."""
        large = x > half
        f = (x - one) * half if large else x
        high = ln2_high if large else zero
        low = ln2_low if large else zero
        s = f / (two + f)
        square = s * s
        half_square = half * f * f
        correction = multiply_add(s, multiply_add(polynomial(square, log_terms), square, half_square), low)
        return high + (f - (half_square - correction))

    @register_jitable
    def softplus(x):
        return (x if x > zero else zero) + log1p(exp(-abs(x)))

    @register_jitable
    def elu(x):
        return x if x > zero else expm1(zero if x > zero else x)

    @register_jitable
    def relu(x):
        return zero if x < zero else x

    # Slopes from x, not from φ(x): 1 - tanh² would lose all its digits, and at last be 0, where a unit saturates.

    @register_jitable
    def sigmoid_slope(x):
        e = exp(-abs(x))
        return e / ((one + e) * (one + e))

    @register_jitable
    def tanh_slope(x):
        """1 / cosh² x"""
        return two * two * sigmoid_slope(two * x)

    @register_jitable
    def relu_slope(x):
        """0 at the kink; NaN stays NaN."""
        slope = one if x > zero else zero
        return slope if x == x else x

    @register_jitable
    def elu_slope(x):
        return exp(zero if x > zero else x)

    return {"exp": exp, "expm1": expm1, "tanh": tanh, "sigmoid": sigmoid, "log1p": log1p, "softplus": softplus,
            "elu": elu, "relu": relu, "tanh_slope": tanh_slope, "sigmoid_slope": sigmoid_slope,
            "elu_slope": elu_slope, "relu_slope": relu_slope}  # fmt: skip


_BY_PRECISION = {types.float32: _functions(FLOAT32), types.float64: _functions(FLOAT64)}


def _generic(name):
    def function(x):
        raise NotImplementedError(f"{name} runs in compiled code only")

    function.__name__ = name
    overload(function)(lambda x: _BY_PRECISION[x][name] if x in _BY_PRECISION else None)
    return function


exp, expm1, tanh, sigmoid, log1p, softplus, elu, relu = map(
    _generic, ("exp", "expm1", "tanh", "sigmoid", "log1p", "softplus", "elu", "relu")
)
tanh_slope, sigmoid_slope, elu_slope, relu_slope = map(
    _generic, ("tanh_slope", "sigmoid_slope", "elu_slope", "relu_slope")
)
