"""The native exp, expm1, log1p, tanh, sigmoid, elu and softplus, on every instruction set this machine has.

float32 on bit patterns spread over all of them, judged by float64 (tests/exhaustive/ looks at every one); float64
judged by mpmath.
"""

from functools import cache

import mpmath
import numpy as np
import pytest

from rnncore.backends.native import available_targets, vector_function

from ..exhaustive.vector_math import EXACT, PROMISED_ULP, error_in_ulp, exact

pytestmark = pytest.mark.parametrize("target", available_targets())
every_function = pytest.mark.parametrize("name", EXACT)

IN_DIGITS = {
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "elu": lambda x: x if x > 0 else mpmath.expm1(x),
    "softplus": lambda x: max(x, 0) + mpmath.log1p(mpmath.exp(-abs(x))),
}


@every_function
def test_float32_is_within_two_ulp_on_bit_patterns_spread_over_all(name, target):
    x = np.arange(0, 1 << 32, 2039, dtype=np.uint32).view(np.float32)
    error = error_in_ulp(vector_function(name, x, target), exact(name, x))
    worst = error.argmax()
    assert error[worst] <= PROMISED_ULP, f"{name}({float(x[worst]).hex()}) is {error[worst]:.2f} ULP off"


def neighbours(x):
    return [x, *(np.nextafter(x, way) for way in (-np.inf, np.inf))]


def hard_float64():
    """Every magnitude, the steps of the range reductions, where formulas change, near overflow and underflow."""
    rng = np.random.default_rng(7)
    magnitudes = np.ldexp(rng.uniform(1, 2, 1000), rng.integers(-80, 10, 1000))
    steps = np.log(2) * (np.concatenate([np.arange(40), rng.integers(40, 1075, 60)]) + 0.5)
    steps_of_log1p = np.ldexp(np.sqrt(0.5), np.arange(-1, 60)) - 1
    changes = np.array(
        [2.0**-55, 2.0**-60, 2.0**-28, 0.625, 19.1, 40, 559.5, 708.396, 709.78271289338397, 745.13321910194122]
    )
    extremes = np.concatenate([rng.uniform(700, 709.78, 100), rng.uniform(708, 746, 200)])
    subnormal = np.ldexp(rng.uniform(0.5, 1, 50), rng.integers(-1073, -1022, 50))
    near_minus_one = 1 - np.ldexp(rng.uniform(0.5, 1, 100), rng.integers(-52, 0, 100))
    hard = [*neighbours(steps), *neighbours(steps / 2), *neighbours(steps_of_log1p), *neighbours(changes)]
    x = np.concatenate([magnitudes, *hard, extremes, subnormal, near_minus_one, rng.uniform(-3, 3, 800)])
    return np.concatenate([x, -x])


@cache
def exact_float64(name):
    """Arguments, and the function's value as a sum of two float64 and its last place."""
    x = hard_float64()
    if name == "log1p":
        x = x[x > -1]
    function = IN_DIGITS.get(name) or getattr(mpmath, name)
    high, low, last_place = np.empty((3, len(x)))
    with mpmath.workdps(40):
        for i, value in enumerate(x):
            y = function(mpmath.mpf(float(value)))
            high[i] = float(y)
            low[i] = float(y - high[i]) if np.isfinite(high[i]) else 0
            last_place[i] = np.ldexp(1.0, min(max(mpmath.frexp(y)[1] - 53, -1074), 971))
    return x, high, low, last_place


@every_function
def test_float64_is_within_two_ulp_of_mpmath(name, target):
    x, high, low, last_place = exact_float64(name)
    got = vector_function(name, x, target)
    np.testing.assert_array_equal(got[np.isinf(high)], high[np.isinf(high)])
    finite = np.isfinite(high)
    error = np.abs((got[finite] - high[finite]) - low[finite]) / last_place[finite]
    worst = error.argmax()
    assert error[worst] <= PROMISED_ULP, f"{name}({float(x[finite][worst]).hex()}) is {error[worst]:.2f} ULP off"


LIMITS = {  # at -inf and inf
    "exp": (0, np.inf),
    "expm1": (-1, np.inf),
    "log1p": (np.nan, np.inf),
    "tanh": (-1, 1),
    "sigmoid": (0, 1),
    "elu": (-1, np.inf),
    "softplus": (0, np.inf),
}


@every_function
def test_nan_and_infinities_follow_ieee(name, target, dtype):
    np.testing.assert_array_equal(
        vector_function(name, np.array([-np.inf, np.inf, np.nan, -np.nan], dtype), target),
        np.array([*LIMITS[name], np.nan, np.nan], dtype),
    )


def test_log1p_has_its_pole_at_minus_one(target, dtype):
    x = np.array([-1, np.nextafter(dtype.type(-1), dtype.type(-2)), -2], dtype)
    np.testing.assert_array_equal(vector_function("log1p", x, target), [-np.inf, np.nan, np.nan])


@pytest.mark.parametrize("name", ["expm1", "log1p", "tanh", "elu"])
def test_functions_that_are_x_near_zero_keep_the_sign_of_zero_and_subnormals(name, target, dtype):
    smallest = np.finfo(dtype).smallest_subnormal
    x = np.array([0.0, -0.0, smallest, -smallest, 5 * smallest, -7 * smallest], dtype)
    y = vector_function(name, x, target)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(np.signbit(y), np.signbit(x))


@pytest.mark.parametrize("name", ["exp", "sigmoid", "softplus"])
def test_results_underflow_gradually(name, target, dtype):
    smallest = float(np.finfo(dtype).smallest_subnormal)
    multiples = np.array([1, 2, 3, 1000, 123456])
    x = (np.log(multiples) + np.log(smallest)).astype(dtype)
    want = np.exp(x.astype(np.longdouble)) / smallest
    np.testing.assert_allclose(vector_function(name, x, target) / smallest, want.astype(float), rtol=2e-15, atol=1)


@every_function
def test_an_element_does_not_depend_on_its_place_or_neighbours(name, target, dtype):
    x = np.random.default_rng(3).normal(0, 3, 203).astype(dtype)
    x[::20] = [np.nan, np.inf, -np.inf, 1e-310, 0, -0.0, 1e-40, 104, -104, 1e30, -1e30]
    alone = np.concatenate([vector_function(name, x[i : i + 1], target) for i in range(len(x))])
    for length in (*range(1, 40), 203):
        for start in (0, 1, 7, 203 - length):
            piece = slice(start, start + length)
            np.testing.assert_array_equal(vector_function(name, x[piece], target), alone[piece][: len(x[piece])])
