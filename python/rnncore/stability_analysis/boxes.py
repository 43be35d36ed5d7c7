"""Boxes that hold zero, and what a run enters that only ever comes closer to one."""

import numpy as np

from .interval import Interval

SLACK = 2.0**-10
LEAST = 2.0**-1000


def with_zero(box):
    """The smallest box that holds ``box`` and 0."""
    return Interval(np.minimum(box.lower, 0.0), np.maximum(box.upper, 0.0))


def enlarged(box):
    """A slightly larger box around a box that holds 0: a run that converges to ``box`` enters it in finite time."""
    box = with_zero(box)
    return Interval(box.lower * (1 + SLACK) - LEAST, box.upper * (1 + SLACK) + LEAST)


def shrinks(box, before):
    """Whether some side of ``box`` is noticeably shorter than that of ``before``: what ends a tightening."""
    return bool(np.any(box.upper - box.lower < (1 - 4 * SLACK) * (before.upper - before.lower)))


def quotient_above(numerator, denominator):
    """An upper bound of numerator / denominator, both at least 0: infinite for x / 0, but 0 for 0 / 0."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return np.where(numerator > 0, np.nextafter(numerator / denominator, np.inf), 0.0)
