"""Gradients of the parameters while they are summed, and as they are handed out."""

import numpy as np

from ..cells import Chain, MatrixSequence
from ..cells.base import is_sparse


class ParameterSums:
    """Sums of parameter gradients over steps and sequences, in float64.

    Attributes
    ----------
    layers : list of dict of str to array
        For each layer, by name, as ``Program.accumulate_gradients`` takes them.
    """

    def __init__(self, cell, names):
        """``names`` of the parameters whose gradients are wanted."""
        self.cell, self.layers, self._arrays, self._sequences = cell, [{} for _ in cell.layers], {}, set()
        for name, index, layer, of in _parameters(cell, names):
            array = _zeros(name, layer, layer.parameters[of])
            self.layers[index][of] = self._arrays[name] = array
            if isinstance(layer, MatrixSequence):
                self._sequences.add(name)

    def sums(self):
        """``(name, array)`` of those that are sums over steps."""
        return [(name, array) for name, array in self._arrays.items() if name not in self._sequences]

    def sequences(self):
        """``(name, array)`` of those that have a matrix for each step."""
        return [(name, array) for name, array in self._arrays.items() if name in self._sequences]

    def touched(self, start, stop):
        """What the steps start + 1 … stop have added to."""
        return [array for _, array in self.sums()] + [array[start:stop] for _, array in self.sequences()]

    def results(self):
        """By name in the cell, of its dtype; of a sparse parameter a sparse array of the same pattern."""
        parameters, results = self.cell.parameters, {}
        for name, array in self._arrays.items():
            of = parameters[name]
            with np.errstate(over="ignore", invalid="ignore"):
                array = array.astype(of.dtype, copy=False)
            if is_sparse(of):
                array = type(of)((array, of.indices.copy(), of.indptr.copy()), shape=of.shape)
            results[name] = array
        return results


def bytes_of_sums(cell, names):
    """What the sums take; the gradient of a MatrixSequence is the result itself."""
    return sum(
        _entries(layer.parameters[of]).size * np.result_type(layer.parameters[of].dtype, np.float64).itemsize
        for _, _, layer, of in _parameters(cell, names)
        if not isinstance(layer, MatrixSequence)
    )


def _parameters(cell, names):
    """``(name in the cell, number of the layer, layer, name in the layer)`` of those named."""
    for index, layer in enumerate(cell.layers):
        for of in layer.parameters:
            name = f"{index}.{of}" if isinstance(cell, Chain) else of
            if name in names:
                yield name, index, layer, of


def _zeros(name, layer, of):
    if not isinstance(layer, MatrixSequence):
        return np.zeros(_entries(of).shape, np.result_type(of.dtype, np.float64))
    try:
        return np.zeros(of.shape, of.dtype)
    except MemoryError:
        raise MemoryError(f"the gradient of {name}, of shape {of.shape}, does not fit in memory") from None


def _entries(of):
    return of.data if is_sparse(of) else of
