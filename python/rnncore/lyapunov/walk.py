"""The walk of a block of directions, round by round; what it has seen can be written down and taken up again."""

from dataclasses import dataclass

import numpy as np

from ..nonfinite import is_finite, nonfinite_error
from .annihilation import orthonormalise_graded
from .batch_means import standard_errors
from .growth import GrowthWindows
from .reorthonormalisation import AdaptiveInterval, FixedInterval, round_end, window_length

_FEWEST_WINDOWS_TO_STOP = 32
_CAREFUL_PIECE = 64  # steps


@dataclass
class Round:
    """Where a round began, and what it has seen.

    Attributes
    ----------
    start, interval : int
    state : (B, n) array
    block : (B, n, k) array
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
    lost: bool = False
    sums: np.ndarray = None
    rest: np.ndarray = None

    def __post_init__(self):
        width, _, columns = self.block.shape
        self.sums = np.empty((0, width, columns)) if self.sums is None else self.sums
        self.rest = np.zeros((width, columns)) if self.rest is None else self.rest

    def see(self, sums, rest, lost):
        """Growth of windows, (N, B, k), and at the end of the round of the rest; whether that lost a direction."""
        self.sums, self.rest = np.concatenate([self.sums, sums]), rest
        self.lost = self.lost or lost

    def gap(self, end):
        """Mean growth between the first and the last direction in one interval of a round that ends after step ``end``,
        in nats; of the sequence where it is largest."""
        total = self.sums.sum(axis=0) + self.rest
        grown = np.isfinite(total)
        spread = np.max(total, axis=1, initial=-np.inf, where=grown) - np.min(
            total, axis=1, initial=np.inf, where=grown
        )
        return max(0.0, float(spread.max())) * self.interval / (end - self.start)

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
        start, state, block = self.step, self.run.state.copy(), self.block.copy()
        growth = self._orthonormalise(stop, self.window // self.round.interval)
        lost = annihilates(growth, block)
        if self.round.interval == 1 and lost:
            self.step, self.run.state[...], self.block[...] = start, state, block
            growth = _by_windows(self._go_carefully(stop), self.window)
        whole = (stop - start) // self.window
        self.round.see(growth[:whole], growth[whole:].sum(axis=0), lost and self.round.interval > 1)
        self._longest_piece = max(self._longest_piece, stop - start)

    def _orthonormalise(self, stop, pool):
        """Walk to ``stop``; returns the growth, (…, B, k), summed over ``pool`` intervals."""
        run, start, interval = self.run, self.step, self.round.interval
        state, block = run.state.copy(), self.block.copy()
        growth = np.empty((-(-(stop - start) // (interval * pool)), run.width, block.shape[2]))
        self.program.orthonormalise(
            run.inputs_between(start, stop), stop - start, run.state, self.block,
            start=start, interval=interval, pool=pool, growth=growth, factors=None, exponents=None, frames=None,
            threads=self.threads,
        )  # fmt: skip
        if not is_finite(run.state, self.block) or np.isnan(growth).any():
            raise nonfinite_error(run, self.program, start, stop, state, block, interval=interval, threads=self.threads)
        self.step = stop
        return growth

    def _go_carefully(self, stop):
        """Walk to ``stop`` with interval 1, the steps that seem to annihilate a direction by graded QR."""
        parts = []
        while self.step < stop:
            start, state, block = self.step, self.run.state.copy(), self.block.copy()
            growth = self._orthonormalise(min(stop, start + _CAREFUL_PIECE), 1)
            if annihilates(growth, block):
                whole = int(np.argmax((np.isneginf(growth) & block.any(axis=1)).any(axis=(1, 2))))
                self.step, self.run.state[...], self.block[...] = start, state, block
                growth = np.concatenate([self._orthonormalise(start + whole, 1), self._graded_step()])
            parts.append(growth)
        return np.concatenate(parts)

    def _graded_step(self):
        run, start, block = self.run, self.step, self.block.copy()
        product, exponents = block.copy(), np.zeros(block.shape[::2], np.int64)
        self.program.multiply(
            run.inputs_between(start, start + 1), 1, run.state.copy(), product, exponents,
            start=start, every=1, norms=None, threads=self.threads,
        )  # fmt: skip
        growth = self._orthonormalise(start + 1, 1)
        alive = block.any(axis=1)
        for sequence in np.flatnonzero((np.isneginf(growth[0]) & alive).any(axis=1)):
            kept = alive[sequence]
            graded = orthonormalise_graded(product[sequence][:, kept], exponents[sequence, kept])
            if graded is not None:
                self.block[sequence][:, kept], growth[0, sequence, kept] = graded
        return growth

    def _end_round(self):
        while interval := self._again():
            self._repeat_round(interval)
        self.count_round()
        self.finished = self.step == self.run.steps or self._settled()
        if not self.finished:
            self.round = self._new_round(self.intervals.following(self.round.interval, self.round.gap(self.step)))

    def _again(self):
        return self.intervals.again(self.round.interval, self.round.gap(self.step), self.round.lost)

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
            "longest_interval": self.intervals.longest,
            "state": self.run.state,
            "block": self.block,
            **{f"round.{name}": value for name, value in vars(self.round).items()},
            **{f"windows.{name}": value for name, value in self.windows.to_arrays().items()},
        }

    def restore(self, arrays):
        self.step, self.finished = int(arrays["step"]), bool(arrays["finished"])
        self.run.state[...], self.block[...] = arrays["state"], arrays["block"]
        self.intervals.longest = int(arrays["longest_interval"])
        fields = _under("round.", arrays)
        scalars = {name: fields.pop(name).item() for name in ("start", "interval", "lost")}
        self.round = Round(**scalars, **fields)
        self.windows = GrowthWindows.from_arrays(**_under("windows.", arrays))


def annihilates(growth, block):
    """Whether a direction of the block before, (B, n, k), has grown by -inf since."""
    return len(growth) > 0 and bool(np.any(np.isneginf(growth[-1]) & block.any(axis=1)))


def _by_windows(growth, window):
    """Growth step by step, (S, B, k), summed over windows and what is left of one."""
    return np.add.reduceat(growth, np.arange(0, len(growth), window), axis=0)


def _under(prefix, arrays):
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _directions(run, columns, seed):
    """Random orthonormal columns, the same for each sequence: ``(B, n, k)``."""
    normal = np.random.default_rng(seed).standard_normal((run.cell.state_size, columns))
    block = np.linalg.qr(normal)[0].astype(run.cell.dtype)
    return np.repeat(block[None], run.width, axis=0)
