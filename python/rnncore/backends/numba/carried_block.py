"""The block that a walk carries, stored as kernels want it, and what is recorded of it on the way."""

from dataclasses import dataclass

import numpy as np

from .buffers import aligned_zeros
from .jacobian_walk import walk_jacobians
from .scaling import WINDOW
from .simd import VECTOR_BYTES


@dataclass
class Record:
    """Arrays as in ``protocol.Program``, of the whole batch; norms always with an axis of groups."""

    exponents: np.ndarray
    every: int = 1
    labels: np.ndarray | None = None
    norms: np.ndarray | None = None
    interval: int = 1
    pool: int = 1
    growth: np.ndarray | None = None
    factors: np.ndarray | None = None
    factor_exponents: np.ndarray | None = None
    frames: np.ndarray | None = None


class CarriedBlock:
    """Of one share of the batch.

    With the table of a single column it stands by itself, the lanes of vectors along its rows.
    """

    def __init__(self, table, block, share, record):
        self.table, self.record, self.first = table, record, share.start
        batch, self.size, self.columns = block.shape
        lanes = VECTOR_BYTES // block.itemsize
        self.width = 1 if table.single else lanes
        self.panels = -(-self.columns // self.width)
        self.memory = aligned_zeros((batch, self.panels, table.rows, self.width), block.dtype)
        self.factor = np.zeros((self.panels * lanes) ** 2, block.dtype)
        self.work = np.empty(self.panels * lanes * (lanes + 1), block.dtype)
        self.state_rows = np.flatnonzero(table.components >= 0)
        columns = np.zeros((batch, table.state_rows, self.panels * self.width), block.dtype)
        columns[:, self.state_rows, : self.columns] = block
        columns = columns.reshape(batch, table.state_rows, self.panels, self.width)
        self._rows()[...] = np.swapaxes(columns, 1, 2)

    def store(self, block):
        columns = np.swapaxes(self._rows(), 1, 2).reshape(len(block), -1, self.panels * self.width)
        block[...] = columns[:, self.state_rows, : self.columns]

    def walk(self, slopes, matrices, done, steps, start):
        """As many steps as there are slopes, after ``done`` of the ``steps``."""
        record, table, dtype = self.record, self.table, self.memory.dtype
        batch, columns = record.exponents.shape
        labels = np.zeros(0, np.int32)
        if record.labels is not None:
            labels = np.full(table.state_rows, -1, np.int32)
            labels[self.state_rows] = record.labels
        norms = _wanted(record.norms, (batch, 1, columns), np.float64)
        walk_jacobians(
            table.back, *table.arguments, matrices, slopes.reshape(-1), table.slope_rows,
            len(slopes), done, steps, start,
            self.memory.reshape(-1), len(self.memory), self.width, columns, table.rows, table.state_rows, self.first,
            dtype.type(WINDOW[dtype]), record.exponents,
            record.every, labels, norms,
            record.interval, record.pool, dtype.type(4 * self.size * np.finfo(dtype).eps), table.components,
            _wanted(record.growth, (batch, columns), np.float64),
            _wanted(record.factors, (batch, columns, columns), dtype),
            _wanted(record.factor_exponents, (batch, columns), np.int64),
            _wanted(record.frames, (batch, self.size, columns), dtype),
            self.factor, self.work, np.empty(norms.shape[2:]),
        )  # fmt: skip

    def _rows(self):
        """(batch, panel, row, lane), of the rows with a state."""
        return self.memory[:, :, : self.table.state_rows]


def _wanted(array, shape, dtype):
    return np.empty((0, *shape), dtype) if array is None else array
