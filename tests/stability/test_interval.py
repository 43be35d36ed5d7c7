"""Outward rounding against exact rational arithmetic."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rnncore.stability_analysis.interval import Interval, matrix_product, nonnegative_product, product

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e150, max_value=1e150)
TINY = st.floats(min_value=-1e-300, max_value=1e-300)
INTERVALS = st.tuples(NUMBERS | TINY, NUMBERS | TINY).map(sorted).map(lambda ends: Interval(*map(np.float64, ends)))
OPERATIONS = (lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b)


@given(INTERVALS, INTERVALS, st.integers(0, 2))
def test_results_hold_the_exact_ones_of_all_corners(a, b, chosen):
    operation = OPERATIONS[chosen]
    result = operation(a, b)
    for x in (a.lower, a.upper):
        for y in (b.lower, b.upper):
            exact = operation(Fraction(float(x)), Fraction(float(y)))
            assert Fraction(float(result.lower)) <= exact <= Fraction(float(result.upper))


@given(INTERVALS)
def test_the_middle_lies_within_and_the_radius_reaches_both_ends(a):
    assert a.lower <= a.middle <= a.upper
    assert max(
        Fraction(float(a.upper)) - Fraction(float(a.middle)), Fraction(float(a.middle)) - Fraction(float(a.lower))
    ) <= (Fraction(float(a.radius)))


def test_an_open_bound_times_zero_is_zero():
    found = Interval(np.float64(0.0), np.float64(0.0)) * Interval(np.float64(1.0), np.float64(np.inf))
    assert found.lower <= 0 <= found.upper and np.isfinite(found.upper)


def test_products_hold_the_exact_ones():
    """Entries of very different size, so that sums cancel: exact sums of products as rational numbers."""
    rng = np.random.default_rng(0)
    for size in (1, 2, 5, 17):
        scales = 10.0 ** rng.uniform(-160, 160, size=size)
        first = rng.normal(size=(3, size)) * scales
        second = rng.normal(size=(size, 2)) / scales[:, None]
        interval = matrix_product(Interval.exact(first), Interval.exact(second))
        column = product(first, Interval.exact(second[:, 0]))
        bound = nonnegative_product(np.abs(first), np.abs(second[:, 0]))
        for i in range(3):
            for j in range(2):
                exact = sum(Fraction(a) * Fraction(b) for a, b in zip(first[i].tolist(), second[:, j].tolist()))
                assert Fraction(interval.lower[i, j]) <= exact <= Fraction(interval.upper[i, j])
            exact = sum(Fraction(a) * Fraction(b) for a, b in zip(first[i].tolist(), second[:, 0].tolist()))
            assert Fraction(column.lower[i]) <= exact <= Fraction(column.upper[i])
            sizes = sum(abs(Fraction(a) * Fraction(b)) for a, b in zip(first[i].tolist(), second[:, 0].tolist()))
            assert sizes <= Fraction(bound[i])


def test_products_of_subnormal_numbers_hold_the_exact_ones():
    first, second = np.full((1, 3), 1e-200), np.full((3, 1), 3e-120)
    found = matrix_product(Interval.exact(first), Interval.exact(second))
    exact = 3 * Fraction(1e-200) * Fraction(3e-120)
    assert Fraction(found.lower[0, 0]) <= exact <= Fraction(found.upper[0, 0])


def test_products_of_intervals_hold_all_products():
    rng = np.random.default_rng(1)
    lower = rng.normal(size=(2, 4, 4))
    a, b = (Interval(part, part + rng.uniform(0, 1, size=(4, 4))) for part in lower)
    found = matrix_product(a, b)
    for _ in range(200):
        left, right = (rng.uniform(part.lower, part.upper) for part in (a, b))
        assert found.contains(left @ right)
