"""Interval arithmetic against rational numbers, of all magnitudes that float64 has."""

from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.stability_analysis.interval import (
    Interval,
    as_interval,
    matrix_product,
    nonnegative_product,
    product,
    scaled_rows,
)

finite = st.floats(allow_nan=False, allow_infinity=False)
seeds = st.integers(0, 2**32 - 1)
magnitudes = st.sampled_from([1.0, 1e-3, 1e-160, 1e-300, 1e-310, 5e-324, 1e150, 1e300])
searched = settings(max_examples=60, deadline=None)


def random_numbers(rng, shape, magnitude):
    """Of both signs, with exponents around ``magnitude`` and some zeros."""
    with np.errstate(under="ignore"):
        numbers = rng.normal(size=shape) * 10.0 ** rng.uniform(-3, 3, size=shape) * magnitude
    return np.where(rng.random(shape) < 0.1, 0.0, numbers)


def random_box(rng, shape, magnitude):
    first, second = random_numbers(rng, shape, magnitude), random_numbers(rng, shape, magnitude)
    narrow = rng.random(shape) < 0.5
    second = np.where(narrow, first, second)
    return Interval(np.minimum(first, second), np.maximum(first, second))


def points_in(rng, box):
    share = np.rint(rng.random(box.shape)) if rng.random() < 0.7 else rng.random(box.shape)
    return np.clip(box.lower * (1 - share) + share * box.upper, box.lower, box.upper)


def rational(array):
    return [[Fraction(entry) for entry in row] for row in np.atleast_2d(array).tolist()]


def exact_product(first, second):
    return [
        [sum((a * b for a, b in zip(row, column)), Fraction(0)) for column in zip(*second)] for row in rational(first)
    ]


def below(bound, number):
    return bound == -np.inf or (bound != np.inf and Fraction(float(bound)) <= number)


def above(bound, number):
    return bound == np.inf or (bound != -np.inf and Fraction(float(bound)) >= number)


def assert_holds(interval, numbers):
    for lower, upper, number in zip(interval.lower.ravel(), interval.upper.ravel(), numbers, strict=True):
        assert below(lower, number) and above(upper, number)


@settings(max_examples=300, deadline=None)
@given(a=finite, b=finite, c=finite, d=finite, share=st.sampled_from([0.0, 0.3, 1.0]))
def test_sums_differences_and_products_hold_the_exact_ones(a, b, c, d, share):
    first, second = Interval(*map(np.float64, sorted((a, b)))), Interval(*map(np.float64, sorted((c, d))))
    for x in (first.lower, first.upper, np.clip(first.lower * (1 - share) + share * first.upper, *sorted((a, b)))):
        for y in (second.lower, second.upper):
            x_exact, y_exact = Fraction(float(x)), Fraction(float(y))
            with np.errstate(all="ignore"):
                found = first + second, first - second, first * second, x + second, x - second, x * second
            exact = x_exact + y_exact, x_exact - y_exact, x_exact * y_exact
            for interval, number in zip(found, exact * 2, strict=True):
                assert below(interval.lower, number) and above(interval.upper, number)


@settings(max_examples=200, deadline=None)
@given(a=finite, b=finite)
def test_middle_and_radius_cover_the_interval(a, b):
    with np.errstate(over="ignore"):
        box = Interval(*map(np.float64, sorted((a, b))))
        middle, radius = box.middle, box.radius
    assert box.lower <= middle <= box.upper
    middle = Fraction(float(middle))
    assert above(radius, Fraction(float(box.upper)) - middle) and above(radius, middle - Fraction(float(box.lower)))


@searched
@given(seed=seeds, weights=magnitudes, values=magnitudes, sparse=st.booleans())
def test_products_with_exact_matrices_hold_the_exact_ones(seed, weights, values, sparse):
    rng = np.random.default_rng(seed)
    weight = random_numbers(rng, rng.integers(1, 7, size=2), weights)
    box = random_box(rng, weight.shape[1], values)
    with np.errstate(all="ignore"):
        found = product(scipy.sparse.csr_array(weight) if sparse else weight, box)
    for _ in range(5):
        exact = exact_product(weight, rational(points_in(rng, box)[:, None]))
        assert_holds(found, [entry for row in exact for entry in row])


