"""The Jacobian of a chain, or its transpose, as data for one kernel: a row of numbers for each operation.

Nothing of a cell is known here but the operations it names (``tangent_step``).
"""

from dataclasses import replace

import numpy as np

from .buffers import aligned_zeros, padded
from .diagonal_recurrence import complex_factors
from .product import pack, pad_parts
from .sparse_product import pack_sparse
from .tangent_step import AFTER, BEFORE, Multiply, Shift, TangentStep

# What an operation is.
DENSE, SPARSE, CHANGING, CHANGING_BACK, FACTORS, COMPLEX_FACTORS, SLOPES, SHIFT = range(8)

# The columns of the table: z and x, where their rows stand in the three places (``tangent_step``), how many they are,
# whether z is written for the first time; where weights or slopes begin, of a shift by how much. Instead of a depth
# complex factors have the distance between those of a number's own part and those of its other one.
(KIND, Z_PLACE, Z, X_PLACE, X, ROWS, DEPTH, FRESH, WEIGHTS, STARTS, INDICES) = range(11)


class JacobianTable:
    """Of layers of which the first and the last have a state.

    Parameters
    ----------
    back : bool
        Whether it is the transpose.
    single : bool
        Whether it is for a single column, as in :class:`~.tangent_step.TangentStep`.

    Attributes
    ----------
    state_rows, rows, slope_rows : int
        Rows of the state; those of the block before a step, after it, and of work memory together; slopes of a step.
    components : (state_rows,) int32 array
        The component of the state that a row holds; -1: padding.
    slope_places : list of int
        Where the slopes of each layer begin among those of a step.
    arguments : tuple
        For kernels: the table, weights, row numbers and row starts, column numbers.
    """

    def __init__(self, cells, layers, dtype, back, single):
        step = TangentStep(cells, layers, single, dtype)
        self.back, self.single, self.state_rows = back, single, step.state_rows
        self.rows = 2 * step.state_rows + step.work_rows
        self.slope_rows, self.slope_places = step.slope_rows, step.slope_places
        self.components = np.array(step.components, np.int32)
        operations = [_transposed(operation) for operation in reversed(step.operations)] if back else step.operations
        # Of the three places only the block before the step holds something at first.
        written = [np.zeros(size, bool) for size in (step.state_rows, step.state_rows, step.work_rows)]
        written[BEFORE][...] = True
        self.table = np.zeros((len(operations), INDICES + 1), np.intp)
        self._weights, self._starts, self._indices = Pieces(dtype), Pieces(np.intp), Pieces(np.uint32)
        for entry, operation in zip(self.table, operations):
            x, z = operation.x, operation.z
            assert written[x.place][x.span].all()
            known = written[z.place][z.span]
            assert known.all() or not known.any()
            entry[[Z_PLACE, Z, X_PLACE, X]] = z.place, z.first, x.place, x.first
            entry[FRESH] = not known.any()
            known[...] = True
            self._enter(entry, operation)
        assert written[AFTER][self.components >= 0].all()
        self.arguments = self.table, self._weights.join(), self._starts.join(), self._indices.join()

    def _enter(self, entry, operation):
        x, z = operation.x, operation.z
        entry[[ROWS, DEPTH]] = _extent(z), _extent(x)
        if isinstance(operation, Multiply):
            self._enter_matrix(entry, operation.matrix, x, z)
        elif isinstance(operation, Shift):
            entry[[KIND, WEIGHTS]] = SHIFT, operation.by
        elif np.iscomplexobj(operation.factors):
            own, other = complex_factors(operation.factors)
            entry[[KIND, WEIGHTS, DEPTH]] = COMPLEX_FACTORS, self._weights.add(np.concatenate([own, other])), len(own)
        elif isinstance(operation.factors, np.ndarray):
            entry[[KIND, WEIGHTS]] = FACTORS, self._weights.add(operation.factors)
        else:
            entry[[KIND, WEIGHTS]] = SLOPES, operation.factors

    def _enter_matrix(self, entry, matrix, x, z):
        if matrix is None:
            entry[KIND] = CHANGING_BACK if self.back else CHANGING
        elif isinstance(matrix, np.ndarray):
            if self.single:
                matrix = pad_parts(pad_parts(matrix, z.parts).T, x.parts).T[: _extent(z), : _extent(x)]
            entry[[KIND, WEIGHTS]] = DENSE, self._weights.add(pack(matrix))
        else:
            order, row_starts, columns, values = pack_sparse(matrix.tocsr())
            starts = self._starts.add(np.concatenate([order, row_starts]))
            places = self._weights.add(values), starts, self._indices.add(columns)
            entry[KIND], entry[[WEIGHTS, STARTS, INDICES]] = SPARSE, places


def _transposed(operation):
    """x += Lᵀ z, of the block after the step that before it, and the other way round."""
    x, z = (
        replace(rows, place={BEFORE: AFTER, AFTER: BEFORE}.get(rows.place, rows.place))
        for rows in (operation.z, operation.x)
    )
    if isinstance(operation, Multiply):
        matrix = operation.matrix
        return Multiply(x, z, None if matrix is None else matrix.T)
    if isinstance(operation, Shift):
        return Shift(x, z, -operation.by)
    factors = operation.factors
    return replace(operation, x=x, z=z, factors=factors.conj() if isinstance(factors, np.ndarray) else factors)


def _extent(rows):
    """Rows from the first to the last, without the padding behind it."""
    return (rows.parts - 1) * rows.part + rows.size


class Pieces:
    """Arrays to be laid into one, each from a cache line on."""

    def __init__(self, dtype):
        self.dtype, self.pieces, self.size = np.dtype(dtype), [], 0

    def add(self, piece):
        """Where it will begin."""
        place = self.size
        self.pieces.append((place, piece))
        self.size += padded(len(piece), self.dtype)
        return place

    def join(self):
        whole = aligned_zeros((self.size,), self.dtype)
        for place, piece in self.pieces:
            whole[place : place + len(piece)] = piece
        return whole
