"""Standard errors of the mean of a correlated series, by batch means.

H. Flyvbjerg and H. G. Petersen, Error estimates on averages of correlated data, J. Chem. Phys. 91, 461 (1989).
"""

import numpy as np

FEWEST_BLOCKS = 16


def standard_errors(series):
    """Of the means over the first axis; NaN from fewer than two values and where values are not finite.

    Blocks double in length for as long as a later estimate says otherwise: exceeds the present one by more than its own
    standard deviation, 1/√(2 (blocks - 1)) of it, or falls short of it by two. The last are of at least 16 blocks.

    Parameters
    ----------
    series : (N, …) array

    Returns
    -------
    (…) array
    """
    with np.errstate(invalid="ignore"):
        estimates, deviations = _levels(series)
    settled = estimates[-1]
    for level in reversed(range(len(estimates) - 1)):
        change = [later / np.where(estimates[level] > 0, estimates[level], 1) - 1 for later in estimates[level + 1 :]]
        agrees = [(-2 * noise <= c) & (c <= noise) for c, noise in zip(change, deviations[level + 1 :])]
        settled = np.where(np.all(agrees, axis=0), estimates[level], settled)
    return settled


def _levels(series):
    """The estimate from blocks of 1, 2, 4, … values, and their relative standard deviations."""
    if len(series) < 2:
        return [np.full(series.shape[1:], np.nan)], [np.nan]
    estimates, deviations = [], []
    while not estimates or len(series) >= FEWEST_BLOCKS:
        blocks = len(series)
        estimates.append(series.std(axis=0, ddof=1) / np.sqrt(blocks))
        deviations.append(1 / np.sqrt(2 * (blocks - 1)))
        even = blocks // 2 * 2
        series = (series[0:even:2] + series[1:even:2]) / 2
    return estimates, deviations
