"""Growth along a run, summed over windows: bounded in number, so that memory does not grow with the run."""

import math

import numpy as np

_MOST_WINDOWS = 4096
_FEWEST_WINDOWS = 128
_BYTES = 1 << 22


class GrowthWindows:
    """The growth of each direction over windows of equal length; where they become too many, neighbours are joined.

    Attributes
    ----------
    length : int
        Steps of a window.
    sums : (N, B, k) array
        In nats.
    """

    def __init__(self, length, width, columns):
        self.length, self.sums = length, np.empty((0, width, columns))
        self._most = min(_MOST_WINDOWS, max(_FEWEST_WINDOWS, _BYTES // max(1, 8 * width * columns)))
        self._waiting = []  # at most one window a level, (≤ 1, B, k), without a neighbour yet; the finest first
        self._rest = np.zeros((1, width, columns))

    def add(self, sums, rest=0.0):
        """Windows in their first length; ``rest``, (B, k), is what the run ends with."""
        for level, waiting in enumerate(self._waiting):
            sums, self._waiting[level] = _join(np.concatenate([waiting, sums]))
        self.sums = np.concatenate([self.sums, sums])
        self._rest = self._rest + rest
        while len(self.sums) > self._most:
            self.sums, waiting = _join(self.sums)
            self._waiting.append(waiting)
            self.length *= 2

    def total(self):
        """``(B, k)``: each direction's growth since the first window."""
        columns = np.concatenate([self.sums, *self._waiting, self._rest])
        totals = [math.fsum(column) for column in columns.reshape(len(columns), -1).T]
        return np.reshape(totals, columns.shape[1:])

    def to_arrays(self):
        """What :meth:`from_arrays` makes the same windows of."""
        levels = np.array([len(waiting) for waiting in self._waiting], np.int64)
        waiting = np.concatenate([self.sums[:0], *self._waiting])
        return {"length": self.length, "sums": self.sums, "levels": levels, "waiting": waiting, "rest": self._rest}

    @classmethod
    def from_arrays(cls, length, sums, levels, waiting, rest):
        windows = cls(int(length), *sums.shape[1:])
        windows.sums, windows._rest = sums, rest
        windows._waiting = np.split(waiting, np.cumsum(levels)[:-1]) if len(levels) else []
        return windows


def _join(sums):
    """Sums of neighbours, and the one that is left over."""
    even = len(sums) // 2 * 2
    return sums[0:even:2] + sums[1:even:2], sums[even:]
