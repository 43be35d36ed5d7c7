"""Proofs that a symmetric matrix is positive definite, in floating point.

If Cholesky's algorithm runs to its end on A - c I with c at least the backward error that it can make, A is positive
definite (Rump 2006, Verification of positive definiteness, BIT 46, theorem 2.3).
"""

import numpy as np

from .interval import SMALLEST, Interval, gamma, sum_bound


def is_positive_definite(matrix):
    """Whether every symmetric matrix in an interval (n, n) was proved positive definite."""
    if not matrix.is_finite:
        return False
    middle, radius = matrix.middle, matrix.radius
    middle, radius = np.tril(middle) + np.tril(middle, -1).T, np.maximum(np.tril(radius), np.triu(radius).T)
    radius = radius + np.tril(radius, -1).T
    size = len(middle)
    trace = sum_bound(np.abs(np.diag(middle)).sum(), size)
    underflow = 3 * size * (2 * size + np.abs(np.diag(middle)).max(initial=0.0)) * SMALLEST
    error = 2 * gamma(size + 2) * trace + 2 * underflow
    shift = np.nextafter(error + sum_bound(radius.sum(axis=1).max(initial=0.0), size), np.inf)
    lowered = middle.copy()
    np.fill_diagonal(lowered, np.nextafter(np.diag(middle) - shift, -np.inf))
    try:
        factor = np.linalg.cholesky(lowered)
    except np.linalg.LinAlgError:
        return False
    return bool(np.isfinite(factor).all())


def symmetric(matrix):
    """An interval that holds a symmetric matrix, as two triangles that agree."""
    return matrix.meet(Interval(matrix.lower.T, matrix.upper.T))
