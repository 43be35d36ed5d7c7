"""QR of matrices whose rows and columns lie far apart, against mpmath."""

import mpmath
import numpy as np
import pytest

from rnncore.graded_qr import graded_qr

EPS = np.finfo(np.float64).eps


def exact_factor(columns):
    with mpmath.workdps(400):
        factor = mpmath.qr(mpmath.matrix(columns.tolist()), mode="skinny")[1]
        rows = (factor[i, :] * mpmath.sign(factor[i, i]) for i in range(len(columns)))
        return np.array([[float(x) for x in row] for row in rows])


@pytest.mark.parametrize("spread", [0, 10, 100])
def test_every_digit_of_the_factor_is_right(spread, rng):
    for size in (1, 2, 5, 8):
        rows = 10.0 ** -rng.uniform(0, spread, size)
        columns = rows[:, None] * rng.normal(size=(size, size))
        order, frame, factor = graded_qr(columns, -3000.0 * rng.random(size))
        want = exact_factor(columns[:, order])
        largest = np.abs(want).max(axis=1, keepdims=True)
        np.testing.assert_allclose(factor / largest, want / largest, rtol=0, atol=1e-11)
        np.testing.assert_allclose(np.diag(factor), np.diag(want), rtol=1e-11)
        np.testing.assert_allclose(frame.T @ frame, np.eye(size), rtol=0, atol=8 * size * EPS)


def test_it_pivots_where_two_columns_say_the_same_in_the_large_rows():
    columns = np.array([[1.0, 1.0, 0.5], [1e-30, 2e-30, 1e-30], [1.0, 1.0, 2.0]])
    order, _, factor = graded_qr(columns, np.zeros(3))
    assert order[2] in (0, 1)
    np.testing.assert_allclose(np.diag(factor), np.diag(exact_factor(columns[:, order])), rtol=16 * EPS)


def test_weights_beyond_floats_decide_on_the_order():
    order, _, factor = graded_qr(np.diag([1.0, 1e-200, 1e200]), np.array([0.0, 1e5, -1e5]))
    np.testing.assert_array_equal(order, [1, 0, 2])
    np.testing.assert_allclose(np.diag(factor), [1e-200, 1.0, 1e200], rtol=4 * EPS)


def test_what_depends_on_the_rest_is_zero_and_the_rest_is_not(rng):
    rows = np.array([1.0, 1e-40, 1e-20, 1e-80])
    columns = rows[:, None] * rng.normal(size=(4, 4))
    columns[:, 2] = columns[:, 0] - 2 * columns[:, 1]
    order, frame, factor = graded_qr(columns, np.array([0.0, -5.0, -10.0, -300.0]))
    dependent = np.diag(factor) == 0
    np.testing.assert_array_equal(order[dependent], [2])
    np.testing.assert_array_equal(frame[:, dependent], 0)
    np.testing.assert_allclose(frame @ factor, columns[:, order], rtol=0, atol=8 * EPS)
    order, frame, factor = graded_qr(np.zeros((3, 3)), np.full(3, -np.inf))
    assert not frame.any() and not factor.any() and sorted(order) == [0, 1, 2]
