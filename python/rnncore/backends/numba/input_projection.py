"""W x_t + b of the steps of a chunk: one matrix product."""

import numpy as np

from .product import add_product, pack, pad_parts


class InputProjection:
    """
    Parameters
    ----------
    weight : array, (parts · size, input_size), or None
        None: the layer takes no input.
    biases : sequence of arrays, (parts · size,)
        b is their sum.
    parts : int
        The parts of a buffer that the rows of W belong to.
    """

    def __init__(self, weight, biases, parts=1):
        self.depth = 0 if weight is None else weight.shape[1]
        if self.depth:
            padded = pad_parts(weight, parts)
            self.rows, self.panels = len(padded), pack(padded)
        with np.errstate(over="ignore"):
            self.bias = sum(biases).reshape(parts, -1) if biases else np.zeros((parts, 1), np.int8)

    def drive(self, count, x, z, part=0):
        """z ← W x + b, in the parts of z from ``part`` on; x None: no input."""
        self._parts(count, z, part)[...] = self.bias
        self._add(count, x, z, part)

    def tangent(self, count, x, z, part=0):
        """z ← W x"""
        self._parts(count, z, part)[...] = 0
        self._add(count, x, z, part)

    def _parts(self, count, z, part):
        return z.rows(count)[:, :, part : part + len(self.bias)]

    def _add(self, count, x, z, part):
        if x is not None and self.depth:
            columns, first = count * z.batch, z.row + part * z.part
            add_product(
                self.panels, 0, self.rows, self.depth, x.flat, x.row, x.stride, z.flat, first, z.stride, columns
            )
