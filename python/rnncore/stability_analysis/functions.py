"""Enclosures of the nonlinearities and of their slopes.

exp, tanh and log1p of a C library err by a few units in the last place at most (the GNU C Library's manual gives 2 for
double precision, NumPy's vectorised ones promise 4); bounds are taken ``_MARGIN`` of them farther out.
"""

import numpy as np

from .interval import Interval, as_interval

_MARGIN = 16 * 2.0**-52  # relative
_TINY = 2.0**-1060  # beside it, where results are subnormal


def value(name, argument):
    """φ over an interval; all of them are monotone."""
    argument = as_interval(argument)
    function, exact, least, most = _VALUES[name]
    with np.errstate(over="ignore", under="ignore"):
        lower, upper = function(argument.lower), function(argument.upper)
    if not exact:
        lower, upper = _outward(lower, -1), _outward(upper, 1)
    return Interval(np.clip(lower, least, most), np.clip(upper, least, most))


def slope(name, argument):
    """φ' over an interval; for kinks every number between the slopes of both sides."""
    argument = as_interval(argument)
    if name == "identity":
        return Interval.exact(np.ones(argument.shape))
    if name == "relu":
        return Interval(np.where(argument.lower > 0, 1.0, 0.0), np.where(argument.upper < 0, 0.0, 1.0))
    if name == "softplus":
        return value("sigmoid", argument)
    if name == "elu":  # exp below zero, 1 above
        with np.errstate(under="ignore"):
            lower = np.where(argument.lower >= 0, 1.0, _outward(np.exp(np.minimum(argument.lower, 0)), -1))
            upper = np.where(argument.upper >= 0, 1.0, _outward(np.exp(np.minimum(argument.upper, 0)), 1))
        return Interval(np.clip(lower, 0, 1), np.clip(upper, 0, 1))
    # tanh and sigmoid: even, falling away from zero
    nearest = np.maximum(np.maximum(argument.lower, -argument.upper), 0.0)
    farthest = argument.magnitude
    peak = 1.0 if name == "tanh" else 0.25
    with np.errstate(over="ignore", under="ignore"):
        lower, upper = _outward(_BELLS[name](farthest), -1), _outward(_BELLS[name](nearest), 1)
    return Interval(np.clip(lower, 0, peak), np.clip(upper, 0, peak))


def _outward(values, direction):
    return values + direction * (_MARGIN * np.abs(values) + _TINY)


def _sigmoid(argument):
    small = np.exp(-np.abs(argument))
    return np.where(argument >= 0, 1.0, small) / (1 + small)


def _softplus(argument):
    return np.maximum(argument, 0) + np.log1p(np.exp(-np.abs(argument)))


def _tanh_slope(magnitude):
    """1 / cosh², without the cancellation of 1 - tanh²."""
    small = np.exp(-2 * magnitude)
    return 4 * small / (1 + small) ** 2


def _sigmoid_slope(magnitude):
    small = np.exp(-magnitude)
    return small / (1 + small) ** 2


# function, whether it is exact, and what it never leaves
_VALUES = {
    "identity": (lambda argument: argument, True, -np.inf, np.inf),
    "relu": (lambda argument: np.maximum(argument, 0), True, 0.0, np.inf),
    "tanh": (np.tanh, False, -1.0, 1.0),
    "sigmoid": (_sigmoid, False, 0.0, 1.0),
    "elu": (lambda argument: np.where(argument > 0, argument, np.expm1(np.minimum(argument, 0))), False, -1.0, np.inf),
    "softplus": (_softplus, False, 0.0, np.inf),
}
_BELLS = {"tanh": _tanh_slope, "sigmoid": _sigmoid_slope}
