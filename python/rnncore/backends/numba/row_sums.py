"""Σ z xᵀ over the rows of a chunk, block by block: gradients of what multiplied the x.

Rows are steps and sequences, sequences within steps. Up to ``DEPTH_BLOCK`` rows at a time are turned round, so that the
lanes of vectors lie along them or the one matrix product of this backend has them as its depth.
"""

import numpy as np
from numba.extending import register_jitable

from .compilation import kernel
from .product import DEPTH_BLOCK, add_product
from .simd import add, borrowed, lanes, load, multiply_add, store, sum_lanes, swap_pairs, zeros

# Between columns of what is turned round; not a power of two, of which caches keep few at once.
TURNED_STRIDE = DEPTH_BLOCK + 16


@kernel
def sum_products(
    z, z_first, z_stride, size, order, part, before, before_first, before_stride, before_width,
    now, now_first, now_stride, now_width, rows, block, turned, panels, products, sums,
):  # fmt: skip
    """products[b] = Σ z [x_before, x_now]ᵀ and sums[b] = Σ z, over the rows of block b.

    Parameters
    ----------
    z, before, now : 1-D arrays
        Vectors of rows, ``stride`` apart. z has the parts that ``order`` names, ``part`` apart; the others have whole
        cache lines, or a width of 0.
    rows, block : int
        All rows, and those of a block.
    turned : (len(order) · size · TURNED_STRIDE,) array
        Work memory, as are ``panels``, (widths · DEPTH_BLOCK,).
    products : (blocks · len(order) · size · widths,) array
        Zeros at first; of length 0: not wanted.
    sums : (blocks · len(order) · size,) array
        The same.
    """
    z, before, now, order = borrowed(z), borrowed(before), borrowed(now), borrowed(order)
    turned, panels, products, sums = borrowed(turned), borrowed(panels), borrowed(products), borrowed(sums)
    columns, width = len(order) * size, before_width + now_width
    for number in range(-(-rows // block)):
        stop = min(rows, (number + 1) * block)
        for first in range(number * block, stop, DEPTH_BLOCK):
            count = min(DEPTH_BLOCK, stop - first)
            for part_number in range(len(order)):
                at = z_first + first * z_stride + order[part_number] * part
                _turn(z, at, z_stride, size, count, turned, part_number * size * TURNED_STRIDE)
            if len(products):
                _pack(before, before_first + first * before_stride, before_stride, before_width, count, panels, 0)
                _pack(now, now_first + first * now_stride, now_stride, now_width, count, panels, before_width * count)
                add_product(
                    panels, 0, width, count, turned, 0, TURNED_STRIDE,
                    products, number * columns * width, width, columns,
                )  # fmt: skip
            if len(sums):
                for column in range(columns):
                    sums[number * columns + column] += _sum(turned, column * TURNED_STRIDE, count)


@kernel
def sum_sparse_products(
    z, z_first, z_stride, x, x_first, x_stride, size, row_starts, indices, rows, block, turned, turned_x, products
):
    """The elements of Σ z xᵀ of a matrix in compressed sparse rows; products: (blocks · entries,)."""
    z, x, row_starts, indices = borrowed(z), borrowed(x), borrowed(row_starts), borrowed(indices)
    turned, turned_x, products = borrowed(turned), borrowed(turned_x), borrowed(products)
    for number in range(-(-rows // block)):
        stop = min(rows, (number + 1) * block)
        for first in range(number * block, stop, DEPTH_BLOCK):
            count = min(DEPTH_BLOCK, stop - first)
            _turn(z, z_first + first * z_stride, z_stride, size, count, turned, 0)
            _turn(x, x_first + first * x_stride, x_stride, size, count, turned_x, 0)
            for i in range(size):
                for entry in range(row_starts[i], row_starts[i + 1]):
                    products[number * len(indices) + entry] += _dot(
                        turned, i * TURNED_STRIDE, turned_x, indices[entry] * TURNED_STRIDE, count
                    )


@kernel
def sum_elementwise(z, z_first, z_stride, x, x_first, x_stride, width, swapped, rows, block, products):
    """products[b] = Σ z ⊙ x, the neighbours in x exchanged where ``swapped``; products: (blocks · width,), zeros."""
    z, x, products = borrowed(z), borrowed(x), borrowed(products)
    for number in range(-(-rows // block)):
        for row in range(number * block, min(rows, (number + 1) * block)):
            at_z, at_x = z_first + row * z_stride, x_first + row * x_stride
            for i in range(0, width, lanes(z)):
                factor = load(x, at_x + i)
                if swapped:
                    factor = swap_pairs(factor)
                place = number * width + i
                store(products, place, multiply_add(load(z, at_z + i), factor, load(products, place)))


@kernel
def outer_products(z, z_first, z_stride, x, x_first, x_stride, size, batch, steps, products):
    """products[s] = Σ z xᵀ over the sequences of step s; products: (steps · size · size,)."""
    z, x, products = borrowed(z), borrowed(x), borrowed(products)
    for step in range(steps):
        for i in range(size):
            place = np.uintp((step * size + i) * size)
            for row in range(step * batch, (step + 1) * batch):
                factor, at = z[z_first + row * z_stride + i], np.uintp(x_first + row * x_stride)
                for j in range(np.uintp(size)):
                    products[place + j] += factor * x[at + j]


@register_jitable
def _turn(z, first, stride, size, count, turned, place):
    """turned[i, k] ← z[k, i], zeros behind it up to a whole vector. Eight rows at a time stay in the cache."""
    filled = -(-count // lanes(z)) * lanes(z)
    whole = count // 8 * 8
    for k in range(0, whole, 8):
        at, to = np.uintp(first + k * stride), np.uintp(place + k)
        for i in range(np.uintp(size)):
            for offset in range(np.uintp(8)):
                turned[to + i * np.uintp(TURNED_STRIDE) + offset] = z[at + offset * np.uintp(stride) + i]
    for i in range(size):
        for k in range(whole, count):
            turned[place + i * TURNED_STRIDE + k] = z[first + k * stride + i]
        for k in range(count, filled):
            turned[place + i * TURNED_STRIDE + k] = 0


@register_jitable
def _pack(x, first, stride, width, count, panels, place):
    """Rows as the depth of panels, as ``product.pack`` has them."""
    height = 2 * lanes(x)
    for panel in range(0, width, height):
        for k in range(count):
            at, to = first + k * stride + panel, place + panel * count + k * height
            store(panels, to, load(x, at))
            store(panels, to + lanes(x), load(x, at + lanes(x)))


@register_jitable
def _sum(turned, first, count):
    total = zeros(turned)
    for k in range(first, first + count, lanes(turned)):
        total = add(total, load(turned, k))
    return sum_lanes(total)


@register_jitable
def _dot(z, z_first, x, x_first, count):
    lane = lanes(z)
    a, b = zeros(z), zeros(z)
    k = 0
    while k + 2 * lane <= count:
        a = multiply_add(load(z, z_first + k), load(x, x_first + k), a)
        b = multiply_add(load(z, z_first + k + lane), load(x, x_first + k + lane), b)
        k += 2 * lane
    while k < count:
        a = multiply_add(load(z, z_first + k), load(x, x_first + k), a)
        k += lane
    return sum_lanes(add(a, b))
