"""The rate of a curve of norms against the lag, and the word for it."""

import numpy as np

from ..lyapunov.batch_means import standard_errors

_MOST_INCREMENTS = 4096


def fit_rate(lags, log2_norms):
    """``(rate, standard error)`` of one curve in nats per step: least squares over the second half of the lags,
    or the last two where it holds but one.

    Along a run the logarithm of a norm is a sum of correlated increments, so the residuals of the fit tell nothing of
    its error. That is the error of the mean increment, by batch means, times √(6/5): what least squares lose on a
    random walk. NaN where there are too few points; -inf where the norm reaches zero.
    """
    if len(lags) and np.isneginf(log2_norms[-1]):
        return -np.inf, np.nan
    half = lags >= lags[-1] / 2 if len(lags) > 3 else np.ones(len(lags), bool)
    half[-2:] = True
    lags, logs = lags[half].astype(np.float64), log2_norms[half] * np.log(2)
    if len(lags) < 2:
        return np.nan, np.nan
    centred = lags - lags.mean()
    rate = float(centred @ logs / (centred @ centred))
    grid = np.linspace(lags[0], lags[-1], min(len(lags), _MOST_INCREMENTS + 1))
    increments = np.diff(np.interp(grid, lags, logs))
    return rate, float(np.sqrt(6 / 5) * standard_errors(increments[:, None])[0] / (grid[1] - grid[0]))


def judge(rate, error, largest_lag):
    """The verdict: "carried" changes by less than a factor 2 over all lags, or at a rate within two errors of zero."""
    if np.isnan(rate):
        return "too short"
    if abs(rate) * largest_lag < np.log(2) or abs(rate) <= 2 * np.nan_to_num(error):
        return "carried"
    return "vanishing" if rate < 0 else "exploding"
