"""Error bars of correlated series whose true error is known."""

import numpy as np
import pytest

from rnncore.lyapunov.batch_means import standard_errors

SERIES = 2000


def autoregressive(correlation, length):
    """``(length, SERIES)`` of x_t = ρ x_{t-1} + e_t, and the exact standard deviation of its mean for long series."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(length + 200, SERIES))
    series = np.empty_like(noise)
    series[0] = noise[0]
    for step in range(1, len(noise)):
        series[step] = correlation * series[step - 1] + noise[step]
    return series[200:], 1 / ((1 - correlation) * np.sqrt(length))


@pytest.mark.parametrize("correlation", [-0.4, 0.0, 0.2, 0.5, 0.8])
@pytest.mark.parametrize("length", [1024, 4096])
def test_errors_are_those_of_the_correlated_mean(correlation, length):
    series, exact = autoregressive(correlation, length)
    errors = standard_errors(series)
    assert errors.mean() == pytest.approx(exact, rel=0.12)
    covered = np.mean(np.abs(series.mean(axis=0)) < 2 * errors)
    # 95.4 % by the normal law; Student's with 15 degrees of freedom gives 93.6 %, and 2000 series scatter by 1 %.
    # Anticorrelation is seen late, and errors are then too large rather than too small.
    assert 0.92 < covered < 0.985


def test_errors_without_correlation_are_the_textbook_ones():
    series, exact = autoregressive(0.0, 64)
    assert standard_errors(series).mean() == pytest.approx(exact, rel=0.05)


def test_constant_series_have_no_error():
    np.testing.assert_array_equal(standard_errors(np.full((100, 2), 0.5)), 0)


def test_what_cannot_be_told_is_nan():
    assert np.isnan(standard_errors(np.ones((1, 3)))).all()
    assert np.isnan(standard_errors(np.empty((0, 3)))).all()
    assert np.isnan(standard_errors(np.full((50, 1), -np.inf))).all()
    assert standard_errors(np.array([[1.0], [3.0]])) == pytest.approx(1)
