"""What a change of parameters adds to the tangent of each layer, step by step: ∂F/∂p ṗ."""

import numpy as np

from .arrays import as_number_array, as_real_array, check_finite, check_shape
from .backends.reference.backend import CELLS
from .cells import Chain, MatrixSequence
from .cells.base import is_sparse

# Steps are worked on by the same 64 whatever the segment: a row of a matrix product depends, in its last bits, on how
# many rows there are and on its place among them.
_BLOCK = 64


class ParameterForcing:
    """Tangents of parameters, checked.

    Parameters
    ----------
    cell : Cell
    tangents : mapping of parameter name to array
    finite : bool
        Whether NaN and infinities are an error.
    """

    def __init__(self, cell, tangents, finite):
        self.layers = [CELLS[type(layer)](layer) for layer in cell.layers]
        self.tangents = [{} for _ in cell.layers]
        for name, value in tangents.items():
            index, parameter = _locate(cell, name)
            self.tangents[index][parameter] = _read(name, value, cell.layers[index], parameter, finite)

    def between(self, run, program, start, stop, threads):
        """``(S, B, sum of the layers' sizes)`` for the steps start + 1 … stop; ``run.state`` is that before them."""
        cell, inputs = run.cell, run.inputs_between(start, stop)
        after = np.empty((stop - start, run.width, cell.state_size), cell.dtype)
        program.advance(
            inputs, stop - start, run.state.copy(),
            start=start, every=1, outputs=None, states=after, threads=threads,
        )  # fmt: skip
        before = np.concatenate([run.state[None], after[:-1]])
        sizes = sum(layer.state_size or layer.output_size for layer in cell.layers)
        lead = start % _BLOCK
        inputs, before, after = (_pad(array, lead) for array in (inputs, before, after))
        forcing = np.empty((len(before), run.width, sizes), cell.dtype)
        numbers = np.clip(np.arange(len(before)) + start - lead + 1, start + 1, stop)
        with np.errstate(all="ignore"):
            for first in range(0, len(before), _BLOCK):
                rows = slice(first, first + _BLOCK)
                for sequence in range(run.width):
                    x = None if inputs is None else inputs[rows, sequence]
                    parts = before[rows, sequence], after[rows, sequence]
                    self._fill(forcing[rows, sequence], cell, numbers[rows], x, *parts)
        return forcing[lead : lead + stop - start]

    def _fill(self, forcing, cell, numbers, x, before, after):
        first = column = 0
        for layer, reference, tangents in zip(cell.layers, self.layers, self.tangents):
            state = slice(first, first + layer.state_size)
            rows = slice(column, column + (layer.state_size or layer.output_size))
            forcing[:, rows] = reference.parameter_tangent(numbers, x, before[:, state], tangents) if tangents else 0
            x = (
                after[:, state][:, : layer.output_size]
                if layer.state_size
                else reference.step(None, x, before[:, state])[0]
            )
            first, column = state.stop, rows.stop


def _pad(array, lead):
    if array is None:
        return None
    tail = -(lead + len(array)) % _BLOCK
    return np.pad(array, [(lead, tail)] + [(0, 0)] * (array.ndim - 1))


def _locate(cell, name):
    """The layer a parameter belongs to, and its name there."""
    if name not in cell.parameters:
        raise ValueError(
            f"tangents['parameters'] names {name!r}, but the cell has {', '.join(cell.parameters) or 'none'}"
        )
    if not isinstance(cell, Chain):
        return 0, name
    index, _, parameter = name.partition(".")
    return int(index), parameter


def _read(name, value, layer, parameter, finite):
    label, of = f"tangents['parameters'][{name!r}]", layer.parameters[parameter]
    if is_sparse(value):
        if not is_sparse(of):
            raise TypeError(f"{label} must be a dense array, as {name} is one")
        check_shape(label, value, of.shape)
        value = value.tocsr().astype(layer.dtype)
        if finite:
            check_finite(f"{label}.data", value.data, layer.dtype)
        return value
    value = (as_number_array if of.dtype.kind == "c" else as_real_array)(label, value)
    check_shape(label, value, of.shape)
    if finite:
        check_finite(label, value, of.dtype)
    # A memory map of matrices may be larger than memory; its rows are converted when they are used.
    return value if isinstance(layer, MatrixSequence) else value.astype(of.dtype)
