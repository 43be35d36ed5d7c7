"""r, u = σ(z_r), σ(z_u), z = W_hh h + W_ih x + b; n = tanh(z_n), z_n = W_hn (r h) + W_in x + b_n; h' = (1 - u) n + u h:
two products after each other.

Jacobian: dm = r dh + a_r dz_r, dh' = a_u dz_u + a_n (W_hn dm + W_in dx) + u dh with a_r = h σ'_r, a_u = (h - n) σ'_u,
a_n = (1 - u) tanh'(z_n).
"""

from functools import cached_property

import numpy as np

from .compilation import kernel
from .gru import linearise_update
from .input_projection import InputProjection
from .layer import NumbaLayer, named, transposed
from .product import add_product, pack, pad_parts
from .simd import add, borrowed, lanes, load, multiply, multiply_add, opaque, store, zeros
from .transposed_product import TransposedProduct, add_transposed
from .vector_math import sigmoid, sigmoid_slope, tanh


class NumbaResetBeforeGRU(NumbaLayer):
    """A row of z holds z_r, z_u, z_n and r h; from them slopes become a_r, a_u, a_n, r, u."""

    drives, slopes, cotangents = 4, 5, 4

    def __init__(self, cell):
        size, parameters = cell.output_size, cell.parameters
        self.weight_ih, weight_hh = parameters.get("weight_ih"), parameters["weight_hh"]
        self.gates, self.candidate = weight_hh[: 2 * size], weight_hh[2 * size :]
        self.input = InputProjection(self.weight_ih, named(cell, "bias_ih", "bias_hh"), 3)
        self.recurrence = pack(pad_parts(self.gates, 2)), pack(self.candidate), size

    @cached_property
    def input_adjoint(self):
        return transposed(self.weight_ih, range(3))

    @cached_property
    def adjoint(self):
        """The transposes of the gates and of the candidate that the walk back multiplies by."""
        return *TransposedProduct(self.gates, range(2)).arguments, TransposedProduct(self.candidate).arguments[0]

    def walk(self, number, count, x, y, z):
        self.input.drive(count, x, z)
        walk_reset_before_gru(*self.recurrence, y.flat, z.flat, y.part, z.stride, y.batch, count)

    def linearise(self, count, y, z):
        linearise_reset_before_gru(y.flat, z.flat, y.part, y.batch, count)

    def push_forward(self, number, count, slopes, x, y, z, forcing):
        self.input.tangent(count, x, z)
        forcing = y.flat[:0] if forcing is None else forcing.flat
        push_reset_before_gru(*self.recurrence, slopes.flat, forcing, y.flat, z.flat, y.part, y.batch, count)

    def pull_back(self, number, count, slopes, cuts, carried, y, z):
        pull_reset_before_gru(*self.adjoint, slopes.flat, cuts, carried.flat, y.flat, z.flat, y.part, y.batch, count)

    def sum_gradients(self, sums, x, y, slopes, z):
        """The last part of z, that was work memory, receives r h."""
        sums.products(z, range(2), {"weight_hh": y.before()})
        with np.errstate(over="ignore", invalid="ignore"):
            h = y.steps[: sums.count, :, 0, : y.size]
            np.multiply(slopes.values(sums.count, 3), h, out=z.values(sums.count, 3))
        sums.products(z, [2], {"weight_hh": z.now(3)})
        sums.products(z, range(3), {"weight_ih": x and x.now()}, ["bias_ih", "bias_hh"])

    def tangent(self, step):
        h, new_h, z, m, z_n = step.state, step.new_state, step.rows(2), step.rows(), step.rows()
        step.multiply(self.gates, h, z)
        if step.input is not None:
            step.multiply(self.weight_ih[: 2 * h.size], step.input, z)
        step.scale(3, h, m)
        step.scale(0, z[0], m)
        step.multiply(self.candidate, m, z_n)
        if step.input is not None:
            step.multiply(self.weight_ih[2 * h.size :], step.input, z_n)
        step.scale(4, h, new_h)
        step.scale(1, z[1], new_h)
        step.scale(2, z_n, new_h)


