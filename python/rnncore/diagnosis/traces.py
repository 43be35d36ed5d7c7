"""A short stretch of the run as it was, for the figure."""

from dataclasses import dataclass

import numpy as np

_STEPS = 336
_UNITS = 5


@dataclass(frozen=True, eq=False, repr=False)
class Traces:
    """The last steps of the first pass: states of the first units, (S, ≤ 5).

    Attributes
    ----------
    first_step : int
        Counted from 1.
    states : array
    interval : float
    unit : str
    """

    first_step: int
    states: np.ndarray
    interval: float
    unit: str


class TraceWatcher:
    def __init__(self, task):
        self.last = task.steps if task.series is None else min(task.steps, len(task.series))
        self.first = max(0, self.last - _STEPS)
        self.time = (1.0, "steps") if task.series is None else (task.series.interval, task.series.unit)
        self.parts = []

    def see(self, start, states, previous, outputs):
        first, last = max(start, self.first), min(start + len(states), self.last)
        if first < last:
            self.parts.append(states[first - start : last - start, 0, :_UNITS].copy())
        return False

    def result(self):
        states = np.concatenate(self.parts) if self.parts else np.empty((0, 0))
        return Traces(self.first + 1, states, *self.time)
