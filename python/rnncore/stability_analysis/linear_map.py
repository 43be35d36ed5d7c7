"""The matrices of a linear layer, h' = A h + B x + d, exactly as they stand, or None where a leak rounds them."""

from dataclasses import dataclass

import numpy as np

from ..cells import Elman
from ..cells.base import is_sparse
from .interval import Interval, as_interval


@dataclass(frozen=True, eq=False)
class LinearMap:
    """
    Attributes
    ----------
    transition : array (n, n), sparse array, or array (n,) of a diagonal matrix, complex where the layer is
    slack : float
        By so much at most every entry of A may differ from ``transition``; 0 without a leak.
    drive : array (n, n_in)
    offset : Interval (n,), or complex array (n,)
    """

    transition: object
    slack: float
    drive: np.ndarray
    offset: object

    @property
    def is_diagonal(self):
        return self.transition.ndim == 1

    @property
    def size(self):
        return self.transition.shape[0]

    def interval(self):
        """A of a dense or sparse layer, (n, n)."""
        dense = self.transition.toarray() if is_sparse(self.transition) else self.transition
        if not self.slack:
            return as_interval(dense)
        return Interval(dense - self.slack, dense + self.slack)

    def absolute(self):
        """An upper bound of ``|A|``, dense or sparse."""
        absolute = abs(self.transition)
        if self.slack:
            absolute = (absolute.toarray() if is_sparse(absolute) else absolute) + 2 * self.slack
        return absolute


def read_linear_map(layer):
    """Of a Linear or Diagonal layer, or an Elman layer with the identity."""
    arrays = {name: array.astype(np.result_type(array.dtype, np.float64)) for name, array in layer.parameters.items()}
    transition = arrays["weight_hh"]
    size = transition.shape[0]
    drive = arrays.get("weight_ih", np.zeros((size, 0)))
    biases = [arrays[name] for name in ("bias", "bias_ih", "bias_hh") if name in arrays]
    if transition.ndim == 1 and transition.dtype.kind == "c":
        return LinearMap(transition, 0.0, drive, biases[0] if biases else np.zeros(size, complex))
    offset = as_interval(np.zeros(size))
    for bias in biases:
        offset = offset + as_interval(bias)
    leak = leak_of(layer)
    if leak is None:
        return LinearMap(transition, 0.0, drive, offset)
    from scipy.sparse import eye_array

    identity = eye_array(size, format="csr") if is_sparse(transition) else np.eye(size)
    middle = float(leak.middle)
    mixed = (1 - middle) * identity + middle * transition
    width = float(leak.upper - leak.lower) + 2.0**-50
    largest = float(abs(transition).max()) if size else 0.0
    drive = np.nextafter(np.abs(drive) * leak.upper, np.inf)  # of which only the magnitude is used where there is slack
    return LinearMap(mixed, width * (1 + largest), drive, offset * leak)


def leak_of(layer):
    """An interval that holds the leak as given and as a run of the layer's dtype rounds it; None for 1."""
    if not isinstance(layer, Elman) or layer.leak == 1:
        return None
    given, rounded = float(layer.leak), float(layer.dtype.type(layer.leak))
    return Interval(np.float64(min(given, rounded)), np.float64(max(given, rounded)))
