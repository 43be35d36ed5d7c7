"""What the layers of a scan share: blocks of steps, their starts, and the sequences that need another way."""

import math

import numpy as np

from ..backends import prepare


def power_of_two(number):
    """The largest that is not above ``number``; 1 for less."""
    return 1 << max(0, number.bit_length() - 1)


def kept_between(rows, start, first, stop, every):
    """Of ``rows``, those of the steps start + 1 … whose number ``every`` divides, the ones of first + 1 … stop.

    None where there are none.
    """
    if rows is None:
        return None
    before = start // every
    part = rows[(start + first) // every - before : (start + stop) // every - before]
    return part if len(part) else None


class Memory:
    """Room for one array at a time, taken from the system once."""

    def __init__(self, dtype):
        self._array = np.empty(0, dtype)

    def array(self, shape):
        """To be written; the one before is gone."""
        size = math.prod(shape)
        if self._array.size < size:
            self._array = np.empty(size, self._array.dtype)
        return self._array[:size].reshape(shape)


class Layer:
    """One layer of a scan."""

    def __init__(self, layer, backend):
        self.cell, self.backend, self.program = layer, backend, prepare(layer, backend)
        self._memory = Memory(layer.dtype)

    def rows(self, steps, width):
        """``(steps, width, output_size)`` to be written, good until the next call."""
        return self._memory.array((steps, width, self.cell.output_size))


class RecurrentLayer(Layer):
    """A layer with a state: ``_starts`` finds where the blocks begin, ``_finish`` walks them from there.

    Attributes
    ----------
    length : int
        Steps of a block.
    """

    least_blocks = 3  # of two, the second one waits for the first

    def walk(self, inputs, steps, state, start, every, rows, workers):
        """As :meth:`Program.advance`: ``state`` (B, n) and the kept ``rows`` (…, B, n), or None, are written."""
        blocks = steps // self.length
        if blocks < self.least_blocks:
            self._step_by_step(inputs, steps, state, start, every, rows, workers)
            return
        before = state.copy()
        starts, certain = self._starts(inputs, blocks, state, start, every, rows, workers)
        if certain.any():
            self._finish(inputs, steps, state, starts, start, every, rows, workers)
        if not certain.all():
            again = None if rows is None else rows if not certain.any() else np.empty_like(rows)
            self._step_by_step(inputs, steps, before, start, every, again, workers)
            state[~certain] = before[~certain]
            if again is not rows:
                rows[:, ~certain] = again[:, ~certain]

    def _step_by_step(self, inputs, steps, state, start, every, rows, workers):
        self.program.advance(
            inputs, steps, state, start=start, every=every, outputs=rows, states=None, threads=workers.threads
        )
