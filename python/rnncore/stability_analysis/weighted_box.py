"""A box that no run leaves, from a weighted norm in which the states contract."""

import numpy as np

from .interval import Interval, nonnegative_product

_ROUNDS = 60


def weighted_box(absolute, weighted, drive):
    """Of ``|h'|`` <= M ``|h|`` + drive: a box around zero that is mapped into itself, or None."""
    bound = weighted_bound(absolute, weighted, drive)
    return None if bound is None else Interval.symmetric(bound)


def weighted_bound(absolute, weighted, drive):
    """b >= 0 with M b + drive <= b, made small, for M v <= rate v < v.

    From b = v max(drive / v) / (1 - rate) on, b becomes M b + drive, which lies within it, again and again.
    """
    with np.errstate(over="ignore", divide="ignore"):
        largest = float(np.max(drive / weighted.weights, initial=0.0))
        scale = np.nextafter(largest / np.nextafter(1 - weighted.rate, 0), np.inf) * (1 + 1e-12)
        bound = weighted.weights * scale * (1 + 1e-12)
    if not np.isfinite(bound).all():
        return None
    for _ in range(_ROUNDS):
        following = np.minimum(np.nextafter(nonnegative_product(absolute, bound) + drive, np.inf), bound)
        settled = np.all(following >= bound * (1 - 1e-9))
        bound = following
        if settled:
            break
    return bound
