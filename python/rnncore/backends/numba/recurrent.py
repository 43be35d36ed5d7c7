"""h_t = (1 - a) h_{t-1} + a φ(W_hh h_{t-1} + W_ih x_t + b); a linear recursion has φ = identity and a = 1."""

import numpy as np
from numba.extending import register_jitable

from ...cells import NONLINEARITIES
from .activation import activate
from .compilation import kernel
from .product import add_product, pack
from .sparse_product import add_sparse_product, pack_sparse


class NumbaRecurrent:
    """The buffer receives W_ih x_t + b for all its steps; the walk turns them into h_t, one after the other."""

    def __init__(self, cell, nonlinearity, leak):
        parameters = cell.parameters
        weight_hh = parameters["weight_hh"]
        if isinstance(weight_hh, np.ndarray):
            self.walk_recurrence, self.weight_hh = walk_dense, (pack(weight_hh), cell.state_size)
        else:
            self.walk_recurrence, self.weight_hh = walk_sparse, pack_sparse(weight_hh)
        self.depth = cell.input_size
        self.weight_ih = pack(parameters["weight_ih"]) if self.depth else None
        biases = [parameters[name] for name in ("bias", "bias_ih", "bias_hh") if name in parameters]
        with np.errstate(over="ignore"):
            self.bias = sum(biases, start=np.zeros(cell.state_size, cell.dtype))
        self.nonlinearity = NONLINEARITIES.index(nonlinearity)
        self.keep, self.leak = cell.dtype.type(1 - leak), cell.dtype.type(leak)

    def walk(self, number, count, x, y):
        y.values(count)[...] = self.bias
        if x is not None and self.weight_ih is not None:
            add_product(self.weight_ih, self.depth, x.flat, x.row, x.stride, y.flat, y.row, y.stride, count * y.batch)
        self.walk_recurrence(*self.weight_hh, self.nonlinearity, self.keep, self.leak, y.flat, y.stride, y.batch, count)


class NumbaLinear(NumbaRecurrent):
    def __init__(self, cell):
        super().__init__(cell, "identity", 1.0)


class NumbaElman(NumbaRecurrent):
    def __init__(self, cell):
        super().__init__(cell, cell.nonlinearity, cell.leak)


@kernel
def walk_dense(panels, size, nonlinearity, keep, leak, y, stride, batch, steps):
    row = batch * stride
    for before in range(0, steps * row, row):
        now = before + row
        add_product(panels, size, y, before, stride, y, now, stride, batch)
        _update(nonlinearity, keep, leak, y, before, now, row)


@kernel
def walk_sparse(rows, row_starts, indices, values, nonlinearity, keep, leak, y, stride, batch, steps):
    row = batch * stride
    for before in range(0, steps * row, row):
        now = before + row
        add_sparse_product(rows, row_starts, indices, values, y, before, stride, y, now, stride, batch)
        _update(nonlinearity, keep, leak, y, before, now, row)


@register_jitable
def _update(nonlinearity, keep, leak, y, before, now, row):
    """z ← (1 - a) h + a φ(z), z the row that begins at ``now``, h the one at ``before``."""
    activate(nonlinearity, y, now, now + row)
    if leak != 1:
        for i in range(np.uintp(row)):
            y[np.uintp(now) + i] = keep * y[np.uintp(before) + i] + leak * y[np.uintp(now) + i]
