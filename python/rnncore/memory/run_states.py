"""The states, or the outputs, of a run, piece by piece and as often as they are asked for."""

from itertools import pairwise

import numpy as np

from ..backends import prepare
from ..nonfinite import is_finite, nonfinite_error
from .side_by_side import walk_side_by_side

_PIECE = 2048  # steps: sums over a run are made of theirs, so that they do not depend on how fast it went
_HELD_BYTES = 1 << 28


class RunStates:
    """States after the steps first + 1 … of a run; held where they are few, else walked anew each time.

    Parameters
    ----------
    run : Run
    backend : Backend
    readout : {"state", "outputs"}
    first : int
        Steps before those that are wanted.
    threads : int
    """

    def __init__(self, run, backend, readout, first, threads):
        self.run, self.backend, self.first, self.threads = run, backend, first, threads
        self.of_outputs = readout == "outputs"
        self.size = run.cell.output_size if self.of_outputs else run.cell.state_size
        self._start = run.state.copy()
        self._small = run.steps * run.width * self.size * run.cell.dtype.itemsize <= _HELD_BYTES
        self._held = None

    def pieces(self, report):
        """``(start, stop, rows)``, rows (stop - start, B, size) float64 after the steps start + 1 … stop."""
        if self._held is not None:
            for start, stop, rows in self._held:
                yield start, stop, rows.astype(np.float64, copy=False)
            return
        held = []
        for start, stop, rows in self._side_by_side(report) or self._walked(report):
            if self._small:
                held.append((start, stop, rows))
            yield start, stop, rows.astype(np.float64, copy=False)
        self._held = held if self._small else None

    def _side_by_side(self, report):
        """The same pieces where the run can be walked as stretches, else None."""
        if not self._small:
            return None
        found = walk_side_by_side(self.run, self.backend, self.size, self.of_outputs, self.threads)
        if found is None:
            return None
        report(self.run.steps)
        edges = range(self.first, self.run.steps, _PIECE)
        return [(start, stop, found[start:stop]) for start, stop in pairwise([*edges, self.run.steps])]

    def _walked(self, report):
        run, program = self.run, prepare(self.run.cell, self.backend)
        run.state[...] = self._start
        for start, stop in run.segments(_PIECE, report, kept=self.size):
            before = run.state.copy()
            rows = np.empty((stop - start, run.width, self.size), run.cell.dtype)
            program.advance(
                run.inputs_between(start, stop), stop - start, run.state, start=start, every=1, threads=self.threads,
                outputs=rows if self.of_outputs else None, states=None if self.of_outputs else rows,
            )  # fmt: skip
            if not is_finite(run.state, rows):
                raise nonfinite_error(run, program, start, stop, before, threads=self.threads)
            if stop > self.first:
                first = max(start, self.first)
                yield first, stop, rows[first - start :]

    def sample(self, count):
        """``(about count, B, size)``: states evenly spread."""
        every = max(1, (self.run.steps - self.first) // count)
        pieces = self.pieces(lambda steps: None)
        return np.concatenate([rows[(self.first - start) % every :: every] for start, _, rows in pieces])
