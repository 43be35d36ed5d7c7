"""Z += W X for blocks whose columns lie side by side in the lanes of vectors.

A block is stored in panels of as many columns as a vector has lanes, [panel, row, lane], the last filled up with zeros.
Every element of Z is the same chain of multiply-adds over k, whatever the tile it falls in.
"""

from numba.extending import register_jitable

from .compilation import kernel
from .product import DEPTH_BLOCK
from .simd import broadcast, lanes, load, multiply_add, store, zeros


@kernel
def add_block_product(w, w_start, height, depth, x, x_start, x_panel, z, z_start, z_panel, rows, panels, fresh):
    """Z ← W X where ``fresh``, else Z += W X.

    W is stored as [panel, k, row] in panels of ``height`` rows: 1 for rows one after the other, the number of rows or
    more for the transpose of that. ``x_panel`` and ``z_panel`` are the distances between panels of X and Z.
    """
    lane, last = lanes(z), rows - 1
    for first in range(0, depth, DEPTH_BLOCK):
        count = min(DEPTH_BLOCK, depth - first)
        load_z = first > 0 or not fresh
        begin = w_start + first * height
        panel = 0
        while panel < panels:
            x0, z0 = x_start + panel * x_panel + first * lane, z_start + panel * z_panel
            # Past the end the last row is done again, to the same result.
            if panel + 1 < panels:
                for r0 in range(0, rows, 4):
                    r1, r2, r3 = min(r0 + 1, last), min(r0 + 2, last), min(r0 + 3, last)
                    _four_rows_two_panels(
                        w, begin + _place(r0, height, depth), begin + _place(r1, height, depth),
                        begin + _place(r2, height, depth), begin + _place(r3, height, depth),
                        height, count, x, x0, x0 + x_panel,
                        z, z0 + r0 * lane, z0 + r1 * lane, z0 + r2 * lane, z0 + r3 * lane, z_panel, load_z,
                    )  # fmt: skip
            else:
                for r0 in range(0, rows, 8):
                    r1, r2, r3 = min(r0 + 1, last), min(r0 + 2, last), min(r0 + 3, last)
                    r4, r5, r6, r7 = min(r0 + 4, last), min(r0 + 5, last), min(r0 + 6, last), min(r0 + 7, last)
                    _eight_rows_one_panel(
                        w, begin + _place(r0, height, depth), begin + _place(r1, height, depth),
                        begin + _place(r2, height, depth), begin + _place(r3, height, depth),
                        begin + _place(r4, height, depth), begin + _place(r5, height, depth),
                        begin + _place(r6, height, depth), begin + _place(r7, height, depth),
                        height, count, x, x0,
                        z, z0 + r0 * lane, z0 + r1 * lane, z0 + r2 * lane, z0 + r3 * lane,
                        z0 + r4 * lane, z0 + r5 * lane, z0 + r6 * lane, z0 + r7 * lane, load_z,
                    )  # fmt: skip
            panel += 2


@register_jitable
def _place(row, height, depth):
    """Where a row begins in the panels of W; the branches spare a division."""
    if height == 1:
        return row * depth
    if row < height:
        return row
    return row // height * height * depth + row % height


@register_jitable(inline="always")  # to pass its arguments takes a tenth of a step at n = 8
def _four_rows_two_panels(w, w0, w1, w2, w3, step, depth, x, x0, x1, z, z0, z1, z2, z3, panel, load_z):
    lane = lanes(z)
    a0, a1, a2, a3 = zeros(z), zeros(z), zeros(z), zeros(z)
    b0, b1, b2, b3 = a0, a1, a2, a3
    if load_z:
        a0, a1, a2, a3 = load(z, z0), load(z, z1), load(z, z2), load(z, z3)
        b0, b1, b2, b3 = load(z, z0 + panel), load(z, z1 + panel), load(z, z2 + panel), load(z, z3 + panel)
    for k in range(depth):
        a, b = load(x, x0 + k * lane), load(x, x1 + k * lane)
        at = k * step
        value = broadcast(w, w0 + at)
        a0, b0 = multiply_add(value, a, a0), multiply_add(value, b, b0)
        value = broadcast(w, w1 + at)
        a1, b1 = multiply_add(value, a, a1), multiply_add(value, b, b1)
        value = broadcast(w, w2 + at)
        a2, b2 = multiply_add(value, a, a2), multiply_add(value, b, b2)
        value = broadcast(w, w3 + at)
        a3, b3 = multiply_add(value, a, a3), multiply_add(value, b, b3)
    store(z, z0, a0), store(z, z1, a1), store(z, z2, a2), store(z, z3, a3)
    store(z, z0 + panel, b0), store(z, z1 + panel, b1), store(z, z2 + panel, b2), store(z, z3 + panel, b3)


@register_jitable(inline="always")
def _eight_rows_one_panel(
    w, w0, w1, w2, w3, w4, w5, w6, w7, step, depth, x, x0, z, z0, z1, z2, z3, z4, z5, z6, z7, load_z
):
    lane = lanes(z)
    a0, a1, a2, a3 = zeros(z), zeros(z), zeros(z), zeros(z)
    a4, a5, a6, a7 = a0, a1, a2, a3
    if load_z:
        a0, a1, a2, a3 = load(z, z0), load(z, z1), load(z, z2), load(z, z3)
        a4, a5, a6, a7 = load(z, z4), load(z, z5), load(z, z6), load(z, z7)
    for k in range(depth):
        a, at = load(x, x0 + k * lane), k * step
        a0, a1 = multiply_add(broadcast(w, w0 + at), a, a0), multiply_add(broadcast(w, w1 + at), a, a1)
        a2, a3 = multiply_add(broadcast(w, w2 + at), a, a2), multiply_add(broadcast(w, w3 + at), a, a3)
        a4, a5 = multiply_add(broadcast(w, w4 + at), a, a4), multiply_add(broadcast(w, w5 + at), a, a5)
        a6, a7 = multiply_add(broadcast(w, w6 + at), a, a6), multiply_add(broadcast(w, w7 + at), a, a7)
    store(z, z0, a0), store(z, z1, a1), store(z, z2, a2), store(z, z3, a3)
    store(z, z4, a4), store(z, z5, a5), store(z, z6, a6), store(z, z7, a7)
