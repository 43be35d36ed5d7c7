"""The norms of the published conditions, rounded up, as intervals of their upper bounds."""

import numpy as np

from .boxes import quotient_above
from .interval import Interval, product


def row_norm(weight):
    """‖W‖_∞, an upper bound."""
    return above(product(np.abs(weight), Interval.exact(np.ones(weight.shape[1]))).upper)


def above(bounds):
    """The largest of upper bounds, as an exact number to calculate with."""
    return Interval.exact(np.max(bounds))


def divided(numerator, least_denominator):
    """An upper bound of the quotient, of nonnegative numbers."""
    return Interval.exact(quotient_above(numerator.upper, least_denominator))


def spectral_radius(a, b, c, d):
    """An upper bound of that of [[a, b], [c, d]], nonnegative: ((a + d) + √((a - d)² + 4 b c)) / 2 grows with each."""
    gap = above((a - d).magnitude)
    root = Interval.exact(np.nextafter(np.sqrt((gap * gap + 4.0 * (b * c)).upper), np.inf))
    return 0.5 * (a + d + root)
