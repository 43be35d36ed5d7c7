"""Enclosures of nonlinearities and their slopes against mpmath, with 60 digits."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.stability_analysis.functions import slope, value
from rnncore.stability_analysis.interval import Interval

VALUES = {
    "identity": lambda z: z,
    "relu": lambda z: max(z, mpmath.mpf(0)),
    "tanh": mpmath.tanh,
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)),
    "elu": lambda z: z if z > 0 else mpmath.expm1(z),
    "softplus": lambda z: mpmath.log1p(mpmath.exp(z)),
}
SLOPES = {
    "identity": lambda z: mpmath.mpf(1),
    "relu": lambda z: mpmath.mpf(z > 0),
    "tanh": lambda z: mpmath.sech(z) ** 2,
    "sigmoid": lambda z: mpmath.exp(-abs(z)) / (1 + mpmath.exp(-abs(z))) ** 2,
    "elu": lambda z: mpmath.mpf(1) if z > 0 else mpmath.exp(z),
    "softplus": VALUES["sigmoid"],
}
names = pytest.mark.parametrize("name", VALUES)
arguments = st.one_of(
    st.floats(-50, 50),
    st.floats(-1e-3, 1e-3),
    st.floats(-800, 800),
    st.sampled_from([0.0, 5e-324, -5e-324, 1e308, -1e308]),
)


def assert_between(box, number):
    slack = abs(number) * mpmath.mpf(10) ** -55  # of mpmath's own rounding
    assert mpmath.mpf(float(box.lower)) <= number + slack and number - slack <= mpmath.mpf(float(box.upper))


@names
@settings(max_examples=60, deadline=None)
@given(a=arguments, b=arguments, share=st.floats(0, 1))
def test_values_and_slopes_over_intervals_hold_those_of_mpmath(name, a, b, share):
    lower, upper = sorted((a, b))
    box = Interval(np.float64(lower), np.float64(upper))
    between = min(max(lower * (1 - share) + share * upper, lower), upper)
    points = [lower, upper, between] + ([0.0] if lower <= 0 <= upper else [])
    with mpmath.workdps(60):
        for point in points:
            z = (
                mpmath.mpf(point) if abs(point) < 1e5 else mpmath.mpf(np.sign(point)) * 10**5
            )  # beyond: the same in 60 digits
            found, tilt = value(name, box), slope(name, box)
            assert_between(tilt, SLOPES[name](z))
            if abs(point) < 1e5:
                assert_between(found, VALUES[name](z))


@names
@settings(max_examples=60, deadline=None)
@given(z=arguments)
def test_enclosures_of_points_are_narrow(name, z):
    """Twice 16 units in the last place, and what beside tiny numbers is added."""
    for enclose in (value, slope):
        box = enclose(name, Interval.exact(z))
        if enclose is slope and name == "relu" and z == 0:
            assert (box.lower, box.upper) == (0, 1)
        else:
            assert box.upper - box.lower <= 33 * 2.0**-52 * box.magnitude + 2.0**-1050


@names
def test_open_boxes_have_the_limits(name):
    whole = Interval(np.float64(-np.inf), np.float64(np.inf))
    tilt, found = slope(name, whole), value(name, whole)
    assert tilt.lower <= (1 if name == "identity" else 2.0**-1000) and 0.25 <= tilt.upper <= 1
    least = {"tanh": -1, "sigmoid": 0, "relu": 0, "elu": -1, "softplus": 0}.get(name, -np.inf)
    assert found.lower <= least + 2.0**-1000 and found.upper == (1 if name in ("tanh", "sigmoid") else np.inf)


def test_of_what_is_not_known_a_relu_has_both_slopes():
    unknown = Interval(np.float64(np.nan), np.float64(np.nan))
    assert (slope("relu", unknown).lower, slope("relu", unknown).upper) == (0, 1)