@kernel
def walk_reset_before_gru(gates, candidate, size, y, z, part, z_stride, batch, steps):
    gates, candidate, y, z = borrowed(gates), borrowed(candidate), borrowed(y), borrowed(z)
    one = y.dtype.type(1)
    for before in range(0, steps * batch * part, batch * part):
        now, drive = before + batch * part, (before // part + batch) * z_stride
        add_product(gates, 0, 2 * part, size, y, before, part, z, drive, z_stride, batch)
        for sequence in range(batch):
            h, first = opaque(before + sequence * part), drive + sequence * z_stride
            z_r, m = opaque(first), opaque(first + 3 * part)
            for i in range(np.uintp(part)):
                z[m + i] = sigmoid(z[z_r + i]) * y[h + i]
        add_product(candidate, 0, part, size, z, drive + 3 * part, z_stride, z, drive + 2 * part, z_stride, batch)
        for sequence in range(batch):
            h, new_h = opaque(before + sequence * part), opaque(now + sequence * part)
            first = drive + sequence * z_stride
            z_u, z_n = opaque(first + part), opaque(first + 2 * part)
            for i in range(np.uintp(part)):
                u = sigmoid(z[z_u + i])
                y[new_h + i] = multiply_add(u, y[h + i], (one - u) * tanh(z[z_n + i]))


@kernel
def linearise_reset_before_gru(y, z, part, batch, steps):
    for row in range(batch, batch * (steps + 1)):
        h, first = opaque((row - batch) * part), 5 * row * part
        a_r, a_u, a_n, r = opaque(first), opaque(first + part), opaque(first + 2 * part), opaque(first + 3 * part)
        linearise_update(y, h, z, a_n, a_u, opaque(first + 4 * part), part)
        for i in range(np.uintp(part)):
            z_r = z[a_r + i]
            z[r + i], z[a_r + i] = sigmoid(z_r), y[h + i] * sigmoid_slope(z_r)


@kernel
def push_reset_before_gru(gates, candidate, size, slopes, forcing, y, z, part, batch, steps):
    gates, candidate, slopes = borrowed(gates), borrowed(candidate), borrowed(slopes)
    forcing, y, z = borrowed(forcing), borrowed(y), borrowed(z)
    stride = 4 * part
    for before in range(0, steps * batch * part, batch * part):
        now, drive = before + batch * part, 4 * (before + batch * part)
        add_product(gates, 0, 2 * part, size, y, before, part, z, drive, stride, batch)
        for sequence in range(0, batch * part, part):
            a, z_r = 5 * (now + sequence), drive + 4 * sequence
            for i in range(0, part, lanes(y)):
                m = multiply(load(slopes, a + 3 * part + i), load(y, before + sequence + i))
                store(z, z_r + 3 * part + i, multiply_add(load(slopes, a + i), load(z, z_r + i), m))
        add_product(candidate, 0, part, size, z, drive + 3 * part, stride, z, drive + 2 * part, stride, batch)
        for sequence in range(0, batch * part, part):
            a, z_r = 5 * (now + sequence), drive + 4 * sequence
            for i in range(0, part, lanes(y)):
                h = multiply(load(slopes, a + 4 * part + i), load(y, before + sequence + i))
                for gate in range(part, 3 * part, part):
                    h = multiply_add(load(slopes, a + gate + i), load(z, z_r + gate + i), h)
                if len(forcing):
                    h = add(h, load(forcing, now + sequence + i))
                store(y, now + sequence + i, h)


@kernel
def pull_reset_before_gru(gates, rows, size, order, candidate, slopes, cuts, carried, y, z, part, batch, steps):
    gates, order, candidate, slopes = borrowed(gates), borrowed(order), borrowed(candidate), borrowed(slopes)
    cuts, carried, y, z = borrowed(cuts), borrowed(carried), borrowed(y), borrowed(z)
    stride = 4 * part
    for row in range(steps * batch, 0, -batch):
        cut, drive = len(cuts) > 0 and cuts[row // batch - 1], row * stride
        for sequence in range(batch):
            now, h = (row + sequence) * part, sequence * part
            for i in range(0, part, lanes(y)):
                by_h = add(load(y, now + i), load(carried, h + i))
                for gate in (part, 2 * part):
                    store(z, 4 * now + gate + i, multiply(load(slopes, 5 * now + gate + i), by_h))
                store(z, 4 * now + 3 * part + i, zeros(y))
                store(carried, h + i, multiply(load(slopes, 5 * now + 4 * part + i), by_h))
        add_product(candidate, 0, rows, size, z, drive + 2 * part, stride, z, drive + 3 * part, stride, batch)
        for sequence in range(batch):
            now, h = (row + sequence) * part, sequence * part
            for i in range(0, part, lanes(y)):
                by_m = load(z, 4 * now + 3 * part + i)
                store(z, 4 * now + i, multiply(load(slopes, 5 * now + i), by_m))
                reset = multiply_add(load(slopes, 5 * now + 3 * part + i), by_m, load(carried, h + i))
                store(carried, h + i, zeros(y) if cut else reset)
        if not cut:
            add_transposed(gates, rows, size, order, part, z, drive, stride, carried, 0, part, batch)
