"""Forward along a run, keeping tapes and checkpoints, and back along them."""

from typing import NamedTuple

import numpy as np

from ..backends.protocol import GRADIENT_BLOCK
from ..nonfinite import is_finite, nonfinite_error
from ..runs import SEGMENT_SECONDS
from .arguments import cuts_between
from .checkpoints import StatesInMemory
from .nonfinite_gradients import nonfinite_gradient_error
from .schedule import Needs


class Piece(NamedTuple):
    """Steps start + 1 … stop, the state before them, (B, n), and their tape."""

    start: int
    stop: int
    state: np.ndarray
    tape: object


def needs_of(run, program, sums_bytes):
    """The :class:`Needs` of going back along a run."""
    cell, state = run.cell, run.state.nbytes
    tape = program.tape_bytes(run.width)
    # Beside the sums: the state walked with and a copy, the carried cotangent and a copy.
    fixed = sums_bytes + 4 * state + program.block_bytes(run.width)
    work = run.width * (2 * cell.input_size + cell.output_size) * cell.dtype.itemsize
    # Pieces are no shorter than a block, and each has the state before it.
    return Needs(fixed, state, tape + -(-state // GRADIENT_BLOCK), work)


class Backpropagation:
    """A run walked forward, and what its way back needs: a tape of its last steps, checkpoints on the way to them.

    Attributes
    ----------
    peak_bytes : int
        Of tapes, checkpoints, sums and work arrays, so far.
    """

    def __init__(self, run, program, plan, needs, checkpoints, *, chunk, threads, raise_nonfinite):
        self.run, self.program, self.plan, self.needs = run, program, plan, needs
        self.checkpoints = StatesInMemory() if checkpoints is None else checkpoints
        self.state_bytes = needs.state if checkpoints is None else 0
        self.threads, self.raise_nonfinite = threads, raise_nonfinite
        options = {"kept": run.cell.input_size, "most_bytes": plan.piece_bytes}
        self.pace = run.pace(chunk, **options)
        # The pieces of a tape are what the way back walks between two looks at Ctrl-C, and that takes longer.
        self.tape_pace = run.pace(chunk, multiple=GRADIENT_BLOCK, seconds=SEGMENT_SECONDS / 4, **options)
        self.held_bytes = self.peak_bytes = needs.fixed
        self.stack = []  # (first unit, units, checkpoint before them) of what is still to be gone back through
        self.leaf = []  # the pieces behind all that

    def go_forward(self, report, outputs=None):
        """``run.state`` goes along; what ``outputs.between(start, stop)`` gives, if anything, receives outputs."""
        self.leaf = self._reach_leaf(0, self.plan.units, self.run.state, self.stack, report, outputs)
        self.recorded_bytes = self.held_bytes

    def go_back(self, cotangent, output_cotangents, sums, input_gradients, truncation, report, *, keep):
        """The cotangent (B, n) of the final state becomes that of the initial one. Returns the steps walked again.

        ``keep``: tapes and checkpoints of the way forward stay for another time.
        """
        stack, leaf = (list(self.stack), list(self.leaf)) if keep else (self.stack, self.leaf)
        self.held_bytes = self.recorded_bytes
        own, again = len(stack) if keep else 0, 0

        def report_again(steps):
            nonlocal again
            again += steps
            report(steps)

        def walk(leaf, release):
            while leaf:
                piece = leaf.pop()
                self._accumulate(piece, cotangent, output_cotangents, sums, input_gradients, truncation)
                self._hold(-self._tape_bytes(piece) if release else 0)
                report(piece.stop - piece.start)

        walk(leaf, not keep)
        while stack:
            first, count, kept = stack.pop()
            self._hold(-self.state_bytes if len(stack) >= own else 0)
            own = min(own, len(stack))
            walk(self._reach_leaf(first, count, self.checkpoints.recall(kept), stack, report_again), True)
        return again

    def _reach_leaf(self, first, count, state, stack, report, outputs=None):
        """Walk through ``count`` units to the tape of the last of them, leaving checkpoints in the stack."""
        plan, run = self.plan, self.run
        while count > plan.leaf:
            ahead = plan.ahead(count, plan.slots - len(stack))
            stack.append((first, ahead, self.checkpoints.keep(len(stack), state)))
            self._hold(self.state_bytes)
            for start, stop in self.pace.segments(first * plan.unit, (first + ahead) * plan.unit, report):
                before = state.copy()
                self._use((stop - start) * self.needs.work)
                self.program.advance(
                    run.inputs_between(start, stop), stop - start, state, start=start, every=1,
                    outputs=None if outputs is None else outputs.between(start, stop),
                    states=None, threads=self.threads,
                )  # fmt: skip
                self._check_state(start, stop, before, state)
                if outputs is not None:
                    outputs.done()
            first, count = first + ahead, count - ahead
        leaf = []
        last = min(run.steps, (first + count) * plan.unit)
        for start, stop in self.tape_pace.segments(first * plan.unit, last, report):
            before = state.copy()
            tape = self.program.record(
                run.inputs_between(start, stop), stop - start, state, start=start,
                outputs=None if outputs is None else outputs.between(start, stop), threads=self.threads,
            )  # fmt: skip
            leaf.append(Piece(start, stop, before, tape))
            self._hold(self._tape_bytes(leaf[-1]))
            self._use((stop - start) * self.needs.work)
            self._check_state(start, stop, before, state)
            if outputs is not None:
                outputs.done()
        return leaf

    def _accumulate(self, piece, cotangent, output_cotangents, sums, input_gradients, truncation):
        run, (start, stop, _, tape) = self.run, piece
        self._use((stop - start) * self.needs.work)
        before = cotangent.copy()
        rows = None if input_gradients is None else input_gradients.between(start, stop)
        by_outputs = output_cotangents.between(start, stop)
        cuts = cuts_between(start, stop, run.steps, truncation)
        self.program.accumulate_gradients(
            tape, run.inputs_between(start, stop), stop - start, cotangent,
            start=start, output_cotangents=by_outputs, cuts=cuts, parameters=sums.layers,
            input_cotangents=rows, threads=self.threads,
        )  # fmt: skip
        if self.raise_nonfinite and not is_finite(
            cotangent, *([] if rows is None else [rows]), *sums.touched(start, stop)
        ):
            raise nonfinite_gradient_error(
                run, self.program, piece, before, by_outputs, cuts, sums, rows, threads=self.threads
            )
        if rows is not None:
            input_gradients.done()
        run.release(start, stop)
        output_cotangents.release(start, stop)

    def _check_state(self, start, stop, before, state):
        if self.raise_nonfinite and not is_finite(state):
            raise nonfinite_error(self.run, self.program, start, stop, before, threads=self.threads)

    def _tape_bytes(self, piece):
        return (piece.stop - piece.start) * self.needs.tape

    def _hold(self, count):
        self.held_bytes += count
        self._use(0)

    def _use(self, count):
        self.peak_bytes = max(self.peak_bytes, self.held_bytes + count)
