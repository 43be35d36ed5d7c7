"""A short stretch of the run as it was, for the figure."""

from dataclasses import dataclass

import numpy as np

from ..notebook import ShownInNotebooks

_STEPS = 336
_UNITS = 5


@dataclass(frozen=True, eq=False, repr=False)
class Traces(ShownInNotebooks):
    """The first steps of the run: states of the first units, (S, ≤ 5); outputs, for a model without state.

    Attributes
    ----------
    values : array
    names : tuple of str
        Of its columns.
    interval : float
    unit : str
    """

    values: np.ndarray
    names: tuple[str, ...]
    interval: float
    unit: str


class TraceWatcher:
    def __init__(self, task):
        self.time = task.interval, task.unit
        self.names = _names(task.cell)
        self.parts = []

    def see(self, start, states, previous, outputs):
        if start < _STEPS:
            self.parts.append(states[: _STEPS - start, 0, :_UNITS].copy())
        return False

    def result(self):
        return Traces(np.concatenate(self.parts), self.names, *self.time)


def _names(cell):
    """Of the first components of the state; complex units have two each."""
    first = next((layer for layer in cell.layers if layer.state_size), cell)
    if getattr(first, "is_complex", False):
        return tuple(f"unit {index // 2}, {('real', 'imaginary')[index % 2]}" for index in range(_UNITS))
    return tuple(f"unit {index}" for index in range(_UNITS))
