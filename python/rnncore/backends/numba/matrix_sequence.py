"""x_t = M_t x_{t-1}"""

import numpy as np
from numba.extending import register_jitable

from .compilation import kernel
from .layer import NumbaLayer
from .simd import add, borrowed, broadcast, lanes, load, multiply_add, store, sum_lanes, zeros


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

    def pull_back(self, number, count, slopes, cuts, carried, y, z):
        pull_matrices(self.matrices(number, count), y.size, cuts, carried.flat, y.flat, y.stride, y.batch, count)

    def sum_gradients(self, sums, x, y, slopes, z):
        sums.step_products("matrices", z.now(), y.before())

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


@kernel
def pull_matrices(matrices, size, cuts, carried, y, stride, batch, steps):
    """x_t ← x_t + M_{t+1}ᵀ x_{t+1}, from the last step to the first; a row of M serves every sequence.

    ``carried``: Mᵀ x of the step after; zeros behind a cut.
    """
    cuts, carried, y = borrowed(cuts), borrowed(carried), borrowed(y)
    lane, row = lanes(y), batch * stride
    whole = size // lane * lane
    for step in range(steps - 1, -1, -1):
        now = (step + 1) * row
        for i in range(0, row, lane):
            store(y, now + i, add(load(y, now + i), load(carried, i)))
            store(carried, i, zeros(y))
        if len(cuts) and cuts[step]:
            continue
        for i in range(size):
            at = (step * size + i) * size
            for x in range(0, row, stride):
                factor = now + x + i
                for k in range(0, whole, lane):
                    value = multiply_add(load(matrices, at + k), broadcast(y, factor), load(carried, x + k))
                    store(carried, x + k, value)
                for k in range(whole, size):
                    carried[x + k] = multiply_add(matrices[at + k], y[factor], carried[x + k])
