"""Stretches of a run that begin at many of its steps and are walked side by side."""

import numpy as np

from ..backends import prepare
from ..cells import MatrixSequence
from ..nonfinite import is_finite, nonfinite_error

_PIECE_BYTES = 1 << 23


def has_matrices(cell):
    """Whether a layer has a matrix for each step: stretches that begin at different steps need different ones."""
    return any(isinstance(layer, MatrixSequence) for layer in cell.layers)


def in_double(cell):
    """The cell in float64, so that rounding errors are small; one with a sequence of matrices stays as it is."""
    return cell if has_matrices(cell) else cell.astype(np.float64)


def spread_starts(first, last, count, generator):
    """Up to ``count`` steps between ``first`` and ``last``, ascending, one at random in each of as many equal parts, so
    that a period of the series does not decide what is seen."""
    edges = np.linspace(first, last + 1, min(count, last - first + 1) + 1).astype(np.int64)
    return edges[:-1] + generator.integers(0, np.diff(edges))


def states_after(run, program, times, *, chunk, report, threads):
    """``(J, B, n)``: the states of a run after the steps ``times``, ascending; the run is walked to its end.

    Raises
    ------
    NonFiniteError
    """
    found = np.empty((len(times), *run.state.shape), run.state.dtype)
    for start, stop in run.segments(chunk, report, kept=run.cell.state_size):
        before = run.state.copy()
        rows = np.empty((stop - start, *run.state.shape), run.state.dtype)
        program.advance(
            run.inputs_between(start, stop), stop - start, run.state,
            start=start, every=1, outputs=None, states=rows, threads=threads,
        )  # fmt: skip
        if not is_finite(run.state):
            raise nonfinite_error(run, program, start, stop, before, threads=threads)
        inside = slice(*np.searchsorted(times, (start, stop)))
        found[inside] = np.concatenate([before[None], rows])[times[inside] - start]
    return found


class Stretches:
    """Rows of a batch, each a stretch of the same run; those of a batch of sequences stand beside each other.

    Parameters
    ----------
    run : Run
        Whose inputs are read; of B sequences.
    offsets : (G,) int array
        Steps done before each stretch; a cell with a sequence of matrices can have one only.
    states : (G, B, n) array
        Those after so many steps.
    copies : int
        How often all the stretches stand in the batch, one copy after the other.
    """

    def __init__(self, run, offsets, states, backend, threads, *, copies=1):
        self.cell, self.copies = run.cell, copies
        self.groups, self.width = states.shape[:2]
        self.state = np.ascontiguousarray(np.tile(states.reshape(-1, states.shape[-1]), (copies, 1)))
        self._program, self._threads = prepare(run.cell, backend), threads
        self._inputs = None if run.inputs is None or not run.cell.input_size else run.inputs
        self._offsets = np.asarray(offsets)
        self._start = int(self._offsets[0]) if has_matrices(run.cell) else 0

    @property
    def rows(self):
        return len(self.state)

    def step_of(self, row, steps):
        """The step of the run at which a row is after so many of its own."""
        return int(self._offsets[row // self.width % self.groups]) + steps

    def longest_piece(self, kept):
        """Steps to walk at once where ``kept`` numbers are kept of each row and step."""
        numbers = self.rows * (kept + self.cell.input_size + self.cell.state_size)
        return max(1, _PIECE_BYTES // (numbers * self.cell.dtype.itemsize))

    def inputs(self, first, steps):
        """``(steps, rows, input_size)`` or None: those of the steps first + 1 … of every stretch."""
        if self._inputs is None:
            return None
        times = np.arange(first, first + steps)[:, None] + self._offsets
        with np.errstate(over="ignore", invalid="ignore"):
            rows = np.asarray(self._inputs[times]).astype(self.cell.dtype)
        if rows.ndim == 3:  # one series for all sequences
            rows = np.repeat(rows[:, :, None], self.width, axis=2)
        rows = rows.reshape(steps, -1, self.cell.input_size)
        return np.ascontiguousarray(np.tile(rows, (1, self.copies, 1)))

    def advance(self, inputs, first, steps, *, states=None, outputs=None, every=1):
        """Walk all stretches on, from ``first`` steps after their beginnings."""
        self._program.advance(
            inputs, steps, self.state,
            start=self._start + first, every=every, outputs=outputs, states=states, threads=self._threads,
        )  # fmt: skip

    def multiply(self, inputs, first, steps, block, exponents, norms):
        """The same with a block of columns for each row."""
        self._program.multiply(
            inputs, steps, self.state, block, exponents,
            start=self._start + first, every=1, norms=norms, threads=self._threads,
        )  # fmt: skip

    def input_tangent(self, inputs, first, directions):
        """What a small change of the next step's input makes of the state after it, ``(rows, n)``; nothing moves."""
        tangent = np.zeros_like(self.state)
        outputs, output_tangents = np.empty((2, 1, self.rows, self.cell.output_size), self.cell.dtype)
        self._program.push_forward(
            inputs, 1, self.state.copy(), tangent,
            start=self._start + first, input_tangents=np.ascontiguousarray(directions[None], self.cell.dtype),
            forcing=None, outputs=outputs, output_tangents=output_tangents, threads=self._threads,
        )  # fmt: skip
        return tangent
