"""A_t V or A_tᵀ V for one step of a chain, operation after operation of its table.

V is a block as in ``block_product``; or with ``width`` 1 one column, so that the lanes of vectors lie along its rows.
Blocks are parts of one array, given by where they begin: numba would count references to slices and tuples of arrays
(together 0.3 µs a step).
"""

from numba.extending import register_jitable

from .block_product import add_block_product
from .jacobian_table import (
    CHANGING_BACK,
    COMPLEX_FACTORS,
    DENSE,
    DEPTH,
    FACTORS,
    FRESH,
    INDICES,
    KIND,
    ROWS,
    SHIFT,
    SLOPES,
    SPARSE,
    STARTS,
    WEIGHTS,
    X_PLACE,
    Z_PLACE,
    X,
    Z,
)
from .product import add_product
from .simd import broadcast, lanes, load, multiply, multiply_add, store, swap_pairs, zeros
from .sparse_product import add_sparse_block_product, add_sparse_product
from .tangent_step import AFTER, BEFORE


@register_jitable(inline="always")
def apply(
    table, weights, starts, indices, matrices, step, slopes, slope, blocks, before, after, work, width, panel, panels
):
    """after ← A before. ``slope``: where the slopes of the step begin; ``step``: which of the changing matrices."""
    for number in range(len(table)):
        kind, rows, fresh = table[number, KIND], table[number, ROWS], table[number, FRESH] != 0
        x = _place(table[number, X_PLACE], before, after, work) + table[number, X] * width
        z = _place(table[number, Z_PLACE], before, after, work) + table[number, Z] * width
        place = table[number, WEIGHTS]
        if kind == SLOPES:
            _scale(slopes, slope + place, blocks, x, z, rows, fresh, width, panel, panels)
        elif kind == FACTORS:
            _scale(weights, place, blocks, x, z, rows, fresh, width, panel, panels)
        elif kind == COMPLEX_FACTORS:
            other = place + table[number, DEPTH]
            _scale_complex(weights, place, other, blocks, x, z, rows, fresh, width, panel, panels)
        elif kind == SHIFT:
            _shift(place, blocks, x, table[number, DEPTH], z, rows, fresh, width, panel, panels)
        elif kind == DENSE:
            depth = table[number, DEPTH]
            _multiply_dense(weights, place, depth, blocks, x, z, rows, fresh, width, panel, panels)
        elif kind == SPARSE:
            _multiply_sparse(
                weights, place, starts, table[number, STARTS], indices, table[number, INDICES],
                blocks, x, z, rows, fresh, width, panel, panels,
            )  # fmt: skip
        else:
            height = rows if kind == CHANGING_BACK else 1
            add_block_product(
                matrices, step * rows * rows, height, rows, blocks, x, panel, blocks, z, panel, rows, panels, fresh
            )  # fmt: skip


@register_jitable
def _place(place, before, after, work):
    if place == BEFORE:
        return before
    return after if place == AFTER else work


@register_jitable
def _multiply_dense(weights, place, depth, blocks, x, z, rows, fresh, width, panel, panels):
    height = 2 * lanes(blocks)
    if width > 1:
        add_block_product(weights, place, height, depth, blocks, x, panel, blocks, z, panel, rows, panels, fresh)
    else:
        if fresh:
            _clear(blocks, z, rows, width, panel, panels)
        add_product(weights, place, -(-rows // height) * height, depth, blocks, x, 0, blocks, z, 0, 1)


@register_jitable
def _multiply_sparse(weights, place, starts, start, indices, index, blocks, x, z, rows, fresh, width, panel, panels):
    values, starts, indices = weights[place:], starts[start:], indices[index:]
    order, row_starts = starts[:rows], starts[rows : 2 * rows + 1]
    if fresh:
        _clear(blocks, z, rows, width, panel, panels)
    if width > 1:
        add_sparse_block_product(order, row_starts, indices, values, blocks, x, blocks, z, panel, panels)
    else:
        add_sparse_product(order, row_starts, indices, values, blocks, x, 0, blocks, z, 0, 1)


@register_jitable
def _clear(blocks, z, rows, width, panel, panels):
    for first in range(z, z + panels * panel, panel):
        for i in range(first, first + rows * width, lanes(blocks)):
            store(blocks, i, zeros(blocks))


@register_jitable
def _scale(factors, factor, blocks, x, z, rows, fresh, width, panel, panels):
    """z ← f ⊙ x where ``fresh``, else z += f ⊙ x."""
    if width == 1:
        for i in range(0, rows, lanes(blocks)):
            scaled = _scaled(load(factors, factor + i), blocks, x + i, z + i, fresh)
            store(blocks, z + i, scaled)
    else:
        for offset in range(0, panels * panel, panel):
            for i in range(rows):
                at = offset + i * width
                scaled = _scaled(broadcast(factors, factor + i), blocks, x + at, z + at, fresh)
                store(blocks, z + at, scaled)


@register_jitable
def _shift(by, blocks, x, depth, z, rows, fresh, width, panel, panels):
    """z_{i + by} ← x_i where ``fresh``, and zero where no x_i comes; else z_{i + by} += x_i."""
    start, stop = min(max(0, by), rows) * width, min(rows, depth + by) * width
    for offset in range(0, panels * panel, panel):
        source, to = x + offset - by * width, z + offset
        if fresh:
            for i in range(to, to + start):
                blocks[i] = 0
            for i in range(max(start, stop), rows * width):
                blocks[to + i] = 0
        for i in range(start, stop):
            blocks[to + i] = blocks[source + i] if fresh else blocks[to + i] + blocks[source + i]


@register_jitable
def _scaled(factor, blocks, x, z, fresh):
    if fresh:
        return multiply(factor, load(blocks, x))
    return multiply_add(factor, load(blocks, x), load(blocks, z))


@register_jitable
def _scale_complex(factors, own, other, blocks, x, z, rows, fresh, width, panel, panels):
    """The same with the factors of ``complex_factors``, those of a number's own part and of its other one."""
    if width == 1:
        for i in range(0, rows, lanes(blocks)):
            scaled = _scaled(load(factors, own + i), blocks, x + i, z + i, fresh)
            store(blocks, z + i, multiply_add(load(factors, other + i), swap_pairs(load(blocks, x + i)), scaled))
    else:
        for offset in range(0, panels * panel, panel):
            for i in range(rows):
                at, partner = offset + i * width, offset + (i ^ 1) * width
                scaled = _scaled(broadcast(factors, own + i), blocks, x + at, z + at, fresh)
                turned = multiply_add(broadcast(factors, other + i), load(blocks, x + partner), scaled)
                store(blocks, z + at, turned)
