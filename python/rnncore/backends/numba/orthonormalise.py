"""V = Q R by modified Gram-Schmidt, diag R ≥ 0: a panel of columns at a time, its columns in the lanes of a vector."""

import numpy as np
from numba.extending import register_jitable

from .block_product import add_block_product
from .compilation import kernel
from .simd import add, broadcast, lanes, load, multiply, multiply_add, store, sum_lanes, zeros


@kernel
def orthonormalise(block, begin, rows, panel, columns, lost, factor, work):
    """Q in place of V, the block at ``begin`` as in ``block_product``; R into the block ``factor``.

    A column of which no more than ``lost`` of its norm remains is annihilated: zeros in Q and on the diagonal of R.
    ``factor`` holds zeros below its diagonal; ``work`` has room for a vector of each of its rows and
    columns; ``rows`` are a multiple of four.
    """
    lane = lanes(block)
    panels = -(-columns // lane)
    factor_panel = panels * lane * lane
    norms = panels * lane * lane
    for number in range(panels):
        _column_norms(block, begin + number * panel, rows, work, norms + number * lane)
    for number in range(panels):
        own, first = begin + number * panel, number * lane
        diagonal = number * factor_panel + first * lane
        _orthonormalise_panel(
            block, own, rows, min(lane, columns - first), lost, factor, diagonal, work, norms + first
        )  # fmt: skip
        following = panels - number - 1
        if following:
            # The panels behind lose what lies along this one: R = Qᵀ V, V -= Q R.
            beside = diagonal + factor_panel
            add_block_product(
                block, own, lane, rows, block, own + panel, panel,
                factor, beside, factor_panel, lane, following, True,
            )  # fmt: skip
            for other in range(following):
                _remove_in_turn(factor, diagonal, beside + other * factor_panel)
                for i in range(lane * lane):
                    work[other * lane * lane + i] = -factor[beside + other * factor_panel + i]
            add_block_product(
                block, own, 1, lane, work, 0, lane * lane,
                block, own + panel, panel, rows, following, False,
            )  # fmt: skip
        for j in range(1, lane):
            for c in range(j):
                factor[diagonal + j * lane + c] = 0


@register_jitable
def _remove_in_turn(factor, diagonal, beside):
    """What Q, one column after the other, takes from V: R_j -= Σ_{i<j} (q_j · q_i) R_i.

    All of Q at once would take the more that belongs to several of its columns the less orthogonal they are: the error
    would grow with the square of the condition number.
    """
    lane = lanes(factor)
    for j in range(1, lane):
        row = load(factor, beside + j * lane)
        for i in range(j):
            row = multiply_add(broadcast(factor, diagonal + j * lane + i), load(factor, beside + i * lane), row)
        store(factor, beside + j * lane, row)


@kernel
def normalise(column, begin, rows):
    """The same for a single column, its elements one after the other; returns R."""
    total = zeros(column)
    for i in range(begin, begin + rows, lanes(column)):
        total = multiply_add(load(column, i), load(column, i), total)
    norm = np.sqrt(sum_lanes(total))
    if norm != 0:
        for i in range(np.uintp(begin), np.uintp(begin + rows)):
            column[i] /= norm
    return norm


@register_jitable
def _column_norms(block, start, rows, norms, first):
    lane = lanes(block)
    even, odd = zeros(block), zeros(block)
    for i in range(start, start + rows * lane, 2 * lane):
        a, b = load(block, i), load(block, i + lane)
        even, odd = multiply_add(a, a, even), multiply_add(b, b, odd)
    store(norms, first, add(even, odd))
    for j in range(first, first + lane):
        norms[j] = np.sqrt(norms[j])


@register_jitable
def _orthonormalise_panel(block, own, rows, count, lost, factor, diagonal, work, norms):
    """Below the diagonal the factor receives -q_j · q_i."""
    lane = lanes(block)
    end = own + rows * lane
    for j in range(count):
        a0, a1, a2, a3 = zeros(block), zeros(block), zeros(block), zeros(block)
        for i in range(own, end, 4 * lane):
            i1, i2, i3 = i + lane, i + 2 * lane, i + 3 * lane
            a0 = multiply_add(broadcast(block, i + j), load(block, i), a0)
            a1 = multiply_add(broadcast(block, i1 + j), load(block, i1), a1)
            a2 = multiply_add(broadcast(block, i2 + j), load(block, i2), a2)
            a3 = multiply_add(broadcast(block, i3 + j), load(block, i3), a3)
        store(work, 0, add(add(a0, a1), add(a2, a3)))
        rest = np.sqrt(work[j])
        annihilated = rest <= lost * work[norms + j]
        inverse = 1 / rest
        if annihilated:
            rest = inverse = block.dtype.type(0)
        for c in range(lane):
            along = work[c] * inverse
            factor[diagonal + j * lane + c] = rest if c == j else along if c > j else -along
            work[lane + c] = -along * inverse if c > j else block.dtype.type(0)
            work[2 * lane + c] = inverse if c == j else 1
        removed, scale = load(work, lane), load(work, 2 * lane)
        for i in range(own, end, lane):
            along = broadcast(block, i + j)
            store(block, i, multiply_add(along, removed, multiply(load(block, i), scale)))
