"""x_t = M_t x_{t-1}"""

import numpy as np
from numba.extending import register_jitable

from .compilation import kernel
from .layer import NumbaLayer
from .simd import lanes, load, multiply_add, sum_lanes, zeros


class NumbaMatrixSequence(NumbaLayer):
    changing = True

    def __init__(self, cell):
        self.sequence = cell.matrices

    def matrices(self, number, count):
        """Of the steps from ``number`` on, one after the other; always read-only: one type for kernels."""
        matrices = np.require(self.sequence[number - 1 : number - 1 + count], requirements="A")
        flat = np.asarray(matrices).reshape(-1)
        flat.flags.writeable = False
        return flat

    def walk(self, number, count, x, y, z):
        walk_matrices(self.matrices(number, count), y.size, y.flat, y.flat[:0], y.stride, y.batch, count)

    def push_forward(self, number, count, slopes, x, y, z, forcing):
        added = y.flat[:0] if forcing is None else forcing.flat
        walk_matrices(self.matrices(number, count), y.size, y.flat, added, y.stride, y.batch, count)

    def tangent(self, step):
        step.multiply(None, step.state, step.new_state)


@kernel
def walk_matrices(matrices, size, y, added, stride, batch, steps):
    """x_t = M_t x_{t-1}, and ``added`` where it has elements.

    Four rows of M at a time, for every sequence; past the end the last row is done again, to the same result.
    """
    last = size - 1
    for step in range(steps):
        matrix = step * size * size
        before = step * batch * stride
        for r0 in range(0, size, 4):
            r1, r2, r3 = min(r0 + 1, last), min(r0 + 2, last), min(r0 + 3, last)
            for x in range(before, before + batch * stride, stride):
                sums = _four_dots(
                    matrices, matrix + r0 * size, matrix + r1 * size, matrix + r2 * size, matrix + r3 * size, y, x, size
                )
                z = x + batch * stride
                y[z + r0], y[z + r1], y[z + r2], y[z + r3] = sums
        if len(added):
            for i in range(before + batch * stride, before + 2 * batch * stride):
                y[i] += added[i]


@register_jitable
def _four_dots(m, m0, m1, m2, m3, x, start, size):
    """Sums over k by lanes, their total, then the k that fill no vector: the same order wherever the row stands."""
    lane = lanes(x)
    a0, a1, a2, a3 = zeros(x), zeros(x), zeros(x), zeros(x)
    whole = size // lane * lane
    for k in range(0, whole, lane):
        value = load(x, start + k)
        a0, a1 = multiply_add(load(m, m0 + k), value, a0), multiply_add(load(m, m1 + k), value, a1)
        a2, a3 = multiply_add(load(m, m2 + k), value, a2), multiply_add(load(m, m3 + k), value, a3)
    s0, s1, s2, s3 = sum_lanes(a0), sum_lanes(a1), sum_lanes(a2), sum_lanes(a3)
    for k in range(whole, size):
        value = x[start + k]
        s0, s1 = multiply_add(m[m0 + k], value, s0), multiply_add(m[m1 + k], value, s1)
        s2, s3 = multiply_add(m[m2 + k], value, s2), multiply_add(m[m3 + k], value, s3)
    return s0, s1, s2, s3
