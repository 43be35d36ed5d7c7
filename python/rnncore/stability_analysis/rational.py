"""z = w x + b over a box of inputs, in rational numbers."""

from fractions import Fraction

import numpy as np


class RationalSum:
    """The exact extremes of one unit's argument, and where they lie.

    Attributes
    ----------
    least, largest : Fraction
    least_at, largest_at : array (n_in,)
        Vertices of the box.
    """

    def __init__(self, weights, bias, lower, upper):
        self.largest_at = np.where(weights > 0, upper, lower)
        self.least_at = np.where(weights > 0, lower, upper)
        self.largest, self.least = (_value(weights, bias, x) for x in (self.largest_at, self.least_at))


def _value(weights, bias, x):
    return sum((Fraction(w) * Fraction(u) for w, u in zip(weights.tolist(), x.tolist())), Fraction(float(bias)))


def float_above(number):
    """A float64 that is no less than a Fraction."""
    try:
        nearest = float(number)
    except OverflowError:
        return np.inf if number > 0 else -np.finfo(np.float64).max
    return nearest if Fraction(nearest) >= number else float(np.nextafter(nearest, np.inf))
