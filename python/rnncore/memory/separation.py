"""How far two clouds of outputs lie apart, in their standard deviations."""

import numpy as np

_KEPT = 1e-10  # of the largest variance of outputs that are divided by their deviations
_ONCE_IN_A_THOUSAND = 3.1


def separation_of(marked, plain):
    """``(separation, standard error, chance, by output, effect)`` of outputs (J, p), row by row under the same
    distractors.

    With the mean difference d and the mean S of the two covariances, dᵀ S⁻¹ d is the squared distance of Mahalanobis
    (1936), that of the means along Fisher's discriminant. From J samples it comes out too large by tr(S⁻¹ C) / J, C the
    covariance of the differences, and by a factor of about J / (J - p - 2) for the inverse; both are taken away.
    """
    starts = len(marked)
    differences = marked - plain
    mean = differences.mean(axis=0)
    spread = np.sqrt((marked.var(axis=0, ddof=1) + plain.var(axis=0, ddof=1)) / 2)
    rounding = 16 * np.finfo(np.float64).eps * np.maximum(np.abs(marked).max(axis=0), np.abs(plain).max(axis=0))
    still = spread <= rounding
    differs = np.abs(mean) > rounding
    by_output = np.where(still, np.where(differs, np.copysign(np.inf, mean), 0), mean / np.where(still, 1, spread))
    if still[differs].any():
        return np.inf, 0.0, 0.0, by_output, np.inf
    if still.all():
        return 0.0, 0.0, 0.0, by_output, 0.0
    scale = spread[~still]
    differences, mean = differences[:, ~still] / scale, mean[~still] / scale
    effect = float(np.sqrt(np.mean(differences**2)))
    covariance = sum(np.cov(outputs[:, ~still] / scale, rowvar=False, ddof=1) for outputs in (marked, plain)) / 2
    variances, axes = np.linalg.eigh(np.atleast_2d(covariance))
    kept = variances > _KEPT * variances[-1]
    white = axes[:, kept] / np.sqrt(variances[kept])
    differences, mean = differences @ white, mean @ white
    directions, freedom = white.shape[1], starts - 1
    inverse = max(freedom - directions - 1, 1) / freedom
    scatter = np.atleast_2d(np.cov(differences, rowvar=False, ddof=1)) / starts
    by_chance = float(np.trace(scatter)) * inverse
    noise = np.sqrt(2 * np.sum(scatter**2)) * inverse
    squared = float(mean @ mean) * inverse - by_chance
    separation = np.sqrt(max(squared, 0.0))
    along = np.sqrt(mean @ scatter @ mean / (mean @ mean)) if mean.any() else 0.0
    error = float(np.hypot(along, separation / np.sqrt(2 * freedom)))
    return separation, error, float(np.sqrt(_ONCE_IN_A_THOUSAND * noise)), by_output, effect
