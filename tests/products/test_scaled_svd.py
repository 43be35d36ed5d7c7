"""Singular values of columns that no float could hold, against mpmath and LAPACK."""

import mpmath
import numpy as np
import pytest

from rnncore.scaled_svd import log_singular_values, scaled_svd

EPS = np.finfo(np.float64).eps


def exact_logs(mantissa, exponent, digits):
    with mpmath.workdps(digits):
        scaled = [[mpmath.ldexp(float(x), int(e)) for x, e in zip(row, exponent)] for row in mantissa]
        return np.array([float(mpmath.log(s)) for s in mpmath.svd_r(mpmath.matrix(scaled), compute_uv=False)])


@pytest.mark.parametrize("spread", [0, 10, 100, 500, 1500])
@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (5, 3), (6, 6)])
def test_they_are_those_of_mpmath(shape, spread, rng):
    mantissa, exponent = rng.normal(size=shape), rng.integers(-spread, spread + 1, shape[1])
    # svd_r works to a relative error of the largest: digits beyond the spread of 2 · 1500 bits are needed.
    want = exact_logs(mantissa, exponent, 1000)
    # eps for each rotation of some sweeps, times the condition of the columns scaled to one.
    bound = 100 * EPS * np.linalg.cond(mantissa / np.linalg.norm(mantissa, axis=0))
    for got in (log_singular_values(mantissa, exponent), scaled_svd(mantissa, exponent)[0]):
        np.testing.assert_allclose(got, want, rtol=4 * EPS, atol=bound)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 33, 64])
@pytest.mark.parametrize("spread", [0, 30, 190])
def test_rotations_and_lapack_agree(size, spread, rng):
    mantissa, exponent = rng.normal(size=(size + 2, size)), rng.integers(-spread, spread + 1, size)
    logs, left, right = scaled_svd(mantissa, exponent, rotations=True)
    bound = 64 * size * EPS
    np.testing.assert_allclose(logs, log_singular_values(mantissa, exponent), rtol=4 * EPS, atol=100 * bound)
    np.testing.assert_allclose(left.T @ left, np.eye(size), rtol=0, atol=bound)
    np.testing.assert_allclose(right.T @ right, np.eye(size), rtol=0, atol=bound)
    scale = np.linalg.norm(mantissa, axis=0)
    rebuilt = np.ldexp((left * np.exp(logs)) @ right.T, -exponent)
    # U S Vᵀ itself rounds relative to the largest: compare each column only as far as the plain product can tell.
    mixed = np.exp(logs[0]) / (scale * np.exp2(exponent.astype(float)))
    np.testing.assert_array_less(np.abs(rebuilt - mantissa).max(axis=0) / scale, bound * mixed)


def test_exponents_far_beyond_floats_stay_exact():
    logs, left, right = scaled_svd([[1.0, 1.0], [0.0, 1.0]], [10**12, -(10**12)], rotations=True)
    np.testing.assert_allclose(logs, np.log(2) * 1e12 * np.array([1, -1]), rtol=EPS)
    np.testing.assert_array_equal(left, np.eye(2))
    np.testing.assert_array_equal(right, np.eye(2))


def test_zero_columns_have_zero_singular_values():
    for exponent in ([0, 0, 0], [900, 0, -900]):
        logs = log_singular_values([[0.0, 1.0, 0.0], [0.0, 2.0, 0.0]], exponent)
        np.testing.assert_allclose(logs, [np.log(5) / 2, -np.inf, -np.inf], rtol=4 * EPS)
    np.testing.assert_array_equal(log_singular_values(np.zeros((2, 2)), [0, 0]), [-np.inf, -np.inf])


def test_more_columns_than_rows_leave_zeros(rng):
    mantissa = rng.normal(size=(2, 4))
    want = np.log(np.linalg.svd(mantissa, compute_uv=False))
    for spread in (0, 1):
        logs = log_singular_values(mantissa, [spread, 0, 0, 0])
        assert np.all(logs[2:] < logs[0] - 30)
        if not spread:
            np.testing.assert_allclose(logs[:2], want, rtol=0, atol=1e-14)
