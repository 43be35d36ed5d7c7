"""What readouts recover by chance: of n features fitted to N samples, a share of about n / N."""

import numpy as np


def chance_level(correlations, probability):
    """``(mean, threshold)`` of squared correlations with surrogate targets.

    For targets independent of the features and in time they are distributed as Beta(n/2, (N - 1 - n)/2), of mean
    n/(N - 1); correlations in time make N smaller. So the Beta distribution with the mean and variance of the
    surrogates is taken, and the threshold is passed by chance with this probability; -inf where there is none.
    """
    if not len(correlations):
        return 0.0, -np.inf if probability is None else 0.0
    mean, variance = float(correlations.mean()), float(correlations.var(ddof=1))
    if probability is None:
        return mean, -np.inf
    if not 0 < variance < mean * (1 - mean):
        return mean, mean
    from scipy.special import betainccinv  # the upper quantile of the Beta distribution

    size = mean * (1 - mean) / variance - 1
    return mean, float(betainccinv(mean * size, (1 - mean) * size, probability))


def beyond_chance(correlations, mean, threshold):
    """What is left above the level of chance, so that 1 stays 1; zero at and below the threshold."""
    known = correlations > threshold
    return np.where(known, (correlations - mean) / np.where(np.less(mean, 1), 1 - mean, 1), 0.0)
