"""Krawczyk's operator: where it takes a box into itself, the box holds a zero (Krawczyk 1969; Neumaier 1990, 5.1)."""

import numpy as np

from .interval import as_interval, matrix_product


def krawczyk(point, inverse, value, derivative, box):
    """x - Y G(x) + (I - Y G'(box)) (box - x) for a point x, as an interval (n,).

    Parameters
    ----------
    point : array (n,)
        x, in the box.
    inverse : array (n, n)
        Y, about the inverse of G'(x).
    value : Interval (n,)
        G(x).
    derivative : Interval (n, n)
        G' over the box.
    box : Interval (n,)
    """
    size, inverse = len(point), as_interval(inverse)
    slack = as_interval(np.eye(size)) - matrix_product(inverse, derivative)
    moved = matrix_product(inverse, value.reshape(size, 1))
    spread = matrix_product(slack, (box - point).reshape(size, 1))
    return as_interval(point) + (spread - moved).reshape(size)
