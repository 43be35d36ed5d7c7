"""c_t = a_t ⊙ c_{t-1} + d_t: a block of steps makes of each unit c_end = P c_start + e."""

import numpy as np

from .blocks import RecurrentLayer, kept_between, power_of_two

BLOCKS = 16  # of a panel; more would be too short for what a call costs
LEAST_STEPS = 1 << 6


class ElementwiseLayer(RecurrentLayer):
    """Blocks as walks of their own that threads share: the lanes are full of units already.

    ``_end`` of a derived class walks a block from zero, ``(e, P)``; ``_carried`` is P c, and a magnitude of P below
    ``lost`` has lost digits, or is zero, because it is so small.
    """

    def __init__(self, layer, backend, steps, width):
        super().__init__(layer, backend)
        self.length = max(LEAST_STEPS, power_of_two(steps // BLOCKS))

    def _starts(self, inputs, blocks, state, start, every, rows, workers):
        starts = np.zeros((blocks, *state.shape), state.dtype)
        starts[0] = state

        def walk(number):
            if number:
                return self._end(_between(inputs, number * self.length, (number + 1) * self.length), len(state))
            return self._walk(inputs, 0, self.length, starts[0], start, every, rows), None

        (end, _), *others = workers.each(walk, blocks - 1)
        c, certain = self._numbers(end), np.ones(len(state), bool)
        starts[1] = end
        with np.errstate(all="ignore"):
            for number, (end, product) in enumerate(others, 2):
                previous, c = c, self._numbers(end) + self._carried(product, c)
                starts[number] = c.view(np.float64)
                certain &= ~self._vanishes(product, previous, c).any(axis=1)
        return starts, certain & np.isfinite(starts[1:]).all(axis=(0, 2))

    def _finish(self, inputs, steps, state, starts, start, every, rows, workers):
        """Blocks from the second on; the last one takes the steps that are left over."""
        blocks = len(starts)

        def walk(number):
            first, stop = (number + 1) * self.length, (number + 2) * self.length
            last = number + 2 == blocks
            if last or kept_between(rows, start, first, stop, every) is not None:
                end = self._walk(inputs, first, steps if last else stop, starts[number + 1], start, every, rows)
                if last:
                    state[...] = end

        workers.each(walk, blocks - 1)

    def _walk(self, inputs, first, stop, state, start, every, rows):
        """Steps first + 1 … stop from ``state``, which stays as it is; returns the one after them."""
        state = state.copy()
        self.program.advance(
            _between(inputs, first, stop), stop - first, state, start=start + first, every=every,
            outputs=kept_between(rows, start, first, stop, every), states=None, threads=1,
        )  # fmt: skip
        return state

    def _vanishes(self, product, c, carried):
        """Where P is too small for its digits, and what is missing of P c would be seen in P c + e."""
        numbers = np.finfo(self.cell.dtype)
        missing = np.abs(self._carried(np.full_like(product, self.lost), c))
        visible = np.maximum(numbers.eps / 4 * np.abs(carried), numbers.smallest_subnormal)
        return (np.abs(product) < self.lost) & (missing > visible)

    def _numbers(self, state):
        """In double precision, and as complex numbers where the units are."""
        return state.astype(np.float64)


def _between(inputs, first, stop):
    return None if inputs is None else inputs[first:stop]
