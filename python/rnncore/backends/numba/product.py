"""z += W x for many columns x: the one matrix product of this backend.

Every element of z is the same chain of multiply-adds over k, whatever the number of columns and the tile it falls in:
its bits depend on nothing else.
"""

import numpy as np
from numba.extending import register_jitable

from .buffers import LINE_BYTES, aligned_zeros, padded
from .compilation import kernel
from .simd import broadcast, lanes, load, multiply_add, store

# A panel of W for this many k stays in the first-level cache (16 KiB) while all columns pass by.
DEPTH_BLOCK = 256


def pack(weight):
    """W as panels of as many rows as fill a cache line, W[panel, k] contiguous; zeros below the last row."""
    rows, depth = weight.shape
    height = LINE_BYTES // weight.itemsize
    panels = aligned_zeros((padded(rows, weight.dtype) // height, depth, height), weight.dtype)
    for panel, first in zip(panels, range(0, rows, height)):
        part = weight[first : first + height]
        panel[:, : len(part)] = part.T
    return panels.reshape(-1)


def pad_parts(matrix, parts):
    """The rows of a matrix in so many equal parts, each filled up with rows of zeros to whole cache lines."""
    size = len(matrix) // parts
    whole = np.zeros((parts, padded(size, matrix.dtype), *matrix.shape[1:]), matrix.dtype)
    whole[:, :size] = matrix.reshape(parts, size, *matrix.shape[1:])
    return whole.reshape(-1, *matrix.shape[1:])


@kernel
def add_product(panels, start, rows, depth, x, x_start, x_stride, z, z_start, z_stride, columns):
    """z[:, column] += W x[:, column]; columns are rows of the flat arrays x and z, ``stride`` apart.

    The panels of W begin at ``start``; ``rows`` with the padding of the last.
    """
    if columns == 1:
        _add_to_column(panels, start, depth, x, x_start, z, z_start, rows)
        return
    height = 2 * lanes(z)
    last = columns - 1
    for row in range(0, rows, height):
        for first in range(0, depth, DEPTH_BLOCK):
            count = min(DEPTH_BLOCK, depth - first)
            panel = start + row * depth + first * height
            for c0 in range(0, columns, 4):
                # Past the end the last column is done again, to the same result.
                c1, c2, c3 = min(c0 + 1, last), min(c0 + 2, last), min(c0 + 3, last)
                _add_to_four(
                    panels, panel, count,
                    x, x_start + first + c0 * x_stride, x_start + first + c1 * x_stride,
                    x_start + first + c2 * x_stride, x_start + first + c3 * x_stride,
                    z, z_start + row + c0 * z_stride, z_start + row + c1 * z_stride,
                    z_start + row + c2 * z_stride, z_start + row + c3 * z_stride,
                )  # fmt: skip


@register_jitable
def _add_to_four(w, panel, depth, x, x0, x1, x2, x3, z, z0, z1, z2, z3):
    """One panel, four columns: eight sums in registers."""
    lane = lanes(z)
    a0, a1, a2, a3 = load(z, z0), load(z, z1), load(z, z2), load(z, z3)
    b0, b1, b2, b3 = load(z, z0 + lane), load(z, z1 + lane), load(z, z2 + lane), load(z, z3 + lane)
    for k in range(depth):
        a, b = load(w, panel), load(w, panel + lane)
        panel += 2 * lane
        value = broadcast(x, x0 + k)
        a0, b0 = multiply_add(a, value, a0), multiply_add(b, value, b0)
        value = broadcast(x, x1 + k)
        a1, b1 = multiply_add(a, value, a1), multiply_add(b, value, b1)
        value = broadcast(x, x2 + k)
        a2, b2 = multiply_add(a, value, a2), multiply_add(b, value, b2)
        value = broadcast(x, x3 + k)
        a3, b3 = multiply_add(a, value, a3), multiply_add(b, value, b3)
    store(z, z0, a0), store(z, z1, a1), store(z, z2, a2), store(z, z3, a3)
    store(z, z0 + lane, b0), store(z, z1 + lane, b1), store(z, z2 + lane, b2), store(z, z3 + lane, b3)


@register_jitable
def _add_to_column(w, start, depth, x, x_start, z, z_start, rows):
    lane = lanes(z)
    row = 0
    while row + 8 * lane <= rows:
        _add_four_panels(w, start + row * depth, depth, x, x_start, z, z_start + row)
        row += 8 * lane
    while row < rows:
        _add_panel(w, start + row * depth, depth, x, x_start, z, z_start + row)
        row += 2 * lane


@register_jitable
def _add_four_panels(w, p0, depth, x, x_start, z, z0):
    """Four panels, one column: eight sums in registers."""
    lane = lanes(z)
    panel = 2 * lane * depth
    p1, p2, p3 = p0 + panel, p0 + 2 * panel, p0 + 3 * panel
    z1, z2, z3 = z0 + 2 * lane, z0 + 4 * lane, z0 + 6 * lane
    a0, a1, a2, a3 = load(z, z0), load(z, z1), load(z, z2), load(z, z3)
    b0, b1, b2, b3 = load(z, z0 + lane), load(z, z1 + lane), load(z, z2 + lane), load(z, z3 + lane)
    for k in range(depth):
        value = broadcast(x, x_start + k)
        at = 2 * lane * k
        a0, b0 = multiply_add(load(w, p0 + at), value, a0), multiply_add(load(w, p0 + at + lane), value, b0)
        a1, b1 = multiply_add(load(w, p1 + at), value, a1), multiply_add(load(w, p1 + at + lane), value, b1)
        a2, b2 = multiply_add(load(w, p2 + at), value, a2), multiply_add(load(w, p2 + at + lane), value, b2)
        a3, b3 = multiply_add(load(w, p3 + at), value, a3), multiply_add(load(w, p3 + at + lane), value, b3)
    store(z, z0, a0), store(z, z1, a1), store(z, z2, a2), store(z, z3, a3)
    store(z, z0 + lane, b0), store(z, z1 + lane, b1), store(z, z2 + lane, b2), store(z, z3 + lane, b3)


@register_jitable
def _add_panel(w, panel, depth, x, x_start, z, z0):
    lane = lanes(z)
    a, b = load(z, z0), load(z, z0 + lane)
    for k in range(depth):
        value = broadcast(x, x_start + k)
        at = panel + 2 * lane * k
        a, b = multiply_add(load(w, at), value, a), multiply_add(load(w, at + lane), value, b)
    store(z, z0, a), store(z, z0 + lane, b)
