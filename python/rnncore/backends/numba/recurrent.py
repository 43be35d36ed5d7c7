"""h_t = (1 - a) h_{t-1} + a φ(W_hh h_{t-1} + W_ih x_t + b); a linear recursion has φ = identity and a = 1."""

import numpy as np
from numba.extending import register_jitable

from ...cells import NONLINEARITIES
from .activation import activate, differentiate
from .compilation import kernel
from .input_projection import InputProjection
from .layer import NumbaLayer, named
from .product import add_product, pack
from .simd import borrowed
from .sparse_product import add_sparse_product, pack_sparse


class NumbaRecurrent(NumbaLayer):
    """The buffer receives W_ih x_t + b for all its steps; the walk turns them into h_t, one after the other."""

    def __init__(self, cell, nonlinearity, leak):
        parameters = cell.parameters
        self.weight_hh, self.weight_ih = parameters["weight_hh"], parameters.get("weight_ih")
        if isinstance(self.weight_hh, np.ndarray):
            self.walk_recurrence, self.push_recurrence = walk_dense, push_dense
            self.recurrence = pack(self.weight_hh), cell.state_size
        else:
            self.walk_recurrence, self.push_recurrence = walk_sparse, push_sparse
            self.recurrence = pack_sparse(self.weight_hh)
        self.input = InputProjection(self.weight_ih, named(cell, "bias", "bias_ih", "bias_hh"))
        self.nonlinearity = NONLINEARITIES.index(nonlinearity)
        self.keep, self.leak = cell.dtype.type(1 - leak), cell.dtype.type(leak)
        self.slopes = int(nonlinearity != "identity" or leak != 1)

    def walk(self, number, count, x, y, z):
        self.input.drive(count, x, y)
        z = y.flat[:0] if z is None else z.flat
        self.walk_recurrence(
            *self.recurrence, self.nonlinearity, self.keep, self.leak, y.flat, z, y.stride, y.batch, count
        )  # fmt: skip

    def linearise(self, count, y, z):
        differentiate(self.nonlinearity, self.leak, z.flat, z.row, z.row * (count + 1))

    def push_forward(self, number, count, slopes, x, y, z, forcing):
        self.input.tangent(count, x, y)
        slopes, forcing = (y.flat[:0] if buffer is None else buffer.flat for buffer in (slopes, forcing))
        self.push_recurrence(*self.recurrence, self.keep, slopes, forcing, y.flat, y.stride, y.batch, count)

    def tangent(self, step):
        z = step.rows() if self.slopes else step.new_state
        step.multiply(self.weight_hh, step.state, z)
        if step.input is not None:
            step.multiply(self.weight_ih, step.input, z)
        if self.slopes:
            step.scale(0, z, step.new_state)
        if self.keep != 0:
            step.scale(np.full(step.state.size, self.keep), step.state, step.new_state)


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
        add_product(panels, 0, stride, size, y, before, stride, y, now, stride, batch)
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
        add_product(panels, 0, stride, size, y, before, stride, y, now, stride, batch)
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
