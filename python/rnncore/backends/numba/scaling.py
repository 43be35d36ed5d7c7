"""Columns as mantissa · 2**exponent; an exponent changes only when its column's largest magnitude has left a window.

What is done to a column depends on its mantissas alone, so that a walk cut anywhere does the same. Scaling by a power
of two is exact.
"""

import math

import numpy as np
from numba.extending import register_jitable

from .compilation import kernel
from .simd import lanes, larger_magnitude, load, multiply, store, zeros

# How far the window reaches on both sides of 1: squares of what lies in it are normal numbers, and one step may
# multiply by most of the range of exponents.
WINDOW = {np.dtype(np.float32): 2.0**20, np.dtype(np.float64): 2.0**60}


@kernel
def rescale(blocks, begin, rows, width, panel, columns, window, exponents, sequence, work):
    """Columns out of the window get a largest magnitude in [1/2, 1).

    The block at ``begin`` is one as in ``block_product``, or with ``width`` 1 a single column; ``rows`` fill whole
    cache lines. A column of zeros, or with NaN or infinities, stays as it is. ``work`` has room for three vectors.
    """
    lane = lanes(blocks)
    for first in range(0, columns, width):
        start = begin + first // width * panel
        even, odd = zeros(blocks), zeros(blocks)
        for i in range(start, start + rows * width, 2 * lane):
            even, odd = larger_magnitude(even, load(blocks, i)), larger_magnitude(odd, load(blocks, i + lane))
        store(work, 0, larger_magnitude(even, odd))
        if width == 1:
            for j in range(1, lane):
                if work[j] > work[0] or work[j] != work[j]:
                    work[0] = work[j]
        count, outside = min(width, columns - first), False
        for j in range(count):
            outside |= _is_outside(work[j], window)
        if outside:
            for j in range(count):
                exponents[sequence, first + j] += _excess(work[j], window)
            for j in range(lane):
                excess = _excess(work[0 if width == 1 else j], window)
                # In two factors: one power of two may itself overflow.
                work[lane + j] = math.ldexp(1.0, -(excess // 2))
                work[2 * lane + j] = math.ldexp(1.0, excess // 2 - excess)
            one, other = load(work, lane), load(work, 2 * lane)
            for i in range(start, start + rows * width, lane):
                store(blocks, i, multiply(multiply(load(blocks, i), one), other))


@register_jitable
def _is_outside(magnitude, window):
    return 0 < magnitude < np.inf and not (magnitude <= window and magnitude * window >= 1)


@register_jitable
def _excess(magnitude, window):
    return math.frexp(magnitude)[1] if _is_outside(magnitude, window) else 0


@kernel
def log2_norms(blocks, begin, rows, width, panel, columns, exponents, sequence, labels, sums, norms):
    """log2 of the columns' 2-norms into ``norms[group, column]``.

    Row i belongs to group ``labels[i]``, negative: to none; without labels all rows are one group. ``sums`` is work
    memory of the shape of norms.
    """
    sums[...] = 0
    if len(labels) == 0 and width == 1:
        sums[0, 0] = _square_sum(blocks, begin, rows)
    else:
        for first in range(0, columns, width):
            start, count = begin + first // width * panel, min(width, columns - first)
            for row in range(rows):
                group = labels[row] if len(labels) else 0
                if group >= 0:
                    for j in range(count):
                        value = np.float64(blocks[np.uintp(start + row * width + j)])
                        sums[np.uintp(group), np.uintp(first + j)] += value * value
    for group in range(len(norms)):
        for j in range(columns):
            norms[group, j] = np.log2(np.sqrt(sums[group, j])) + exponents[sequence, j]


@register_jitable
def _square_sum(column, begin, rows):
    s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
    for i in range(np.uintp(begin), np.uintp(begin + rows), np.uintp(4)):
        x0, x1 = np.float64(column[i]), np.float64(column[i + np.uintp(1)])
        x2, x3 = np.float64(column[i + np.uintp(2)]), np.float64(column[i + np.uintp(3)])
        s0, s1, s2, s3 = s0 + x0 * x0, s1 + x1 * x1, s2 + x2 * x2, s3 + x3 * x3
    return (s0 + s1) + (s2 + s3)
