"""How many units stand where their nonlinearity no longer answers."""

from dataclasses import dataclass, field

import numpy as np

from ..cells import Elman
from ..notebook import ShownInNotebooks

_SAMPLE_STEPS = 400
_FLAT = {
    # where φ' has all but vanished, from the value y = φ(z)
    "tanh": (lambda y: np.abs(y) > 0.99, "|tanh| > 0.99"),
    "sigmoid": (lambda y: np.abs(y - 0.5) > 0.495, "sigmoid within 0.005 of 0 or 1"),
    "relu": (lambda y: y <= 0, "relu at 0"),
    "elu": (lambda y: y < -0.99, "elu below -0.99"),
    "softplus": (lambda y: y < 0.01, "softplus below 0.01"),
}


@dataclass(frozen=True)
class Saturation(ShownInNotebooks):
    """Saturated units of one recurrent layer over the first pass of the series.

    Attributes
    ----------
    layer : int
    nonlinearity : str
    criterion : str
        What counts as saturated.
    share : float
        Of all units at all steps.
    always, units : int
        Units saturated at every step, and all of them.
    activations : array
        φ(z) of all units at some hundred steps, for the figure.
    """

    layer: int
    nonlinearity: str
    criterion: str
    share: float
    always: int
    units: int
    activations: np.ndarray = field(repr=False, metadata={"figure": True})


class SaturationWatcher:
    """Recovers φ(z_t) = (h_t - (1 - a) h_{t-1}) / a from the states of one layer, over the first pass."""

    def __init__(self, task, index, part):
        layer = task.cell.layers[index]
        self.index, self.part, self.layer = index, part, layer
        self.flat, self.criterion = _FLAT[layer.nonlinearity]
        self.steps = task.steps if task.series is None else min(task.steps, len(task.series))
        self.every = max(1, self.steps // _SAMPLE_STEPS)
        self.saturated, self.seen = 0, 0
        self.always = np.ones(layer.state_size, bool)
        self.sample = []

    def see(self, start, states, previous, outputs):
        states = states[: max(0, self.steps - start), :, self.part]
        if not len(states):
            return False
        values = self._before_leak(states, previous[:, self.part])
        flat = self.flat(values)
        self.saturated += int(np.count_nonzero(flat))
        self.seen += flat.size
        self.always &= flat.all(axis=(0, 1))
        self.sample.append(values[-start % self.every :: self.every, 0].ravel())
        return False

    def _before_leak(self, states, previous):
        leak = self.layer.leak
        if leak == 1:
            return states
        values = np.empty(states.shape, np.float64)
        with np.errstate(all="ignore"):
            values[0] = states[0] - (1 - leak) * previous
            values[1:] = states[1:] - (1 - leak) * states[:-1]
            return values / leak

    def result(self):
        return Saturation(
            self.index,
            self.layer.nonlinearity,
            self.criterion,
            self.saturated / max(1, self.seen),
            int(self.always.sum()),
            self.layer.state_size,
            np.concatenate(self.sample) if self.sample else np.empty(0),
        )


def saturation_watchers(task):
    """One for each Elman layer whose nonlinearity has a flat part."""
    watchers, start = [], 0
    for index, layer in enumerate(task.cell.layers):
        part = slice(start, start + layer.state_size)
        start = part.stop
        if isinstance(layer, Elman) and layer.nonlinearity in _FLAT:
            watchers.append(SaturationWatcher(task, index, part))
    return watchers
