"""A box that no run leaves, from a weighted norm in which the states contract."""

import numpy as np

from ..cells.base import is_sparse
from .interval import Interval, nonnegative_product

_ROUNDS = 60
_LARGER = (1e-12, 1e-9, 1e-6, 1e-4)  # than the solution, by so much of the weights that bound it


def weighted_box(absolute, weighted, drive):
    """Of ``|h'|`` <= M ``|h|`` + drive: a box around zero that is mapped into itself, or None."""
    bound = weighted_bound(absolute, weighted, drive)
    return None if bound is None else Interval.symmetric(bound)


def weighted_bound(absolute, weighted, drive):
    """b >= 0 with M b + drive <= b, made small, for M v <= rate v < v.

    Two such b are v max(drive / v) / (1 - rate) and what solves the equation, a little larger. From the smaller of both
    in each unit on, b becomes M b + drive, which lies within it, again and again.
    """
    with np.errstate(over="ignore", divide="ignore"):
        largest = float(np.max(drive / weighted.weights, initial=0.0))
        scale = np.nextafter(largest / np.nextafter(1 - weighted.rate, 0), np.inf) * (1 + 1e-12)
        bound = weighted.weights * scale * (1 + 1e-12)
    if not np.isfinite(bound).all():
        return None
    bound = np.minimum(bound, _solved(absolute, weighted.weights, drive))
    for _ in range(_ROUNDS):
        following = np.minimum(np.nextafter(nonnegative_product(absolute, bound) + drive, np.inf), bound)
        settled = np.all(following >= bound * (1 - 1e-9))
        bound = following
        if settled:
            break
    return bound


def _solved(absolute, weights, drive):
    """About (1 - M)⁻¹ drive where M is dense, proved to bound M b + drive; else infinity."""
    unknown = np.full(len(drive), np.inf)
    if is_sparse(absolute):
        return unknown
    try:
        solution = np.linalg.solve(np.eye(len(drive)) - absolute, drive)
    except np.linalg.LinAlgError:
        return unknown
    with np.errstate(over="ignore", invalid="ignore"):
        share = np.max(np.abs(solution) / weights)
        for larger in _LARGER:
            bound = np.abs(solution) + larger * share * weights
            if np.all(np.nextafter(nonnegative_product(absolute, bound) + drive, np.inf) <= bound):
                return bound
    return unknown
