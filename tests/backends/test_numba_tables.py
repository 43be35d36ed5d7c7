"""numba's Jacobians use the structure of a layer: the matrices they multiply by are those that the formula has."""

import numpy as np
import pytest

from rnncore import GRU, LSTM, Chain, DelayLine, Diagonal, Elman, GatedDiagonal
from rnncore.backends.numba.jacobian_table import (
    COMPLEX_FACTORS,
    DENSE,
    DEPTH,
    FACTORS,
    KIND,
    ROWS,
    SHIFT,
    SLOPES,
    JacobianTable,
)
from rnncore.backends.numba.program import CELLS

SIZE, INPUT_SIZE = 5, 3
RNG = np.random.default_rng(4)


def normal(*shape):
    return RNG.normal(size=shape)


def lstm(input_size=INPUT_SIZE):
    return LSTM(normal(4 * SIZE, SIZE), normal(4 * SIZE, input_size), weight_co=normal(SIZE))


def gru(reset_after, input_size=INPUT_SIZE):
    return GRU(normal(3 * SIZE, SIZE), normal(3 * SIZE, input_size), reset_after=reset_after)


def diagonal(input_size=INPUT_SIZE, *, imaginary=0):
    return Diagonal(normal(SIZE) + imaginary, normal(SIZE, input_size))


def gated_diagonal(input_size=INPUT_SIZE):
    return GatedDiagonal(normal(SIZE, input_size), normal(SIZE, input_size))


def operations(cell, back):
    """Kinds, rows and depths, as for a block of several columns."""
    layers = [CELLS[type(layer)](layer) for layer in cell.layers]
    return JacobianTable(cell.layers, layers, cell.dtype, back, single=False).table[:, [KIND, ROWS, DEPTH]].tolist()


def products(cell, back):
    return [(rows, depth) for kind, rows, depth in operations(cell, back) if kind == DENSE]


@pytest.mark.parametrize(
    ("cell", "kind", "size"),
    [
        (diagonal(), FACTORS, SIZE),
        (diagonal(imaginary=1j), COMPLEX_FACTORS, 2 * SIZE),
        (gated_diagonal(), SLOPES, SIZE),
    ],
)
@pytest.mark.parametrize("back", [False, True])
def test_a_diagonal_jacobian_is_one_operation_of_a_factor_a_row(cell, kind, size, back):
    [(found, rows, _)] = operations(cell, back)
    assert (found, rows) == (kind, size)


@pytest.mark.parametrize("back", [False, True])
def test_a_delay_line_moves_rows_and_multiplies_nothing(back):
    assert operations(DelayLine(4, 2), back) == [[SHIFT, 8, 8]]
    inner = sorted([[SHIFT, 3 * SIZE, 3 * SIZE], [SHIFT, SIZE, 3 * SIZE] if back else [SHIFT, 3 * SIZE, SIZE]])
    found = operations(Chain([diagonal(), DelayLine(3, SIZE)]), back)
    assert sorted(found) == sorted([[FACTORS, SIZE, SIZE], *inner])


@pytest.mark.parametrize(
    ("cell", "shapes"),
    [
        (lstm(), [(4 * SIZE, SIZE)]),
        (gru(True), [(3 * SIZE, SIZE)]),
        (gru(False), [(2 * SIZE, SIZE), (SIZE, SIZE)]),
        (Elman(normal(SIZE, SIZE), leak=0.5), [(SIZE, SIZE)]),
    ],
)
def test_a_recurrent_jacobian_multiplies_by_the_recurrent_matrices_only(cell, shapes):
    assert products(cell, False) == shapes
    assert products(cell, True) == [(depth, rows) for rows, depth in reversed(shapes)]


def test_between_layers_there_are_the_products_of_their_inputs():
    chain = Chain([gated_diagonal(), lstm(SIZE), gru(False, SIZE), diagonal(SIZE), gated_diagonal(SIZE)])
    recurrent = [(4 * SIZE, SIZE), (2 * SIZE, SIZE), (SIZE, SIZE)]
    received = [(4 * SIZE, SIZE), (2 * SIZE, SIZE), (SIZE, SIZE), (SIZE, SIZE), (SIZE, SIZE), (SIZE, SIZE)]
    assert sorted(products(chain, False)) == sorted(recurrent + received)
