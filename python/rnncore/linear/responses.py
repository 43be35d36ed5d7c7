"""What columns become under powers of a transition: C A^k V for k = 0, 1, …"""

import math

import numpy as np

from ..cells.base import is_sparse
from ..errors import NonFiniteError

_BLOCK = 64  # powers whose columns go side by side: products of a matrix and a vector become products of matrices
_ROW_NUMBERS = 1 << 20  # of a piece of rows, where they come of a product
_MOST_DOUBLINGS = 40
_LARGEST_DENSE = 2000  # units of a sparse matrix whose powers are worked out to bound the rest of a response


def response_rows(system, columns, steps, forgotten=0.0):
    """``(K, n_out, c)`` of columns (n, c): C A^k V for k below K, which is ``steps`` or fewer.

    Parameters
    ----------
    forgotten : float
        The sum of the norms of all rows left out may be this share of the sum over those given. With 0 only rows are
        left out that are zero.
    """
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        return (_diagonal_rows if system.is_diagonal else _matrix_rows)(system, columns, steps, forgotten)


def check_rows(rows):
    """Rows (K, n_out, c) as they are.

    Raises
    ------
    NonFiniteError
        One is not finite; the first is row 0.
    """
    finite = np.isfinite(rows).all(axis=(1, 2))
    if not finite.all():
        lag = int(np.argmin(finite))
        unit = int(np.argmin(np.isfinite(rows[lag]).all(axis=1)))
        raise NonFiniteError(lag + 1, unit, what="output")
    return rows


def _diagonal_rows(system, columns, steps, forgotten):
    """Single powers: those of numbers below 1 sum up to 1 / (1 - λ), from the K-th on to λ^K as much."""
    largest = float(np.abs(system.transition).max())
    if forgotten > 0 and largest < 1:
        needed = 1 if largest == 0 else math.log(forgotten) / math.log(largest)
        steps = min(steps, math.ceil(needed) + 1)
    width = columns.shape[1]
    if system.readout is None:
        moved = columns.any(axis=1)  # others stay at zero, where their powers overflow too
        rows = np.zeros((steps, len(columns), width), columns.dtype)
        for first, powers in _powers(system.transition[moved], steps, width):
            rows[first : first + len(powers), moved] = powers[:, :, None] * columns[moved]
        return np.stack([rows.real, rows.imag], axis=2).reshape(steps, -1, width) if system.is_complex else rows
    weights = system.readout.T[:, :, None] * columns[:, None, :]
    moved = weights.any(axis=(1, 2))
    weights = weights[moved].reshape(-1, weights.shape[1] * width)
    rows = np.zeros((steps, len(system.readout), width))
    for first, powers in _powers(system.transition[moved], steps, 1):
        rows[first : first + len(powers)] = (powers @ weights).real.reshape(len(powers), -1, width)
    return rows


def _powers(numbers, steps, width):
    """``(first, λ^k)`` piece by piece, (P, n) each."""
    piece = max(1, _ROW_NUMBERS // max(1, len(numbers) * width))
    for first in range(0, steps, piece):
        exponents = np.arange(first, min(steps, first + piece))[:, None]
        if numbers.dtype.kind == "c":
            size, angle = np.power(np.abs(numbers), exponents), exponents * np.angle(numbers)
            yield first, size * np.cos(angle) + 1j * (size * np.sin(angle))
        else:
            yield first, np.power(numbers, exponents)


def _matrix_rows(system, columns, steps, forgotten):
    """Blocks of powers: the columns of a block times A^L are those of the next."""
    width = columns.shape[1]
    rest = _Rest(system, forgotten) if forgotten > 0 and steps * width > 8 * system.size else None
    block, power, length = columns, system.transition, 1
    if isinstance(power, np.ndarray) and steps * width >= system.size:
        while length < min(_BLOCK, steps):
            square = power @ power
            if not np.isfinite(square).all():
                break
            block, power, length = np.concatenate([block, power @ block], axis=1), square, 2 * length
    pieces, done = [], 0
    while done < steps:
        count = min(length, steps - done)
        rows = system.observe(block[:, : count * width]).reshape(-1, count, width).swapaxes(0, 1)
        pieces.append(rows)
        done += count
        if not block.any() or (rest is not None and rest.is_forgotten_after(block, rows)):
            break
        if done < steps:
            block = power @ block
    return np.concatenate(pieces) if pieces else np.zeros((0, len(system.observe(columns)), width))


class _Rest:
    """A bound on what follows: with a norm q < 1 of A^m, m rows have q times the norms of the m before at most."""

    def __init__(self, system, forgotten):
        self.forgotten = forgotten
        self.steps, self.norm = _contraction(system)
        self.observing = 1.0 if system.readout is None else _norm(system.readout)
        self.norms, self.total, self.looked_at = [], 0.0, 0

    def is_forgotten_after(self, block, rows):
        size, width = len(block), rows.shape[2]
        self.norms += np.abs(block).reshape(size, -1, width).sum(axis=2).max(axis=0).tolist()
        self.total += float(np.abs(rows).sum(axis=2).max(axis=1).sum())
        if self.steps is None or len(self.norms) < max(self.steps, self.looked_at + self.steps // 8):
            return False
        self.looked_at = len(self.norms)
        following = sum(self.norms[-self.steps :]) * self.norm / (1 - self.norm)
        return self.observing * following <= self.forgotten * self.total


def _contraction(system):
    """``(m, q)``: the norm q of A^m is 1/2 at most, m a power of two; (None, None) where none was found."""
    if system.size > _LARGEST_DENSE and is_sparse(system.transition):
        return None, None
    power = system.dense_transition()
    for doublings in range(_MOST_DOUBLINGS):
        norm = _norm(power)
        if norm <= 0.5:
            return 1 << doublings, norm
        power = power @ power
        if not np.isfinite(power).all():
            break
    return None, None


def _norm(matrix):
    """Largest sum over a row: of vectors the largest component grows by so much at most."""
    return float(np.abs(matrix).sum(axis=1).max())
