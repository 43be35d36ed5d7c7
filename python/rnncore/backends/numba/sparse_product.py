"""z += W x for many columns x, W in compressed sparse rows."""

from .compilation import kernel
from .simd import multiply_add


@kernel
def add_sparse_product(row_starts, indices, values, x, x_start, x_stride, z, z_start, z_stride, columns):
    """z[:, column] += W x[:, column]; every element a chain of multiply-adds in the order of the stored values."""
    last = columns - 1
    for c0 in range(0, columns, 4):
        # Past the end the last column is done again, to the same result.
        c1, c2, c3 = min(c0 + 1, last), min(c0 + 2, last), min(c0 + 3, last)
        x0, x1, x2, x3 = (
            x_start + c0 * x_stride, x_start + c1 * x_stride, x_start + c2 * x_stride, x_start + c3 * x_stride
        )  # fmt: skip
        z0, z1, z2, z3 = (
            z_start + c0 * z_stride, z_start + c1 * z_stride, z_start + c2 * z_stride, z_start + c3 * z_stride
        )  # fmt: skip
        for row in range(len(row_starts) - 1):
            begin, end = row_starts[row], row_starts[row + 1]
            if columns == 1:
                sum0 = z[z0 + row]
                for i in range(begin, end):
                    sum0 = multiply_add(values[i], x[x0 + indices[i]], sum0)
                z[z0 + row] = sum0
                continue
            sum0, sum1, sum2, sum3 = z[z0 + row], z[z1 + row], z[z2 + row], z[z3 + row]
            for i in range(begin, end):
                value, k = values[i], indices[i]
                sum0 = multiply_add(value, x[x0 + k], sum0)
                sum1 = multiply_add(value, x[x1 + k], sum1)
                sum2 = multiply_add(value, x[x2 + k], sum2)
                sum3 = multiply_add(value, x[x3 + k], sum3)
            z[z0 + row], z[z1 + row], z[z2 + row], z[z3 + row] = sum0, sum1, sum2, sum3
