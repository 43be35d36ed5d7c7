"""Checks of what the figures are asked for."""

import numpy as np

from ...arrays import as_real_array, check_finite, check_shape


def as_numbers(name, values):
    """``(m,)`` float64, at least one and all finite."""
    values = as_real_array(name, values)
    check_shape(name, values, ("m",))
    if not len(values):
        raise ValueError(f"{name} must hold at least one number, got none")
    check_finite(name, values, np.dtype(np.float64))
    return values.astype(np.float64)


def as_positive_numbers(name, values):
    """The same, all above 0."""
    values = as_numbers(name, values)
    if values.min() <= 0:
        raise ValueError(f"{name} must be positive, got {values.min():g}")
    return values
