"""How often gates stand open or closed."""

from dataclasses import dataclass, field

import numpy as np

from ..backends import choose_backend
from ..backends.reference.nonlinearities import NONLINEARITIES
from ..gated_memory import Position, gated_layers
from ..notebook import ShownInNotebooks
from ..threads import resolve_threads

_MOST_VALUES = 10_000  # steps times sequences that are looked at
_SAMPLE = 400  # of these, for the figure
CLOSED, OPEN = 0.01, 0.99


@dataclass(frozen=True)
class Gate(ShownInNotebooks):
    """One kind of gate of one layer, at up to 10 000 steps evenly spread over the first pass of the series.

    Attributes
    ----------
    layer : int
    gate : {"input", "forget", "output", "reset", "update"}
        "update" is z of a GRU, h_t = (1 - z) n + z h_{t-1}: open, it keeps.
    closed, open : float
        Share of all values below 0.01 in magnitude, and above 0.99.
    above_one : float
        Share above 1 in magnitude: gates that amplify, which only other nonlinearities than the logistic one have.
    always_closed, always_open, units : int
        Units at every step looked at, and all of them.
    steps : int
        Steps looked at.
    values : array
        Gates of all units at some hundred steps, for the figure.
    """

    layer: int
    gate: str
    closed: float
    open: float
    above_one: float
    always_closed: int
    always_open: int
    units: int
    steps: int
    values: np.ndarray = field(repr=False, metadata={"figure": True})


class GateWatcher:
    """Works the gates of one layer out again from the states before and after a step."""

    def __init__(self, task, index, backend, threads):
        self.task, self.index = task, index
        self.position = Position(task.cell, index, choose_backend(backend), resolve_threads(threads))
        self.names = self.position.gates.names
        self.phi = NONLINEARITIES[self.position.gates.nonlinearity]
        self.steps = task.steps if task.series is None else min(task.steps, len(task.series))
        self.width = 1 if task.series is None else task.series.values[:1].size // max(1, task.cell.input_size)
        self.every = -(-self.steps * self.width // _MOST_VALUES)
        self.sample_every = max(1, self.steps // self.every // _SAMPLE)
        units = self.position.gates.units
        self.seen = 0
        self.counts = {name: np.zeros(3, np.int64) for name in self.names}
        self.always = {name: np.ones((2, units), bool) for name in self.names}
        self.samples = {name: [] for name in self.names}

    def see(self, start, states, previous, outputs):
        rows = np.arange(-start % self.every, min(len(states), self.steps - start), self.every)
        if not len(rows):
            return False
        before = np.where((rows > 0)[:, None, None], states[rows - 1], previous)
        after = np.ascontiguousarray(states[rows])
        signal, part = self.position.signal(self._inputs(start + rows), after), self.position.part
        with np.errstate(all="ignore"):
            for name in self.names:
                drive = self.position.gates.drive(name, before[..., part], after[..., part], signal)
                self._count(name, np.abs(self.phi(drive)))
        self.seen += len(rows)
        return False

    def _inputs(self, steps):
        if self.task.series is None:
            return None
        values = np.asarray(self.task.series.values[steps], self.task.cell.dtype)
        return np.ascontiguousarray(values if values.ndim == 3 else values[:, None])

    def _count(self, name, gates):
        states = gates < CLOSED, gates > OPEN
        self.counts[name] += [np.count_nonzero(chosen) for chosen in (*states, gates > 1)]
        self.always[name] &= [chosen.all(axis=(0, 1)) for chosen in states]
        self.samples[name].append(gates[-self.seen % self.sample_every :: self.sample_every, 0].ravel())

    def results(self):
        """One :class:`Gate` for each kind."""
        return tuple(self._result(name) for name in self.names)

    def _result(self, name):
        units = self.position.gates.units
        closed, opened, above = (self.counts[name] / max(1, self.seen * self.width * units)).tolist()
        always_closed, always_open = self.always[name].sum(axis=1).tolist()
        values = np.concatenate(self.samples[name]) if self.samples[name] else np.empty(0)
        return Gate(self.index, name, closed, opened, above, always_closed, always_open, units, self.seen, values)


def gate_watchers(task, backend, threads):
    """One for each layer whose gates move."""
    watchers = [GateWatcher(task, index, backend, threads) for index in gated_layers(task.cell)]
    return [watcher for watcher in watchers if watcher.names]
