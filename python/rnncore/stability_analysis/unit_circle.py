"""On which side of the unit circle numbers lie, exactly."""

from fractions import Fraction

import numpy as np

_NEAR = 1e-9


def place_of_units(values):
    """``(-1 inside, 0 on, 1 outside for each; an upper bound of the largest magnitude below 1, or None)``."""
    magnitudes = np.abs(values)
    place = np.sign(magnitudes - 1).astype(int)
    for index in np.flatnonzero(np.abs(magnitudes - 1) < _NEAR):
        number = complex(values[index])
        square = Fraction(number.real) ** 2 + Fraction(number.imag) ** 2
        place[index] = (square > 1) - (square < 1)
    largest = float(magnitudes.max())
    rate = float(np.nextafter(largest * (1 + 2.0**-50), np.inf))
    return place, rate if rate < 1 else None


def distance_to_circle(values):
    """Lower bounds of 1 - ``|λ|`` for numbers inside."""
    if values.dtype.kind != "c":
        return np.nextafter(1 - np.abs(values), 0)
    distances = np.nextafter(1 - np.abs(values) * (1 + 2.0**-50), -1)
    for index in np.flatnonzero(distances < _NEAR):  # 1 - |λ| = (1 - |λ|²) / (1 + |λ|)
        number = complex(values[index])
        rest = 1 - Fraction(number.real) ** 2 - Fraction(number.imag) ** 2
        distances[index] = np.nextafter(float(rest / 2), 0)
    return distances
