"""numba's exp, expm1, log1p, tanh, sigmoid, elu, softplus: at most 2 ULP off, special values as IEEE says; slopes 4.

float32 on bit patterns spread over all of them, judged by float64; float64 judged by mpmath.
"""

from functools import cache

import mpmath
import numba
import numpy as np
import pytest

from rnncore.backends.numba import vector_math

SLOPES = ("tanh_slope", "sigmoid_slope", "elu_slope", "relu_slope")
FUNCTIONS = ("exp", "expm1", "log1p", "tanh", "sigmoid", "elu", "softplus", "relu", *SLOPES)
# A slope adds the roundings of a square and a quotient to that of exp.
ULP = {name: 4 if name in SLOPES else 2 for name in FUNCTIONS}
# What the cells need: expm1 for ELU and tanh, log1p for softplus.
DOMAINS = {
    "expm1": {"float32": (-np.inf, 20), "float64": (-np.inf, 40)},
    "log1p": dict.fromkeys(("float32", "float64"), (0, 1)),
}


@cache
def vectorised(name):
    element = getattr(vector_math, name)

    @numba.njit(error_model="numpy")
    def loop(x, y):
        for i in range(len(x)):
            y[i] = element(x[i])

    def apply(x):
        y = np.empty_like(x)
        loop(x, y)
        return y

    return apply


def within_domain(name, x):
    low, high = DOMAINS.get(name, {}).get(x.dtype.name, (-np.inf, np.inf))
    return x[(x >= low) & (x <= high)]


def exact_float64(name, x):
    x = x.astype(np.float64)
    with np.errstate(over="ignore"):
        match name:
            case "sigmoid":
                e = np.exp(-np.abs(x))
                return np.where(x >= 0, 1, e) / (1 + e)
            case "elu":
                return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))
            case "softplus":
                return np.logaddexp(0, x)
            case "relu":
                return np.maximum(x, 0)
            case "tanh_slope":
                return 4 * exact_float64("sigmoid_slope", 2 * x)
            case "sigmoid_slope":
                e = np.exp(-np.abs(x))
                return e / (1 + e) ** 2
            case "elu_slope":
                return np.exp(np.minimum(x, 0))
            case "relu_slope":
                return (x > 0).astype(np.float64)
        return getattr(np, name)(x)


def exact_mpmath(name, x):
    x = mpmath.mpf(float(x))
    match name:
        case "sigmoid":
            return 1 / (1 + mpmath.exp(-x))
        case "elu":
            return x if x > 0 else mpmath.expm1(x)
        case "softplus":
            return mpmath.log1p(mpmath.exp(x))
        case "relu":
            return max(x, mpmath.mpf(0))
        case "tanh_slope":
            return 1 / mpmath.cosh(x) ** 2
        case "sigmoid_slope":
            return 1 / (2 * mpmath.cosh(x / 2)) ** 2
        case "elu_slope":
            return mpmath.exp(min(x, mpmath.mpf(0)))
        case "relu_slope":
            return mpmath.mpf(x > 0)
    return getattr(mpmath, name)(x)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_float32_is_within_its_bound_on_bit_patterns_spread_over_all(name):
    x = within_domain(name, np.arange(0, 1 << 32, 1021, dtype=np.uint32).view(np.float32))
    exact = exact_float64(name, x)
    y = vectorised(name)(x)
    with np.errstate(over="ignore"):
        rounded = exact.astype(np.float32)
    finite = np.isfinite(rounded)
    np.testing.assert_array_equal(y[~finite], rounded[~finite])
    error = np.abs(y[finite] - exact[finite]) / np.spacing(np.abs(rounded[finite]))
    worst = np.argmax(error)
    assert error[worst] <= ULP[name], f"{name}({x[finite][worst]!r}) is {error[worst]:.2f} ULP off"


def hard_float64():
    """Every magnitude, the borders of the range reductions, and what exceeds or underflows."""
    rng = np.random.default_rng(7)
    magnitudes = np.ldexp(rng.uniform(1, 2, 1500), rng.integers(-60, 10, 1500))
    borders = np.log(2) * (rng.integers(-40, 40, 300) + 0.5) * (1 + rng.integers(-3, 4, 300) * 2.0**-52)
    extremes = np.concatenate([rng.uniform(-746, -700, 200), rng.uniform(700, 710, 50)])
    subnormal = np.ldexp(rng.uniform(0.5, 1, 50), rng.integers(-1073, -1022, 50))
    x = np.concatenate([magnitudes, borders, extremes, subnormal, rng.uniform(-2, 2, 1500)])
    return np.concatenate([x, -x])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_float64_is_within_its_bound_of_mpmath(name):
    x = within_domain(name, hard_float64())
    x = x[np.abs(x) < 709]
    with mpmath.workprec(160):
        for value, y in zip(x, vectorised(name)(x)):
            exact = exact_mpmath(name, value)
            ulp = mpmath.mpf(float(np.spacing(np.abs(float(exact)))))
            error = abs(mpmath.mpf(float(y)) - exact) / ulp
            assert error <= ULP[name], f"{name}({float(value).hex()}) is {float(error):.2f} ULP off"


LIMITS = {
    "exp": (0, np.inf),
    "expm1": (-1, None),
    "tanh": (-1, 1),
    "sigmoid": (0, 1),
    "elu": (-1, np.inf),
    "softplus": (0, np.inf),
    "relu": (0, np.inf),
    "tanh_slope": (0, 0),
    "sigmoid_slope": (0, 0),
    "elu_slope": (0, 1),
    "relu_slope": (0, 1),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nan_and_infinities_follow_ieee(name, dtype):
    assert np.isnan(vectorised(name)(np.full(19, np.nan, dtype))).all()
    for x, expected in zip((-np.inf, np.inf), LIMITS.get(name, (None, None))):
        if expected is not None:
            np.testing.assert_array_equal(vectorised(name)(np.full(19, x, dtype)), np.full(19, expected, dtype))


@pytest.mark.parametrize("name", ["tanh", "expm1", "elu"])
def test_functions_that_are_x_near_zero_keep_the_sign_of_zero_and_subnormals(name, dtype):
    smallest = np.finfo(dtype).smallest_subnormal
    x = np.array([0.0, -0.0, smallest, -smallest, 5 * smallest, -7 * smallest], dtype)
    y = vectorised(name)(x)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(np.signbit(y), np.signbit(x))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_element_does_not_depend_on_its_place_or_neighbours(name, dtype):
    x = within_domain(name, np.random.default_rng(3).normal(0, 3, 203).astype(dtype))
    alone = np.concatenate([vectorised(name)(x[i : i + 1]) for i in range(len(x))])
    for start in range(9):
        np.testing.assert_array_equal(vectorised(name)(x[start:]), alone[start:])
