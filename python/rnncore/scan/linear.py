"""h_t = W_hh h_{t-1} + W_ih x_t + b: a block of L steps makes h_end = W_hh^L h_start + e."""

import numpy as np

from ..backends import prepare
from ..cells import Linear
from .blocks import Memory, RecurrentLayer, kept_between, power_of_two

SEQUENCES = 64  # side by side: register tiles for some threads
LEAST_STEPS, MOST_STEPS = 1 << 4, 1 << 10
BLOCK_WEIGHTS = 1 << 21  # that the steps of a block read: beside them its carry is little
LEAST_CARRIED = 1 << 7  # steps of a block, where a matrix has more weights than that
BATCH_BYTES = 1 << 25


class LinearLayer(RecurrentLayer):
    """Blocks as sequences of a batch: products of a matrix and a vector become products of two matrices."""

    def __init__(self, layer, backend, steps, width):
        super().__init__(layer, backend)
        self._blocks = SEQUENCES // width
        row_bytes = SEQUENCES * max(layer.state_size, layer.input_size) * layer.dtype.itemsize
        most = min(max(BLOCK_WEIGHTS // layer.state_size**2, LEAST_CARRIED), BATCH_BYTES // row_bytes, MOST_STEPS)
        self.length = max(power_of_two(min(steps // self._blocks, most)), LEAST_STEPS)
        self._input_memory, self._output_memory = Memory(layer.dtype), Memory(layer.dtype)

    def walk(self, inputs, steps, state, start, every, rows, workers):
        """So many blocks at a time as make a batch."""
        part = self._blocks * self.length
        for first in range(0, steps, part):
            stop = min(steps, first + part)
            super().walk(
                None if inputs is None else inputs[first:stop], stop - first, state, start + first, every,
                kept_between(rows, start, first, stop, every), workers,
            )  # fmt: skip

    def _starts(self, inputs, blocks, state, start, every, rows, workers):
        self._batch = self._side_by_side(inputs, blocks)
        starts = np.zeros((blocks, *state.shape), state.dtype)
        starts[0] = state
        carries = carry_program(self.cell, self.backend, self.length, workers.threads)
        if carries is None:
            return starts, np.zeros(len(state), bool)
        ends = self._walk_batch(self._batch, starts.copy(), None, workers)[:-1].astype(np.float64)
        carried, zero = np.empty_like(ends), np.zeros(state.shape)
        carries.advance(ends, blocks - 1, zero, start=0, every=1, outputs=carried, states=None, threads=workers.threads)
        with np.errstate(over="ignore"):
            starts[1:] = carried
        return starts, np.isfinite(starts[1:]).all(axis=(0, 2))

    def _finish(self, inputs, steps, state, starts, start, every, rows, workers):
        blocks, length = len(starts), self.length
        end = blocks * length
        kept = kept_between(rows, start, 0, end, every)
        if kept is not None and every == 1:
            outputs = self._output_memory.array((length, *starts.shape))
            state[...] = self._walk_batch(self._batch, starts, outputs, workers)[-1]
            kept.reshape(blocks, length, *state.shape)[...] = outputs.swapaxes(0, 1)
        else:
            state[...] = self._walk_some(starts, start, every, kept, workers)
        if end < steps:
            self._step_by_step(
                None if inputs is None else inputs[end:], steps - end, state, start + end, every,
                kept_between(rows, start, end, steps, every), workers,
            )  # fmt: skip

    def _walk_some(self, starts, start, every, kept, workers):
        """Only the last block and those of which a row is kept; returns the last one's end."""
        places = np.empty(0, int)
        if kept is not None:
            first = (start // every + 1) * every - start - 1
            places = first + every * np.arange(len(kept))
        # At least two, so that they are a batch: a single sequence may be rounded differently.
        chosen = np.union1d(places // self.length, [len(starts) - 2, len(starts) - 1])
        batch = None if self._batch is None else np.ascontiguousarray(self._batch[:, chosen])
        outputs = None
        if kept is not None:
            outputs = self._output_memory.array((self.length, len(chosen), *starts.shape[1:]))
        ends = self._walk_batch(batch, starts[chosen], outputs, workers)
        if kept is not None:
            kept[...] = outputs[places % self.length, np.searchsorted(chosen, places // self.length)]
        return ends[-1]

    def _side_by_side(self, inputs, blocks):
        """``(L, blocks, B, input_size)``, or None."""
        if inputs is None:
            return None
        parts = inputs[: blocks * self.length].reshape(blocks, self.length, *inputs.shape[1:])
        batch = self._input_memory.array((self.length, blocks, *inputs.shape[1:]))
        batch[...] = parts.swapaxes(0, 1)
        return batch

    def _walk_batch(self, batch, starts, outputs, workers):
        """All blocks from their starts (blocks, B, n), in whose place the ends come; outputs (L, blocks, B, n)."""

        def flat(array):
            return None if array is None else array.reshape(self.length, -1, array.shape[-1])

        self.program.advance(
            flat(batch), self.length, starts.reshape(-1, starts.shape[-1]), start=0, every=1,
            outputs=flat(outputs), states=None, threads=workers.threads,
        )  # fmt: skip
        return starts


def carry_program(cell, backend, length, threads):
    """c ← W_hh^L c + e, in double precision, kept with the cell; None where W_hh^L overflows.

    Parameters
    ----------
    length : int
        L, a power of two.
    """
    key = backend.name, "carry", length
    if key not in cell._programs:
        power = _power(cell.parameters["weight_hh"], length, backend, threads)
        cell._programs[key] = None if power is None else prepare(Linear(power, np.eye(len(power))), backend)
    return cell._programs[key]


def _power(weight, exponent, backend, threads):
    """By squaring: each column of the matrix is a sequence that takes one step."""
    power = np.array(weight if isinstance(weight, np.ndarray) else weight.toarray(), np.float64)
    while exponent > 1:
        columns = power.T.copy()
        prepare(Linear(power), backend).advance(
            None, 1, columns, start=0, every=1, outputs=None, states=None, threads=threads
        )
        power, exponent = columns.T, exponent // 2
        if not np.isfinite(power).all():
            return None
    return power
