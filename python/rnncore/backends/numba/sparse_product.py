"""z += W x for many columns x, W in compressed sparse rows."""

import numpy as np
from numba.extending import register_jitable

from .compilation import kernel
from .simd import broadcast, lanes, load, multiply_add, store


def pack_sparse(matrix):
    """Row numbers, row starts, column numbers and values, short rows first.

    Rows of equal length in turn let the processor foresee the end of each: a third faster than in their own order
    (10 values a row, n = 1000, one column). Unsigned column numbers spare numba the test for negative ones.
    """
    order = np.argsort(np.diff(matrix.indptr), kind="stable")
    matrix = matrix[order]
    return order, matrix.indptr.astype(np.intp), matrix.indices.astype(np.uint32), matrix.data.copy()


@kernel
def add_sparse_product(rows, row_starts, indices, values, x, x_start, x_stride, z, z_start, z_stride, columns):
    """z[:, column] += W x[:, column]; every element a chain of multiply-adds in the order of the stored values."""
    if columns == 1:
        _add_to_column(rows, row_starts, indices, values, x[x_start:], z[z_start:])
        return
    last = columns - 1
    for c0 in range(0, columns, 4):
        # Past the end the last column is done again, to the same result.
        c1, c2, c3 = min(c0 + 1, last), min(c0 + 2, last), min(c0 + 3, last)
        _add_to_four(
            rows, row_starts, indices, values,
            x[x_start + c0 * x_stride :], x[x_start + c1 * x_stride :],
            x[x_start + c2 * x_stride :], x[x_start + c3 * x_stride :],
            z[z_start + c0 * z_stride :], z[z_start + c1 * z_stride :],
            z[z_start + c2 * z_stride :], z[z_start + c3 * z_stride :],
        )  # fmt: skip


@register_jitable
def _add_to_column(rows, row_starts, indices, values, x, z):
    for number in range(len(rows)):
        row = rows[number]
        total = z[row]
        for i in range(row_starts[number], row_starts[number + 1]):
            total = multiply_add(values[i], x[indices[i]], total)
        z[row] = total


@register_jitable
def _add_to_four(rows, row_starts, indices, values, x0, x1, x2, x3, z0, z1, z2, z3):
    for number in range(len(rows)):
        row = rows[number]
        sum0, sum1, sum2, sum3 = z0[row], z1[row], z2[row], z3[row]
        for i in range(row_starts[number], row_starts[number + 1]):
            value, k = values[i], indices[i]
            sum0, sum1 = multiply_add(value, x0[k], sum0), multiply_add(value, x1[k], sum1)
            sum2, sum3 = multiply_add(value, x2[k], sum2), multiply_add(value, x3[k], sum3)
        z0[row], z1[row], z2[row], z3[row] = sum0, sum1, sum2, sum3


@kernel
def add_sparse_block_product(rows, row_starts, indices, values, x, x_start, z, z_start, panel, panels):
    """Z += W X for blocks as in ``block_product``; ``panel`` is the distance between panels of both."""
    lane = lanes(z)
    number = 0
    while number < panels:
        # Past the end the last panel is done again, to the same result.
        first, second = number * panel, min(number + 1, panels - 1) * panel
        for i in range(len(rows)):
            row = z_start + rows[i] * lane
            a, b = load(z, row + first), load(z, row + second)
            for j in range(row_starts[i], row_starts[i + 1]):
                value, k = broadcast(values, j), x_start + indices[j] * lane
                a, b = multiply_add(value, load(x, k + first), a), multiply_add(value, load(x, k + second), b)
            store(z, row + first, a), store(z, row + second, b)
        number += 2
