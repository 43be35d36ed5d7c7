"""In how few of its components a gradient gathers."""

from typing import NamedTuple

import numpy as np

LARGEST = 0.01
NEGLIGIBLE = 1e-3


class Concentration(NamedTuple):
    """Of each layer's parameter gradient; arrays (L,), all shares between 0 and 1, NaN where the gradient is zero.

    Attributes
    ----------
    of_squares : array
        Share of the sum of squares that the largest 1 % of the components hold.
    of_magnitudes : array
        Share of the sum of magnitudes that they hold.
    negligible_in_layer : array
        Share of the components below 1e-3 of the layer's largest.
    negligible_in_net : array
        Share of the components below 1e-3 of the net's largest.
    """

    of_squares: np.ndarray
    of_magnitudes: np.ndarray
    negligible_in_layer: np.ndarray
    negligible_in_net: np.ndarray


def concentration(gradients):
    """Of flat gradients, one of each layer."""
    peaks = [np.abs(gradient).max() for gradient in gradients]
    return Concentration(*map(np.array, zip(*(_of_layer(g, peak, max(peaks)) for g, peak in zip(gradients, peaks)))))


def _of_layer(gradient, peak, highest):
    if peak == 0:
        return np.nan, np.nan, np.nan, 1.0 if highest else np.nan
    relative = np.sort(np.abs(gradient) / peak)[::-1]
    largest = relative[: int(np.ceil(LARGEST * len(relative)))]
    with np.errstate(over="ignore"):
        in_net = NEGLIGIBLE * (highest / peak)
    return (
        np.sum(largest**2) / np.sum(relative**2),
        largest.sum() / relative.sum(),
        np.mean(relative < NEGLIGIBLE),
        np.mean(relative < in_net),
    )