@searched
@given(seed=seeds, first=magnitudes, second=magnitudes)
def test_products_of_interval_matrices_hold_the_exact_ones(seed, first, second):
    rng = np.random.default_rng(seed)
    rows, inner, columns = rng.integers(1, 6, size=3)
    a, b = random_box(rng, (rows, inner), first), random_box(rng, (inner, columns), second)
    with np.errstate(all="ignore"):
        found = matrix_product(a, b)
    for _ in range(5):
        exact = exact_product(points_in(rng, a), rational(points_in(rng, b)))
        assert_holds(found, [entry for row in exact for entry in row])


@searched
@given(seed=seeds, first=magnitudes, second=magnitudes)
def test_products_of_nonnegative_numbers_are_bounded(seed, first, second):
    rng = np.random.default_rng(seed)
    matrix = np.abs(random_numbers(rng, rng.integers(1, 7, size=2), first))
    vector = np.abs(random_numbers(rng, matrix.shape[1], second))
    with np.errstate(all="ignore"):
        bounds = nonnegative_product(matrix, vector)
    for bound, row in zip(bounds, exact_product(matrix, rational(vector[:, None])), strict=True):
        assert above(bound, row[0])


def test_products_of_order_one_are_narrow(rng):
    """Within some n units in the last place of the sums of absolute values."""
    weight, vector = rng.normal(size=(20, 30)), rng.normal(size=30)
    sizes = np.abs(weight) @ np.abs(vector)
    for found in (
        product(weight, as_interval(vector)),
        matrix_product(as_interval(weight), as_interval(vector[:, None])),
    ):
        assert np.all((found.upper - found.lower).ravel() < 100 * 2.0**-53 * sizes)


def test_many_tiny_products_that_underflow_are_covered():
    """Each rounds to zero, 10^4 of them add up to more than the smallest number."""
    weight, vector = np.full((1, 10_000), 1e-162), np.full(10_000, 2e-162)
    exact = 10_000 * Fraction(1e-162) * Fraction(2e-162)
    for found in (
        product(weight, as_interval(vector)),
        matrix_product(as_interval(weight), as_interval(vector[:, None])),
    ):
        assert above(found.upper.item(), exact)
    assert above(nonnegative_product(weight, vector).item(), exact)


@pytest.mark.parametrize(
    "multiply",
    [
        lambda a, b: product(a, as_interval(b)),
        lambda a, b: matrix_product(as_interval(a), as_interval(b[:, None])).reshape(-1),
    ],
)
def test_of_sums_that_overflow_nothing_is_claimed(multiply):
    """1e308 (1 + 1 + 1 - 1 - 1 - 1) = 0, on whose way there is infinity."""
    weight = np.full((1, 6), 1e308) * [1, 1, 1, -1, -1, -1]
    with np.errstate(all="ignore"):
        found = multiply(weight, np.ones(6))
        assert found.lower[0] <= 0 <= found.upper[0]
        found = multiply(np.array([[-1e308]]), np.array([5.0]))
    assert below(found.lower[0], -5 * Fraction(1e308)) and above(found.upper[0], -5 * Fraction(1e308))


def test_boxes_without_bounds_stay_so():
    whole = Interval(np.array([-np.inf]), np.array([np.inf]))
    half = Interval(np.array([0.0]), np.array([np.inf]))
    with np.errstate(all="ignore"):
        for found in (product(np.ones((1, 1)), whole), product(np.ones((1, 1)), half), whole - whole, half * whole):
            assert found.lower[0] == -np.inf and found.upper[0] == np.inf
        zero = whole * 0.0
    assert zero.lower[0] <= 0 <= zero.upper[0] and zero.is_finite  # 0 · ∞ is of a bound that is open
    assert not whole.is_finite and half.contains(Interval.exact([1e308])) and not half.contains(whole)


def test_helpers_of_shapes():
    a, b = Interval(np.zeros(2), np.ones(2)), Interval(np.full(2, -1.0), np.full(2, 0.5))
    assert np.array_equal(Interval.hull(a, b).lower, [-1, -1]) and np.array_equal(Interval.hull(a, b).upper, [1, 1])
    assert np.array_equal(a.meet(b).upper, [0.5, 0.5]) and np.array_equal(a.meet(b).lower, [0, 0])
    assert len(Interval.concatenate([a, b])) == 4 and a[:1].shape == (1,) and a.reshape(2, 1).shape == (2, 1)
    assert np.array_equal(Interval.symmetric([2.0]).magnitude, [2.0]) and a.contains(a) and not a.contains_inside(a)
    rows = scaled_rows(a, np.array([[1.0, -2.0], [3.0, 4.0]]))
    assert rows.lower[0, 1] <= -2 and rows.upper[1, 0] >= 3
