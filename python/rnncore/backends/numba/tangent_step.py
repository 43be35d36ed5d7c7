"""A step of the tangent of a chain as operations z += L x on rows of a block, named by its layers one after the other.

The transposed Jacobian is the same list from the end, every operation as x += Lᵀ z.
"""

from dataclasses import dataclass, replace

import numpy as np

from .buffers import padded

# Rows of the block before the step, of that after it, and of work memory.
BEFORE, AFTER, WORK = range(3)


@dataclass(frozen=True)
class Rows:
    """Vectors of ``size`` rows in one of the three places, their first rows ``part`` apart."""

    place: int
    first: int
    size: int
    parts: int
    part: int

    def __getitem__(self, index):
        """One part, or several that follow each other."""
        parts = range(self.parts)[index]
        chosen = parts if isinstance(index, slice) else [parts]
        return replace(self, first=self.first + chosen[0] * self.part, parts=len(chosen))

    @property
    def span(self):
        """Where they stand in their place, padding between and behind them included."""
        return slice(self.first, self.first + self.parts * self.part)


@dataclass(frozen=True)
class Multiply:
    """z += M x; M an array, a scipy.sparse array, or None for the matrix of the step."""

    x: Rows
    z: Rows
    matrix: object


@dataclass(frozen=True)
class Scale:
    """z += f ⊙ x; f an array, real or complex, or the place of a vector among the slopes of the step.

    With complex f rows hold real and imaginary parts in turn.
    """

    x: Rows
    z: Rows
    factors: object


@dataclass(frozen=True)
class Shift:
    """z_{i + by} += x_i, of the rows that both have."""

    x: Rows
    z: Rows
    by: int


class TangentStep:
    """What a layer finds there: a vector of every part of its state, before and after, and its input.

    Parameters
    ----------
    single : bool
        Whether there is one column, with the lanes of vectors along its rows, so that every part is padded to whole
        cache lines; else rows follow each other without gaps.

    Attributes
    ----------
    state, new_state : Rows
        ``new_state`` is the output of a layer without a state.
    input : Rows or None
        None: it does not depend on the state.
    state_rows, work_rows, slope_rows : int
        ``state_rows`` fill whole cache lines, of a single column; else they are a multiple of four.
    components : list of int
        The component of the state that each of the ``state_rows`` holds; -1: padding.
    operations : list of Multiply, Scale and Shift
    """

    def __init__(self, cells, layers, single, dtype):
        self.single, self.dtype = single, dtype
        self.state_rows = self.work_rows = self.slope_rows = 0
        self.components, self.operations = [], []
        self.state = self.new_state = self.input = None
        self.slope_places = []
        for cell, layer in zip(cells, layers):
            self._enter(cell)
            self._slopes = self.slope_rows, padded(cell.output_size, dtype)
            self.slope_places.append(self.slope_rows)
            self.slope_rows += layer.slopes * self._slopes[1]
            layer.tangent(self)
            self.input = self.new_state[0]
        filled = padded(self.state_rows, dtype) if single else -(-self.state_rows // 4) * 4
        self.components += [-1] * (filled - self.state_rows)
        self.state_rows = filled

    def _enter(self, cell):
        size = self.size = cell.output_size
        if cell.state_size:
            parts, part = cell.state_size // size, self._part(size)
            self.state = Rows(BEFORE, self.state_rows, size, parts, part)
            self.new_state = replace(self.state, place=AFTER)
            first = max(self.components, default=-1) + 1
            for _ in range(parts):
                self.components += [*range(first, first + size), *[-1] * (part - size)]
                first += size
            self.state_rows += parts * part
        else:
            self.state, self.new_state = None, self.rows()

    def _part(self, size):
        return padded(size, self.dtype) if self.single else size

    def rows(self, parts=1):
        """Work memory for as many vectors of the layer's size."""
        rows = Rows(WORK, self.work_rows, self.size, parts, self._part(self.size))
        self.work_rows = rows.span.stop
        return rows

    def multiply(self, matrix, x, z):
        """z += M x; z may have several parts, the rows of an array M in turn. ``matrix`` None: that of the step."""
        self.operations.append(Multiply(x, z, matrix))

    def scale(self, factors, x, z):
        """z += f ⊙ x; f an array, real or complex, or the number of a part of the layer's slopes."""
        if not isinstance(factors, np.ndarray):
            first, part = self._slopes
            factors = first + factors * part
        self.operations.append(Scale(x, z, factors))

    def shift(self, by, x, z):
        """z_{i + by} += x_i, of the rows that both have: nothing is multiplied."""
        self.operations.append(Shift(x, z, by))
