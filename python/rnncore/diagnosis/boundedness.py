"""How large the state becomes, and whether it goes on growing."""

from dataclasses import dataclass

import numpy as np

from ..cells import GRU, DelayLine, Dense, Elman
from ..notebook import ShownInNotebooks

_BOUNDED = ("tanh", "sigmoid")
_STRETCHES = 32  # of a run; the largest value in each, so that one rare peak makes no growth
_GROWTH = 1.5


@dataclass(frozen=True)
class Boundedness(ShownInNotebooks):
    """The largest values seen.

    Attributes
    ----------
    quantity : {"state", "output"}
        What was looked at: the outputs, for a model without state.
    largest : float or None
        The largest absolute component; None when none was finite.
    largest_step : int or None
        The step, counted from 1, after which it occurred.
    largest_of_parts : dict of str to float
        The largest absolute component of each part of the state: "h" and "c" of an LSTM, "0.h" of a chain's first
        layer.
    first_half, second_half : float or None
        The largest value in a stretch of 1/32 of the run: the median over the stretches of each half.
    cannot_exceed : float or None
        A bound that holds for every input from such a start, where the nonlinearity gives one.
    left_finite_numbers : int or None
        The first step whose state is not finite.
    """

    quantity: str
    largest: float | None
    largest_step: int | None
    largest_of_parts: dict
    first_half: float | None
    second_half: float | None
    cannot_exceed: float | None
    left_finite_numbers: int | None

    @property
    def verdict(self):
        if self.left_finite_numbers is not None:
            return f"left the finite numbers at step {self.left_finite_numbers:,}"
        if self.cannot_exceed is not None:
            return f"bounded: no unit can exceed {self.cannot_exceed:g}"
        if self.first_half is None:
            return "the run is too short to tell growth"
        if self.second_half <= _GROWTH * self.first_half:
            return "no growth seen"
        if self.first_half == 0:
            return "grew from zero"
        return f"still growing: {self.second_half / self.first_half:.3g} times larger in the second half of the run"


class BoundednessWatcher:
    def __init__(self, task, start):
        self.quantity = "state" if task.cell.state_size else "output"
        self.cannot_exceed = _largest_possible(task.cell, start)
        self.edges = np.unique(np.linspace(0, task.steps, _STRETCHES + 1).astype(np.int64))
        self.peaks = np.full(len(self.edges) - 1, -1.0)
        self.largest, self.largest_step, self.nonfinite_step = -1.0, None, None
        self.split_state = task.cell.split_state
        self.component_peaks = np.zeros(task.cell.state_size or task.cell.output_size)

    def see(self, start, states, previous, outputs):
        stretch = int(np.searchsorted(self.edges, start, side="right")) - 1
        done = 0
        while done < len(states) and self.nonfinite_step is None:
            cut = min(int(self.edges[stretch + 1]) - start, len(states))
            self._see_stretch(stretch, start + done, states[done:cut])
            stretch, done = stretch + 1, cut
        return self.nonfinite_step is not None

    def _see_stretch(self, stretch, start, states):
        peak = max(abs(float(states.min())), abs(float(states.max())))
        if not np.isfinite(peak):
            count = int(np.argmin(np.isfinite(states).reshape(len(states), -1).all(axis=1)))
            self.nonfinite_step = start + count + 1
            states = states[:count]
            peak = float(np.abs(states).max(initial=-1.0))
        self.peaks[stretch] = max(self.peaks[stretch], peak)
        if len(states):
            np.maximum(self.component_peaks, np.abs(states).max(axis=(0, 1)), out=self.component_peaks)
        if peak > self.largest:
            self.largest = peak
            self.largest_step = start + int(np.argmax(np.abs(states).reshape(len(states), -1).max(axis=1))) + 1

    def parts(self):
        """The largest absolute component of each named part of the state."""
        if self.quantity == "output":
            return {}
        named = self.split_state(self.component_peaks)
        return {name: float(max(part.real.max(), part.imag.max())) for name, part in named.items()}

    def result(self):
        middle = len(self.peaks) // 2
        whole = len(self.peaks) >= 8 and self.nonfinite_step is None
        return Boundedness(
            self.quantity,
            None if self.largest_step is None else self.largest,
            self.largest_step,
            self.parts(),
            float(np.median(self.peaks[:middle])) if whole else None,
            float(np.median(self.peaks[middle:])) if whole else None,
            self.cannot_exceed,
            self.nonfinite_step,
        )


def _largest_possible(cell, start):
    stateful = [index for index, layer in enumerate(cell.layers) if layer.state_size]
    if not stateful or not all(_within_one(cell.layers, index) for index in stateful):
        return None
    return max(1.0, float(np.abs(start).max()))


def _within_one(layers, index):
    """Whether a state within ±1 stays there: an average of what was and of φ, weighted by leak or gate; or what a
    DelayLine receives from such a layer."""
    layer = layers[index]
    if isinstance(layer, DelayLine):
        return index > 0 and _within_one(layers, index - 1)
    return isinstance(layer, GRU) or (isinstance(layer, (Elman, Dense)) and layer.nonlinearity in _BOUNDED)
