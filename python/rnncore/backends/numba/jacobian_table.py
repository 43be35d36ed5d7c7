"""The Jacobians of a chain as data for one kernel.

The tangent of every layer has one form, v_t = s_t ⊙ (R v_{t-1} + K u_t) + c v_{t-1}: v that of its state, or of its
output where it has none, u that of its input; s_t are the slopes of step t. Nothing else of a cell is known here.
"""

from dataclasses import dataclass

import numpy as np

from .buffers import aligned_zeros, padded
from .product import pack
from .sparse_product import pack_sparse

# What R is.
NONE, DENSE, SPARSE, CHANGING = range(4)

# The columns of the table, which has a row for each layer: sizes and rows in a block, then where matrices begin.
(KIND, SLOPED, ROW, SIZE, INPUT_ROW, INPUT_SIZE,
 RECURRENT, RECURRENT_BACK, INPUT, INPUT_BACK,
 STARTS, STARTS_BACK, INDICES, INDICES_BACK) = range(14)  # fmt: skip


@dataclass
class TangentForm:
    """R, an array or scipy.sparse array or None, K and c of a layer; whether its slopes differ from 1, and whether R is
    another matrix at each step."""

    recurrent: object
    input: np.ndarray | None = None
    keep: float = 0.0
    sloped: bool = False
    changing: bool = False


class JacobianTable:
    """Of a chain that begins and ends with a layer with a state.

    A block of tangents has the rows of the layers with a state, each layer padded with zeros to whole cache lines;
    behind them those of the layers without.

    Attributes
    ----------
    rows, state_rows : int
    components : (state_rows,) int32 array
        The component of the state that a row holds; -1: padding.
    changing : bool
        Whether one of the matrices is another at each step.
    arguments : tuple
        For kernels: the table, c of each layer, weights, row numbers and row starts, column numbers.
    """

    def __init__(self, cells, forms, dtype):
        self.table = np.zeros((len(cells), INDICES_BACK + 1), np.intp)
        self.changing = any(form.changing for form in forms)
        self._place_rows(cells, dtype)
        weights, starts, indices = Pieces(dtype), Pieces(np.intp), Pieces(np.uint32)
        for number, (entry, form) in enumerate(zip(self.table, forms)):
            entry[SLOPED] = form.sloped
            if form.changing:
                entry[KIND] = CHANGING
            elif isinstance(form.recurrent, np.ndarray):
                entry[KIND] = DENSE
                entry[RECURRENT] = weights.add(pack(form.recurrent))
                entry[RECURRENT_BACK] = weights.add(pack(form.recurrent.T))
            elif form.recurrent is not None:
                entry[KIND] = SPARSE
                for matrix, places in (
                    (form.recurrent, (STARTS, INDICES, RECURRENT)),
                    (form.recurrent.T.tocsr(), (STARTS_BACK, INDICES_BACK, RECURRENT_BACK)),
                ):
                    order, row_starts, columns, values = pack_sparse(matrix)
                    both = np.concatenate([order, row_starts])
                    entry[list(places)] = starts.add(both), indices.add(columns), weights.add(values)
            if number and form.input is not None:
                entry[[INPUT_ROW, INPUT_SIZE]] = self.table[number - 1, [ROW, SIZE]]
                entry[INPUT], entry[INPUT_BACK] = weights.add(pack(form.input)), weights.add(pack(form.input.T))
        keeps = np.array([form.keep for form in forms], dtype)
        self.arguments = self.table, keeps, weights.join(), starts.join(), indices.join()

    def layer_rows(self, number):
        """The rows of a layer."""
        return slice(self.table[number, ROW], self.table[number, ROW] + self.table[number, SIZE])

    def _place_rows(self, cells, dtype):
        self.table[:, SIZE] = [cell.state_size or cell.output_size for cell in cells]
        row, components = 0, [np.zeros(0, np.int32)]
        for entry, cell in zip(self.table, cells):
            if cell.state_size:
                entry[ROW] = row
                padding = padded(entry[SIZE], dtype) - entry[SIZE]
                first = sum(np.count_nonzero(part >= 0) for part in components)
                components += [np.arange(first, first + entry[SIZE], dtype=np.int32), np.full(padding, -1, np.int32)]
                row += entry[SIZE] + padding
        self.components, self.state_rows = np.concatenate(components), row
        for entry, cell in zip(self.table, cells):
            if not cell.state_size:
                entry[ROW] = row
                row += padded(entry[SIZE], dtype)
        self.rows = row


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
