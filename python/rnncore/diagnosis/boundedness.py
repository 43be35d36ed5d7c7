"""How large the state becomes, and whether it goes on growing."""

from dataclasses import dataclass

import numpy as np

_BOUNDED = ("tanh", "sigmoid")


@dataclass(frozen=True)
class Boundedness:
    """The largest state seen.

    Attributes
    ----------
    largest : float or None
        The largest absolute component; None when none was finite.
    largest_step : int or None
        The step, counted from 1, after which it occurred.
    first_half, second_half : float or None
        The same over each half of the run.
    cannot_exceed : float or None
        A bound that holds for every input from such a start, where the nonlinearity gives one.
    left_finite_numbers : int or None
        The first step whose state is not finite.
    """

    largest: float | None
    largest_step: int | None
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
        if self.first_half is None or self.second_half <= 1.1 * self.first_half:
            return "no growth seen"
        return f"still growing: {self.second_half / self.first_half:.3g} times larger in the second half of the run"


class BoundednessWatcher:
    def __init__(self, task, start):
        self.cannot_exceed = _largest_possible(task.cell, start)
        self.peaks = []  # (first step, largest) of each piece
        self.largest, self.largest_step, self.nonfinite_step = -1.0, None, None
        self.steps = task.steps

    def see(self, start, states, previous, outputs):
        if states.size == 0:
            return False
        low, high = float(states.min()), float(states.max())
        if not np.isfinite([low, high]).all():
            finite = np.isfinite(states).reshape(len(states), -1).all(axis=1)
            count = int(np.argmin(finite))
            self.nonfinite_step = start + count + 1
            states = states[:count]
            if count == 0:
                return True
            low, high = float(states.min()), float(states.max())
        peak = max(-low, high)
        self.peaks.append((start, peak))
        if peak > self.largest:
            self.largest = peak
            self.largest_step = start + int(np.argmax(np.abs(states).reshape(len(states), -1).max(axis=1))) + 1
        return self.nonfinite_step is not None

    def result(self):
        halves = [[peak for first, peak in self.peaks if (first < self.steps / 2) == early] for early in (True, False)]
        first, second = (max(half) if half else None for half in halves)
        if second is None:
            first = None
        return Boundedness(
            self.largest if self.peaks else None,
            self.largest_step,
            first,
            second,
            self.cannot_exceed,
            self.nonfinite_step,
        )


def _largest_possible(cell, start):
    layers = [layer for layer in cell.layers if layer.state_size]
    if not layers or any(getattr(layer, "nonlinearity", None) not in _BOUNDED for layer in layers):
        return None
    return max(1.0, float(np.abs(start).max()))
