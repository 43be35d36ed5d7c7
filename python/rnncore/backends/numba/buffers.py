"""Work memory: a chunk of steps, each vector padded with zeros to whole cache lines."""

import numpy as np

LINE_BYTES = 64


def padded(size, dtype):
    """``size`` rounded up to whole cache lines."""
    line = LINE_BYTES // np.dtype(dtype).itemsize
    return -(-size // line) * line


def aligned_zeros(shape, dtype):
    """Zeros that start on a cache line."""
    count = int(np.prod(shape))
    memory = np.zeros(count * np.dtype(dtype).itemsize + LINE_BYTES, np.uint8)
    start = -memory.ctypes.data % LINE_BYTES
    return memory[start : start + count * np.dtype(dtype).itemsize].view(dtype).reshape(shape)


class Buffer:
    """``(steps + 1, batch, stride)``: row 0 what was before the chunk, rows 1 … its steps.

    Attributes
    ----------
    flat : 1-D array
        All of it, for kernels.
    row : int
        Elements of one step in ``flat``.
    stride : int
        Elements of one sequence in a row: ``size`` and its padding.
    """

    def __init__(self, steps, batch, size, dtype):
        self.size, self.batch, self.stride = size, batch, padded(size, dtype)
        self.row = batch * self.stride
        self.steps = aligned_zeros((steps + 1, batch, self.stride), dtype)
        self.flat = self.steps.reshape(-1)

    def values(self, count):
        """What the first ``count`` steps of the chunk hold, ``(count, batch, size)``."""
        return self.steps[1 : count + 1, :, : self.size]
