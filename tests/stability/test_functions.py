"""Enclosures of nonlinearities and slopes against mpmath."""

import mpmath
import numpy as np
import pytest

from rnncore.cells import NONLINEARITIES
from rnncore.stability_analysis.functions import slope, value
from rnncore.stability_analysis.interval import Interval

VALUES = {
    "identity": lambda z: z,
    "tanh": mpmath.tanh,
    "relu": lambda z: max(z, mpmath.mpf(0)),
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)),
    "elu": lambda z: z if z > 0 else mpmath.expm1(z),
    "softplus": lambda z: mpmath.log1p(mpmath.exp(z)),
}
SLOPES = {
    "identity": lambda z: mpmath.mpf(1),
    "tanh": lambda z: mpmath.sech(z) ** 2,
    "relu": lambda z: mpmath.mpf(z > 0),
    "sigmoid": lambda z: mpmath.exp(-abs(z)) / (1 + mpmath.exp(-abs(z))) ** 2,
    "elu": lambda z: mpmath.mpf(1) if z > 0 else mpmath.exp(z),
    "softplus": lambda z: 1 / (1 + mpmath.exp(-z)),
}
POINTS = np.concatenate(
    [np.random.default_rng(0).normal(size=200) * scale for scale in (1e-12, 0.1, 3.0, 40.0)]
    + [[0.0, 710.0, -710.0, 1e5]]
)


@pytest.mark.parametrize("name", NONLINEARITIES)
@pytest.mark.parametrize(("enclose", "exact"), [(value, VALUES), (slope, SLOPES)], ids=["value", "slope"])
def test_points_lie_in_their_enclosures_which_are_narrow(name, enclose, exact):
    with mpmath.workdps(60), np.errstate(all="ignore"):
        found = enclose(name, Interval.exact(POINTS))
        for point, lower, upper in zip(POINTS.tolist(), found.lower.tolist(), found.upper.tolist()):
            truth = exact[name](mpmath.mpf(point))
            assert lower <= truth <= upper
            if point:  # at zero ReLU has every slope between 0 and 1
                assert upper - lower <= 100 * 2.0**-52 * abs(truth) + 1e-300  # the margin is 16 units on each side


@pytest.mark.parametrize("name", NONLINEARITIES)
def test_intervals_hold_what_is_between(name):
    rng = np.random.default_rng(1)
    ends = np.sort(rng.normal(size=(2, 300)) * 3, axis=0)
    box = Interval(*ends)
    with np.errstate(all="ignore"):
        values, slopes = value(name, box), slope(name, box)
        for share in np.linspace(0, 1, 7):
            inner = Interval.exact(np.clip(ends[0] + share * (ends[1] - ends[0]), *ends))
            assert values.contains(value(name, inner).middle)
            assert slopes.contains(slope(name, inner).middle)
