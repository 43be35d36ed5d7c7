"""The states, or the outputs, of a run, piece by piece and as often as they are asked for."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ..nonfinite import is_finite, nonfinite_error

_PIECE = 2048  # steps: sums over a run are made of theirs, so that they do not depend on how fast it went
_HELD_BYTES = 1 << 28


class RunStates:
    """States after the steps first + 1 … of a run; held where they are few, else walked anew each time.

    Parameters
    ----------
    run : Run
    program : Program
    readout : {"state", "outputs"}
    first : int
        Steps before those that are wanted.
    threads : int
        With more than one, a piece is walked while the caller works on the one before it.
    """

    def __init__(self, run, program, readout, first, threads):
        self.run, self.program, self.first = run, program, first
        self.ahead, self.threads = threads > 1, max(1, threads - 1)
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
        for start, stop, rows in self._walked(report):
            if self._small:
                held.append((start, stop, rows))
            yield start, stop, rows.astype(np.float64, copy=False)
        self._held = held if self._small else None

    def _walked(self, report):
        run = self.run
        run.state[...] = self._start
        segments = run.segments(_PIECE, report, kept=self.size)
        with ThreadPoolExecutor(1) as worker:
            coming = worker.submit(self._walk_next, segments)
            while (piece := coming.result()) is not None:
                if self.ahead:
                    coming = worker.submit(self._walk_next, segments)
                if piece[1] > self.first:
                    start = max(piece[0], self.first)
                    yield start, piece[1], piece[2][start - piece[0] :]
                if not self.ahead:
                    coming = worker.submit(self._walk_next, segments)

    def _walk_next(self, segments):
        run, (start, stop) = self.run, next(segments, (None, None))
        if start is None:
            return None
        before = run.state.copy()
        rows = np.empty((stop - start, run.width, self.size), run.cell.dtype)
        self.program.advance(
            run.inputs_between(start, stop), stop - start, run.state, start=start, every=1, threads=self.threads,
            outputs=rows if self.of_outputs else None, states=None if self.of_outputs else rows,
        )  # fmt: skip
        if not is_finite(run.state, rows):
            raise nonfinite_error(run, self.program, start, stop, before, threads=self.threads)
        return start, stop, rows

    def sample(self, count):
        """``(about count, B, size)``: states evenly spread."""
        every = max(1, (self.run.steps - self.first) // count)
        pieces = self.pieces(lambda steps: None)
        return np.concatenate([rows[(self.first - start) % every :: every] for start, _, rows in pieces])
