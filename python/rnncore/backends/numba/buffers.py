"""Work memory: a chunk of steps, each vector padded with zeros to whole cache lines."""

from copy import copy
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Vectors:
    """One part of each row of a buffer, as kernels find them: ``size`` elements from ``first`` on, ``stride`` apart."""

    flat: np.ndarray
    first: int
    stride: int
    size: int


class Buffer:
    """``(steps + 1, batch, parts, padded size)``: row 0 what was before the chunk, rows 1 … its steps.

    A row holds one vector of each sequence, or several: its parts.

    Attributes
    ----------
    flat : 1-D array
        All of it, for kernels.
    row : int
        Elements of one step in ``flat``.
    stride : int
        Elements of one sequence in a row.
    part : int
        Elements of one part: ``size`` and its padding.
    parts : int
    """

    def __init__(self, steps, batch, size, dtype, parts=1):
        self.size, self.batch, self.part, self.parts = size, batch, padded(size, dtype), parts
        self.stride = parts * self.part
        self.row = batch * self.stride
        self.steps = aligned_zeros((steps + 1, batch, parts, self.part), dtype)
        self.flat = self.steps.reshape(-1)

    def window(self, first, count):
        """The same memory as a buffer of the ``count`` steps after ``first``."""
        window = copy(self)
        window.steps = self.steps[first : first + count + 1]
        window.flat = window.steps.reshape(-1)
        return window

    def before(self, part=0):
        """One part of what was before each step."""
        return Vectors(self.flat, part * self.part, self.stride, self.size)

    def now(self, part=0):
        """One part of each step."""
        return Vectors(self.flat, self.row + part * self.part, self.stride, self.size)

    def values(self, count, part=0):
        """What one part of the first ``count`` steps of the chunk holds, ``(count, batch, size)``."""
        return self.steps[1 : count + 1, :, part, : self.size]

    def rows(self, count):
        """All parts of them, ``(count, batch, parts, size)``."""
        return self.steps[1 : count + 1, :, :, : self.size]

    def split(self, array):
        """The last axis of an array cut into parts as those of this buffer, ``(…, parts, size)``."""
        return array.reshape(*array.shape[:-1], self.parts, self.size)
