"""x += Wᵀ z, where the rows of W belong to the parts of z."""

import numpy as np
from numba.extending import register_jitable

from .buffers import aligned_zeros, padded
from .compilation import kernel
from .product import add_product, pack


class TransposedProduct:
    """
    Parameters
    ----------
    weight : array, (parts · size, columns)
    order : sequence of int
        The part of z that each part of the rows belongs to.

    Attributes
    ----------
    arguments : tuple
        Of :func:`add_transposed`.
    """

    def __init__(self, weight, order=(0,)):
        size, rows = len(weight) // len(order), padded(weight.shape[1], weight.dtype)
        panels = aligned_zeros((len(order), rows * size), weight.dtype)
        for part, packed in zip(weight.reshape(len(order), size, -1), panels):
            packed[...] = pack(part.T)
        self.arguments = panels.reshape(-1), rows, size, np.array(order, np.intp)

    def pull_back(self, count, z, x):
        """x ← Wᵀ z in the steps of a chunk, in the first part of x."""
        x.steps[1 : count + 1, :, 0] = 0
        add_transposed_to_steps(
            *self.arguments, z.part, z.flat, z.row, z.stride, x.flat, x.row, x.stride, count * z.batch
        )


@register_jitable
def add_transposed(panels, rows, size, order, part, z, z_start, z_stride, x, x_start, x_stride, columns):
    """``add_product`` of one part of z after the other; they are ``part`` apart. Padding is not read."""
    for number in range(len(order)):
        add_product(
            panels, number * rows * size, rows, size,
            z, z_start + order[number] * part, z_stride, x, x_start, x_stride, columns,
        )  # fmt: skip


@kernel
def add_transposed_to_steps(panels, rows, size, order, part, z, z_start, z_stride, x, x_start, x_stride, columns):
    add_transposed(panels, rows, size, order, part, z, z_start, z_stride, x, x_start, x_stride, columns)
