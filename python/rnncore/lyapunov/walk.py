"""The walk of a block of directions, round by round; what it has seen can be written down and taken up again."""

import math
from dataclasses import dataclass

import numpy as np

from ..nonfinite import is_finite, nonfinite_error
from .batch_means import standard_errors
from .growth import GrowthWindows, window_sums
from .reorthonormalisation import AdaptiveInterval, FixedInterval, round_end, window_length

_FEWEST_WINDOWS_TO_STOP = 32


@dataclass
class Round:
    """Where a round began, and what it has seen.

    Attributes
    ----------
    start, interval : int
    state : (B, n) array
    block : (B, n, k) array
    spreads : (B,) array
        log Σ e^g over the intervals seen, g the growth between the first and the last direction in nats: the last one's
        relative error is some eps · e^g.
    intervals : int
    lost : bool
        Whether an interval longer than 1 annihilated a direction.
    sums : (N, B, k) array
        Growth by windows.
    rest : (B, k) array
        Growth since the last whole window.
    """

    start: int
    interval: int
    state: np.ndarray
    block: np.ndarray
    spreads: np.ndarray = None
    intervals: int = 0
    lost: bool = False
    sums: np.ndarray = None
    rest: np.ndarray = None

    def __post_init__(self):
        width, _, columns = self.block.shape
        self.spreads = np.full(width, -np.inf) if self.spreads is None else self.spreads
        self.sums = np.empty((0, width, columns)) if self.sums is None else self.sums
        self.rest = np.zeros((width, columns)) if self.rest is None else self.rest

    def see(self, growth, window):
        """``growth``, (Q, B, k), of whole windows, or of the end of the round."""
        grown = np.isfinite(growth)
        highest = np.max(growth, axis=2, initial=-np.inf, where=grown)
        lowest = np.min(growth, axis=2, initial=np.inf, where=grown)
        self.spreads = np.logaddexp.reduce(np.concatenate([self.spreads[None], highest - lowest]))
        self.intervals += len(growth)
        if self.interval > 1:
            self.lost = self.lost or bool(np.any(~grown & self.block.any(axis=1)))
        sums, self.rest = window_sums(growth, window // self.interval)
        self.sums = np.concatenate([self.sums, sums])

    @property
    def gap(self):
        """log of the mean of e^g, of the sequence where it is largest."""
        return max(0.0, float(self.spreads.max()) - math.log(self.intervals))

    def again(self, interval):
        """The same round, to be walked with another interval."""
        return Round(self.start, interval, self.state, self.block)


class Walk:
    """A run, and the directions that go along with it.

    Attributes
    ----------
    step : int
        Steps done.
    finished : bool
    windows : GrowthWindows
        Of the rounds that ended after the burn-in.
    round : Round
        The present one; the last one of a walk that is finished.
    """

    def __init__(self, run, program, columns, burn_in, interval, tolerance, seed, threads):
        self.run, self.program, self.threads = run, program, threads
        self.burn_in, self.tolerance = burn_in, tolerance
        self.window = window_length(interval, run.steps - burn_in)
        self.intervals = FixedInterval(interval) if interval else AdaptiveInterval(run.cell.dtype, self.window)
        self.step, self.finished = 0, False
        self.block = _directions(run, columns, seed)
        self.windows = GrowthWindows(self.window, run.width, columns)
        self.round = self._new_round(self.intervals.first)
        self._longest_piece = 0

    def advance(self, stop):
        """Go on to the end of a segment, or of the round in which the tolerance is reached.

        Raises
        ------
        NonFiniteError
        """
        while self.step < stop and not self.finished:
            end = round_end(self.round.start, self.burn_in, self.run.steps, self.window)
            self._go(min(stop, end))
            if self.step == end:
                self._end_round()

    def _go(self, stop):
        run, start, interval = self.run, self.step, self.round.interval
        state, block = run.state.copy(), self.block.copy()
        growth = np.empty((-(-(stop - start) // interval), run.width, block.shape[2]))
        self.program.orthonormalise(
            run.inputs_between(start, stop), stop - start, run.state, self.block,
            start=start, interval=interval, growth=growth, factors=None, exponents=None, frames=None,
            threads=self.threads,
        )  # fmt: skip
        if not is_finite(run.state, self.block):
            raise nonfinite_error(run, self.program, start, stop, state, block, threads=self.threads)
        self.round.see(growth, self.window)
        self.step = stop
        self._longest_piece = max(self._longest_piece, stop - start)

    def _end_round(self):
        while (interval := self.intervals.again(self.round.interval, self.round.gap, self.round.lost)) is not None:
            self._repeat_round(interval)
        self.count_round()
        self.finished = self.step == self.run.steps or self._settled()
        if not self.finished:
            self.round = self._new_round(self.intervals.following(self.round.interval, self.round.gap))

    def _repeat_round(self, interval):
        end, self.step = self.step, self.round.start
        self.run.state[...], self.block[...] = self.round.state, self.round.block
        self.round = self.round.again(interval)
        piece = max(self.window, self._longest_piece // self.window * self.window)
        while self.step < end:
            start = self.step
            self._go(min(end, start + piece))
            self.run.release(start, self.step)

    def count_round(self):
        """Count the growth of the present round, at its end or where the walk broke off."""
        if self.round.start >= self.burn_in:
            self.windows.add(self.round.sums, self.round.rest)

    def _settled(self):
        if self.tolerance is None or len(self.windows.sums) < _FEWEST_WINDOWS_TO_STOP:
            return False
        errors = standard_errors(self.windows.sums) / self.windows.length
        return bool(np.all((errors < self.tolerance) | ~self.block.any(axis=1)))

    def _new_round(self, interval):
        return Round(self.step, interval, self.run.state.copy(), self.block.copy())

    def to_arrays(self):
        """What :meth:`restore` goes on from."""
        return {
            "step": self.step,
            "finished": self.finished,
            "state": self.run.state,
            "block": self.block,
            **{f"round.{name}": value for name, value in vars(self.round).items()},
            **{f"windows.{name}": value for name, value in self.windows.to_arrays().items()},
        }

    def restore(self, arrays):
        self.step, self.finished = int(arrays["step"]), bool(arrays["finished"])
        self.run.state[...], self.block[...] = arrays["state"], arrays["block"]
        fields = _under("round.", arrays)
        scalars = {name: fields.pop(name).item() for name in ("start", "interval", "intervals", "lost")}
        self.round = Round(**scalars, **fields)
        self.windows = GrowthWindows.from_arrays(**_under("windows.", arrays))


def _under(prefix, arrays):
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _directions(run, columns, seed):
    """Random orthonormal columns, the same for each sequence: ``(B, n, k)``."""
    normal = np.random.default_rng(seed).standard_normal((run.cell.state_size, columns))
    block = np.linalg.qr(normal)[0].astype(run.cell.dtype)
    return np.repeat(block[None], run.width, axis=0)
