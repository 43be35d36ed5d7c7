"""Weighted largest norms, max ``|x_i|`` / v_i, in which a nonnegative matrix M with M v <= r v has norm r at most.

Over all weights v > 0 the smallest r is the spectral radius of M (Perron and Frobenius; Horn and Johnson 2013, section
8.1). Where M bounds the Jacobian of a map entry by entry on a box, differences of two of its runs shrink by r a step.
"""

from dataclasses import dataclass

import numpy as np

from ..cells.base import is_sparse
from .interval import nonnegative_product

_ITERATIONS = 300


@dataclass(frozen=True, eq=False)
class WeightedNorm:
    """M v <= rate v, rounded up.

    Attributes
    ----------
    weights : array (n,)
        v.
    rate : float
    """

    weights: np.ndarray
    rate: float


def smallest_weighted_norm(matrix):
    """Of a nonnegative matrix (n, n), dense or sparse: about the norm whose rate is its spectral radius.

    The rate is proved for the weights that come with it, whatever it is.
    """
    size = matrix.shape[0]
    weights = np.ones(size)
    best = WeightedNorm(weights, _rate(matrix, weights))
    largest = float(matrix.max()) if size else 0.0
    if not np.isfinite(largest):
        return WeightedNorm(weights, np.inf)
    for margin in (0.0, 1e-9, 1e-3):  # of a reducible matrix the limit has zeros, so that some is added
        weights = np.ones(size)
        for _ in range(_ITERATIONS):
            image = matrix @ weights + margin * weights.sum() * largest / max(size, 1)
            image = image + 0.5 * max(image.max(initial=0.0), 1e-300) * weights  # damped: no cycles
            following = image / image.max(initial=1e-300)
            settled = np.abs(following - weights).max(initial=0.0) < 1e-12
            weights = following
            if settled:
                break
        weights = np.maximum(weights, 1e-12)
        found = WeightedNorm(weights, _rate(matrix, weights))
        best = min(best, found, key=lambda norm: norm.rate)
    if not best.rate < 1 and not is_sparse(matrix):  # v = (1 - M)⁻¹ 1 is positive where the radius is below 1
        try:
            weights = np.linalg.solve(np.eye(size) - matrix, np.ones(size))
        except np.linalg.LinAlgError:
            return best
        if np.isfinite(weights).all() and weights.min(initial=1.0) > 0:
            best = min(best, WeightedNorm(weights, _rate(matrix, weights)), key=lambda norm: norm.rate)
    return best


def _rate(matrix, weights):
    with np.errstate(all="ignore"):
        image = nonnegative_product(matrix, weights)
        rates = np.nextafter(image / weights, np.inf)
    return float(np.max(rates, initial=0.0)) if np.isfinite(rates).all() else np.inf
