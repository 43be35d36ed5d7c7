"""h_t = (1 - a) h_{t-1} + a φ(W_hh h_{t-1} + W_ih x_t + b); a linear recursion has φ = identity and a = 1."""

import numpy as np
from numba.extending import register_jitable

from ...cells import NONLINEARITIES
from .activation import activate, differentiate
from .compilation import kernel
from .jacobian_table import TangentForm
from .product import add_product, pack
from .simd import borrowed
from .sparse_product import add_sparse_product, pack_sparse


class NumbaRecurrent:
    """The buffer receives W_ih x_t + b for all its steps; the walk turns them into h_t, one after the other."""

    def __init__(self, cell, nonlinearity, leak):
        parameters = cell.parameters
        weight_hh = parameters["weight_hh"]
        if isinstance(weight_hh, np.ndarray):
            self.walk_recurrence, self.push_recurrence = walk_dense, push_dense
            self.weight_hh = pack(weight_hh), cell.state_size
        else:
            self.walk_recurrence, self.push_recurrence = walk_sparse, push_sparse
            self.weight_hh = pack_sparse(weight_hh)
        self.depth = cell.input_size
        self.weight_ih = pack(parameters["weight_ih"]) if self.depth else None
        biases = [parameters[name] for name in ("bias", "bias_ih", "bias_hh") if name in parameters]
        with np.errstate(over="ignore"):
            self.bias = sum(biases, start=np.zeros(cell.state_size, cell.dtype))
        self.nonlinearity = NONLINEARITIES.index(nonlinearity)
        self.keep, self.leak = cell.dtype.type(1 - leak), cell.dtype.type(leak)
        sloped = nonlinearity != "identity" or leak != 1
        self.tangent = TangentForm(weight_hh, parameters.get("weight_ih"), self.keep, sloped)

    def walk(self, number, count, x, y, z=None):
        y.values(count)[...] = self.bias
        self._add_input(count, x, y)
        z = y.flat[:0] if z is None else z.flat
        self.walk_recurrence(
            *self.weight_hh, self.nonlinearity, self.keep, self.leak, y.flat, z, y.stride, y.batch, count
        )  # fmt: skip

    def linearise(self, count, z):
        differentiate(self.nonlinearity, self.leak, z.flat, z.row, z.row * (count + 1))

    def push_forward(self, number, count, slopes, x, y, forcing):
        y.values(count)[...] = 0
        self._add_input(count, x, y)
        slopes, forcing = (y.flat[:0] if buffer is None else buffer.flat for buffer in (slopes, forcing))
        self.push_recurrence(*self.weight_hh, self.keep, slopes, forcing, y.flat, y.stride, y.batch, count)

    def _add_input(self, count, x, y):
        if x is not None and self.weight_ih is not None:
            columns = count * y.batch
            add_product(self.weight_ih, 0, self.depth, x.flat, x.row, x.stride, y.flat, y.row, y.stride, columns)


class NumbaLinear(NumbaRecurrent):
    def __init__(self, cell):
        super().__init__(cell, "identity", 1.0)


class NumbaElman(NumbaRecurrent):
    def __init__(self, cell):
        super().__init__(cell, cell.nonlinearity, cell.leak)


@kernel
def walk_dense(panels, size, nonlinearity, keep, leak, y, z, stride, batch, steps):
    panels, y, z = borrowed(panels), borrowed(y), borrowed(z)
    row = batch * stride
    for before in range(0, steps * row, row):
        now = before + row
        add_product(panels, 0, size, y, before, stride, y, now, stride, batch)
        _update(nonlinearity, keep, leak, y, z, before, now, row)


@kernel
def walk_sparse(rows, row_starts, indices, values, nonlinearity, keep, leak, y, z, stride, batch, steps):
    row = batch * stride
    for before in range(0, steps * row, row):
        now = before + row
        add_sparse_product(rows, row_starts, indices, values, y, before, stride, y, now, stride, batch)
        _update(nonlinearity, keep, leak, y, z, before, now, row)


@register_jitable
def _update(nonlinearity, keep, leak, y, z, before, now, row):
    """z ← (1 - a) h + a φ(z), z the row that begins at ``now``, h the one at ``before``; an array z keeps the old z."""
    if len(z):
        for i in range(np.uintp(row)):
            z[np.uintp(now) + i] = y[np.uintp(now) + i]
    activate(nonlinearity, y, now, now + row)
    if leak != 1:
        for i in range(np.uintp(row)):
            y[np.uintp(now) + i] = keep * y[np.uintp(before) + i] + leak * y[np.uintp(now) + i]


@kernel
def push_dense(panels, size, keep, slopes, forcing, y, stride, batch, steps):
    panels, slopes, forcing, y = borrowed(panels), borrowed(slopes), borrowed(forcing), borrowed(y)
    row = batch * stride
    for before in range(0, steps * row, row):
        now = before + row
        add_product(panels, 0, size, y, before, stride, y, now, stride, batch)
        _update_tangent(keep, slopes, forcing, y, before, now, row)


@kernel
def push_sparse(rows, row_starts, indices, values, keep, slopes, forcing, y, stride, batch, steps):
    row = batch * stride
    for before in range(0, steps * row, row):
        now = before + row
        add_sparse_product(rows, row_starts, indices, values, y, before, stride, y, now, stride, batch)
        _update_tangent(keep, slopes, forcing, y, before, now, row)


@register_jitable
def _update_tangent(keep, slopes, forcing, y, before, now, row):
    """ż ← (1 - a) ḣ + s ⊙ ż + forcing, ż the row that begins at ``now``, ḣ the one at ``before``."""
    before, now = np.uintp(before), np.uintp(now)
    if len(slopes):
        for i in range(np.uintp(row)):
            y[now + i] *= slopes[now + i]
    if keep != 0:
        for i in range(np.uintp(row)):
            y[now + i] += keep * y[before + i]
    if len(forcing):
        for i in range(np.uintp(row)):
            y[now + i] += forcing[now + i]
