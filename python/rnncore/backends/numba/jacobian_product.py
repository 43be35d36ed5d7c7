"""A_t V and A_tᵀ V for one step of a chain, by the structure of its layers.

V is a block as in ``block_product``; or with ``width`` 1 one column, so that the lanes of vectors lie along its rows.
Blocks are parts of one array, given by where they begin: numba would count references to slices and tuples of arrays
(together 0.3 µs a step).
"""

from numba.extending import register_jitable

from .block_product import add_block_product
from .jacobian_table import (
    CHANGING,
    DENSE,
    INDICES,
    INDICES_BACK,
    INPUT,
    INPUT_BACK,
    INPUT_ROW,
    INPUT_SIZE,
    KIND,
    RECURRENT,
    RECURRENT_BACK,
    ROW,
    SIZE,
    SLOPED,
    SPARSE,
    STARTS,
    STARTS_BACK,
)
from .product import add_product
from .simd import broadcast, lanes, load, multiply, multiply_add, store, zeros
from .sparse_product import add_sparse_block_product, add_sparse_product


@register_jitable
def apply(
    table, keeps, weights, starts, indices, matrices, step, slopes, slope, blocks, before, after, width, panel, panels
):
    """after ← A before. ``slope``: where the slopes of the step begin; ``step``: which of the changing matrices."""
    for layer in range(len(table)):
        row, rows, depth = table[layer, ROW], table[layer, SIZE], table[layer, INPUT_SIZE]
        own = row * width
        _recur(
            table[layer, KIND], weights, table[layer, RECURRENT], starts, table[layer, STARTS],
            indices, table[layer, INDICES], matrices, step, False,
            blocks, before + own, after + own, rows, width, panel, panels,
        )  # fmt: skip
        if depth:
            source = after + table[layer, INPUT_ROW] * width
            _add_dense(weights, table[layer, INPUT], depth, blocks, source, after + own, rows, width, panel, panels)
        if table[layer, SLOPED]:
            _scale(slopes, slope + row, blocks, after + own, after + own, rows, width, panel, panels)
        if keeps[layer] != 0:
            _keep(keeps, layer, blocks, before + own, after + own, rows, width, panel, panels)


@register_jitable
def apply_transpose(
    table, keeps, weights, starts, indices, matrices, step, slopes, slope,
    blocks, before, after, weighted, width, panel, panels,
):  # fmt: skip
    """after ← Aᵀ before; ``before`` gathers what later layers pass down, ``weighted`` is work memory of its shape."""
    for layer in range(len(table) - 1, -1, -1):
        row, rows, depth = table[layer, ROW], table[layer, SIZE], table[layer, INPUT_SIZE]
        own, cotangent = row * width, before
        if table[layer, SLOPED]:
            cotangent = weighted
            _scale(slopes, slope + row, blocks, before + own, weighted + own, rows, width, panel, panels)
        _recur(
            table[layer, KIND], weights, table[layer, RECURRENT_BACK], starts, table[layer, STARTS_BACK],
            indices, table[layer, INDICES_BACK], matrices, step, True,
            blocks, cotangent + own, after + own, rows, width, panel, panels,
        )  # fmt: skip
        if keeps[layer] != 0:
            _keep(keeps, layer, blocks, before + own, after + own, rows, width, panel, panels)
        if depth:
            target = before + table[layer, INPUT_ROW] * width
            _add_dense(
                weights, table[layer, INPUT_BACK], rows, blocks, cotangent + own, target, depth, width, panel, panels
            )  # fmt: skip


@register_jitable
def _recur(
    kind, weights, place, starts, start, indices, index, matrices, step, back,
    blocks, x, z, rows, width, panel, panels,
):  # fmt: skip
    """z ← R x, or Rᵀ x with the ``back`` form of its arrays: zeros where a layer has no state."""
    if kind == CHANGING:
        height = rows if back else 1
        add_block_product(
            matrices, step * rows * rows, height, rows, blocks, x, panel, blocks, z, panel, rows, panels, True
        )  # fmt: skip
        return
    if kind == DENSE and width > 1:
        add_block_product(
            weights, place, 2 * lanes(blocks), rows, blocks, x, panel, blocks, z, panel, rows, panels, True
        )  # fmt: skip
        return
    lane = lanes(blocks)
    for first in range(z, z + panels * panel, panel):
        for i in range(first, first + rows * width, lane):
            store(blocks, i, zeros(blocks))
    if kind == DENSE:
        _add_dense(weights, place, rows, blocks, x, z, rows, width, panel, panels)
    elif kind == SPARSE:
        values, starts, indices = weights[place:], starts[start:], indices[index:]
        order, row_starts = starts[:rows], starts[rows : 2 * rows + 1]
        if width == 1:
            add_sparse_product(order, row_starts, indices, values, blocks, x, 0, blocks, z, 0, 1)
        else:
            add_sparse_block_product(order, row_starts, indices, values, blocks, x, blocks, z, panel, panels)


@register_jitable
def _add_dense(weights, place, depth, blocks, x, z, rows, width, panel, panels):
    height = 2 * lanes(blocks)
    if width == 1:
        add_product(weights, place, depth, blocks, x, 0, blocks, z, -(-rows // height) * height, 1)
    else:
        add_block_product(weights, place, height, depth, blocks, x, panel, blocks, z, panel, rows, panels, False)


@register_jitable
def _scale(slopes, slope, blocks, x, z, rows, width, panel, panels):
    """z ← s ⊙ x"""
    if width == 1:
        lane = lanes(blocks)
        for i in range(0, rows, lane):
            store(blocks, z + i, multiply(load(slopes, slope + i), load(blocks, x + i)))
    else:
        for offset in range(0, panels * panel, panel):
            for i in range(rows):
                at = offset + i * width
                store(blocks, z + at, multiply(broadcast(slopes, slope + i), load(blocks, x + at)))


@register_jitable
def _keep(keeps, layer, blocks, x, z, rows, width, panel, panels):
    """z += c x"""
    lane = lanes(blocks)
    keep = broadcast(keeps, layer)
    for offset in range(0, panels * panel, panel):
        for at in range(offset, offset + rows * width, lane):
            store(blocks, z + at, multiply_add(keep, load(blocks, x + at), load(blocks, z + at)))
