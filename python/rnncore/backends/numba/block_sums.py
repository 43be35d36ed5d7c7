"""The gradients of one layer's parameters, summed over the steps and sequences of each block of a chunk."""

import numpy as np

from ..protocol import GRADIENT_BLOCK
from .buffers import aligned_zeros, padded
from .product import DEPTH_BLOCK
from .row_sums import TURNED_STRIDE, outer_products, sum_elementwise, sum_products, sum_sparse_products


class Scratch:
    """Work memory of kernels, kept from one call to the next."""

    def __init__(self, dtype):
        self.dtype, self.arrays = dtype, {}

    def take(self, name, size):
        """An array of at least that many elements, whatever they hold."""
        if name not in self.arrays or len(self.arrays[name]) < size:
            self.arrays[name] = aligned_zeros((size,), self.dtype)
        return self.arrays[name]


class BlockSums:
    """
    Parameters
    ----------
    wanted : collection of str
        The parameters of which the gradient is wanted.
    count, batch : int
        Steps of the chunk, the first of which is the first of a block, and sequences.
    scratch : Scratch

    Attributes
    ----------
    found : dict of str to list of array
        For each parameter arrays ``(blocks, …)``, which make up its rows one after the other.
    by_step : dict of str to array
        Those of a parameter that has a row for each step, ``(count, …)``.
    """

    def __init__(self, wanted, count, batch, scratch):
        self.wanted, self.count, self.batch, self.scratch = wanted, count, batch, scratch
        self.rows = count * batch, GRADIENT_BLOCK * batch
        self.blocks = -(-count // GRADIENT_BLOCK)
        self.found, self.by_step = {}, {}

    def add_to(self, parameters, start):
        """Add them to the arrays of the protocol, the last block first; ``start``: steps before the chunk."""
        for name, pieces in self.found.items():
            row = 0
            for piece in pieces:
                for block in piece[::-1]:
                    parameters[name][row : row + len(block)] += block
                row += piece.shape[1]
        for name, rows in self.by_step.items():
            parameters[name][start : start + self.count] += rows

    def put(self, names, array):
        """The rows that follow of each parameter that is wanted."""
        for name in names:
            if name in self.wanted:
                self.found.setdefault(name, []).append(array)

    def products(self, z, order, factors, biases=()):
        """Σ z xᵀ of the parts of z that ``order`` names, and Σ z for ``biases``.

        ``factors``: x by the name of its weight, two at most; None: it is zero.
        """
        factors = {name: x for name, x in factors.items() if name in self.wanted and x is not None}
        biased = any(name in self.wanted for name in biases)
        if not factors and not biased:
            return
        dtype, columns = z.flat.dtype, len(order) * z.size
        widths = [padded(x.size, dtype) for x in factors.values()]
        nothing = z.flat[:0], 0, 0, 0
        before, now = ([(x.flat, x.first, x.stride, w) for x, w in zip(factors.values(), widths)] + [nothing] * 2)[:2]
        products = aligned_zeros((self.blocks, columns, sum(widths)), dtype)
        sums = np.zeros((self.blocks, columns if biased else 0), dtype)
        sum_products(
            z.flat, z.row, z.stride, z.size, np.array(order, np.intp), z.part, *before, *now, *self.rows,
            self.scratch.take("turned", columns * TURNED_STRIDE),
            self.scratch.take("panels", sum(widths) * DEPTH_BLOCK), products.reshape(-1), sums.reshape(-1),
        )  # fmt: skip
        first = 0
        for (name, x), width in zip(factors.items(), widths):
            self.put([name], products[:, :, first : first + x.size])
            first += width
        self.put(biases, sums)

    def sparse_products(self, name, z, x, row_starts, indices):
        """The elements of Σ z xᵀ that a sparse matrix has."""
        if name not in self.wanted:
            return
        products = np.zeros((self.blocks, len(indices)), z.flat.dtype)
        sum_sparse_products(
            z.flat, z.row, z.stride, x.flat, x.first, x.stride, z.size, row_starts, indices, *self.rows,
            self.scratch.take("turned", z.size * TURNED_STRIDE),
            self.scratch.take("other turned", z.size * TURNED_STRIDE), products.reshape(-1),
        )  # fmt: skip
        self.put([name], products)

    def elementwise(self, z, x, swapped=False):
        """Σ z ⊙ x, with the neighbours in x exchanged where ``swapped``."""
        width = padded(z.size, z.flat.dtype)
        products = aligned_zeros((self.blocks, width), z.flat.dtype)
        sum_elementwise(
            z.flat, z.first, z.stride, x.flat, x.first, x.stride, width, swapped, *self.rows, products.reshape(-1)
        )  # fmt: skip
        return products[:, : z.size]

    def step_products(self, name, z, x):
        """Σ z xᵀ over the sequences of each step by itself."""
        if name not in self.wanted:
            return
        self.by_step[name] = products = np.zeros((self.count, z.size, z.size), z.flat.dtype)
        outer_products(
            z.flat, z.first, z.stride, x.flat, x.first, x.stride, z.size, self.batch, self.count, products.reshape(-1)
        )
