"""y_t = (x_t, x_{t-1}, …, x_{t-k+1}): what stood in a row moves on by one input."""

import numpy as np

from .compilation import kernel
from .layer import NumbaLayer
from .simd import borrowed


class NumbaDelayLine(NumbaLayer):
    def __init__(self, cell):
        self.input_size = cell.input_size

    def walk(self, number, count, x, y, z):
        self._move(count, x, y, None)

    def push_forward(self, number, count, slopes, x, y, z, forcing):
        self._move(count, x, y, forcing)

    def _move(self, count, x, y, forcing):
        x, first, stride = (y.flat[:0], 0, 0) if x is None else (x.flat, x.row, x.stride)
        forcing = y.flat[:0] if forcing is None else forcing.flat
        walk_delay_line(x, first, stride, self.input_size, y.flat, forcing, y.size, y.part, y.batch, count)

    def pull_back(self, number, count, slopes, cuts, carried, y, z):
        pull_delay_line(self.input_size, cuts, carried.flat, y.flat, y.size, y.part, y.batch, count)

    def pull_input(self, count, z, x):
        x.values(count)[...] = z.values(count)[..., : self.input_size]

    def sum_gradients(self, sums, x, y, slopes, z):
        """There are no parameters."""

    def tangent(self, step):
        step.shift(self.input_size, step.state, step.new_state)
        if step.input is not None:
            step.shift(0, step.input, step.new_state)


@kernel
def walk_delay_line(x, first, stride, inputs, y, forcing, size, part, batch, steps):
    """Rows of y from those before and from x, which begins at ``first``; without elements it is zero.

    ``forcing`` is added where it has elements.
    """
    x, y, forcing = borrowed(x), borrowed(y), borrowed(forcing)
    fresh, old = range(np.uintp(inputs)), range(np.uintp(size - inputs))
    for row in range(steps * batch):
        before, now, new = np.uintp(row * part), np.uintp((row + batch) * part), np.uintp(first + row * stride)
        for i in fresh:
            y[now + i] = 0
        if len(x):
            for i in fresh:
                y[now + i] = x[new + i]
        for i in old:
            y[now + np.uintp(inputs) + i] = y[before + i]
        if len(forcing):
            for i in range(np.uintp(size)):
                y[now + i] += forcing[now + i]


@kernel
def pull_delay_line(inputs, cuts, carried, y, size, part, batch, steps):
    """y_t ← y_t + y_{t+1} moved back by one input, from the last step to the first.

    ``carried``: that of the step after, for each sequence; zeros behind a cut.
    """
    cuts, carried, y = borrowed(cuts), borrowed(carried), borrowed(y)
    for number in range(steps - 1, -1, -1):
        cut = len(cuts) > 0 and cuts[number]
        for sequence in range(batch):
            now, after = np.uintp(((number + 1) * batch + sequence) * part), np.uintp(sequence * part)
            for i in range(np.uintp(size)):
                y[now + i] += carried[after + i]
                carried[after + i] = 0
            if not cut:
                for i in range(np.uintp(size - inputs)):
                    carried[after + i] = y[now + np.uintp(inputs) + i]
