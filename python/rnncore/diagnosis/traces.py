"""A short stretch of the run as it was, for the figure."""

from dataclasses import dataclass

import numpy as np

_STEPS = 336
_UNITS = 5


@dataclass(frozen=True, eq=False, repr=False)
class Traces:
    """The first steps of the run: states of the first units, (S, ≤ 5); outputs, for a model without state.

    Attributes
    ----------
    values : array
    interval : float
    unit : str
    """

    values: np.ndarray
    interval: float
    unit: str


class TraceWatcher:
    def __init__(self, task):
        self.time = task.interval, task.unit
        self.parts = []

    def see(self, start, states, previous, outputs):
        if start < _STEPS:
            self.parts.append(states[: _STEPS - start, 0, :_UNITS].copy())
        return False

    def result(self):
        return Traces(np.concatenate(self.parts), *self.time)
