"""r, u = σ(z_r), σ(z_u), z = W_hh h + W_ih x + b; n = tanh(x_n + r q), x_n = W_in x + b_in, q = W_hn h + b_hn;
h' = (1 - u) n + u h.

Jacobian: dh' = a_n dx_n + a_r dz_r + a_u dz_u + a_q dq + u dh with a_n = (1 - u) tanh'(x_n + r q), a_r = a_n q σ'_r,
a_u = (h - n) σ'_u, a_q = a_n r.
"""

from functools import cached_property

import numpy as np
from numba.extending import register_jitable

from .compilation import kernel
from .input_projection import InputProjection
from .layer import NumbaLayer, named, transposed
from .product import add_product, pack, pad_parts
from .simd import add, borrowed, lanes, load, multiply, multiply_add, opaque, store, zeros
from .transposed_product import TransposedProduct, add_transposed
from .vector_math import sigmoid, sigmoid_slope, tanh, tanh_slope


class NumbaGRU(NumbaLayer):
    """A row of z holds x_n, z_r, z_u, q: what depends on the input stands together, and what depends on h. From them
    slopes become a_n, a_r, a_u, a_q, u."""

    drives, slopes, cotangents = 4, 5, 4

    def __init__(self, cell):
        size, parameters = cell.output_size, cell.parameters
        self.weight_hh, self.weight_ih = parameters["weight_hh"], parameters.get("weight_ih")
        biases = [_candidate_first(bias, size) for bias in named(cell, "bias_ih", "bias_hh")]
        self.bias_hn = 0
        if "bias_hh" in parameters:
            self.bias_hn = biases[-1][:size].copy()
            biases[-1][:size] = 0
        self.input = InputProjection(_candidate_first(self.weight_ih, size), biases, 3)
        self.recurrence = pack(pad_parts(self.weight_hh, 3)), size

    @cached_property
    def input_adjoint(self):
        return transposed(self.weight_ih, (1, 2, 0))

    @cached_property
    def adjoint(self):
        return TransposedProduct(self.weight_hh, (1, 2, 3)).arguments

    def walk(self, number, count, x, y, z):
        self.input.drive(count, x, z)
        z.values(count, 3)[...] = self.bias_hn
        walk_gru(*self.recurrence, y.flat, z.flat, y.part, z.stride, y.batch, count)

    def linearise(self, count, y, z):
        linearise_gru(y.flat, z.flat, y.part, y.batch, count)

    def push_forward(self, number, count, slopes, x, y, z, forcing):
        self.input.tangent(count, x, z)
        z.values(count, 3)[...] = 0
        forcing = y.flat[:0] if forcing is None else forcing.flat
        push_gru(*self.recurrence, slopes.flat, forcing, y.flat, z.flat, y.part, y.batch, count)

    def pull_back(self, number, count, slopes, cuts, carried, y, z):
        pull_gru(*self.adjoint, slopes.flat, cuts, carried.flat, y.flat, z.flat, y.part, y.batch, count)

    def sum_gradients(self, sums, x, y, slopes, z):
        sums.products(z, (1, 2, 3), {"weight_hh": y.before()}, ["bias_hh"])
        sums.products(z, (1, 2, 0), {"weight_ih": x and x.now()}, ["bias_ih"])

    def tangent(self, step):
        h, new_h, z, size = step.state, step.new_state, step.rows(3), step.state.size
        step.multiply(self.weight_hh, h, z)
        step.scale(4, h, new_h)
        if step.input is not None:
            x_n = step.rows()
            step.multiply(self.weight_ih[: 2 * size], step.input, z[:2])
            step.multiply(self.weight_ih[2 * size :], step.input, x_n)
            step.scale(0, x_n, new_h)
        for gate in range(3):
            step.scale(1 + gate, z[gate], new_h)


def _candidate_first(rows, size):
    """Rows of r, z, n in the order n, r, z."""
    return None if rows is None else np.concatenate([rows[2 * size :], rows[: 2 * size]])


@kernel
def walk_gru(panels, size, y, z, part, z_stride, batch, steps):
    panels, y, z = borrowed(panels), borrowed(y), borrowed(z)
    one = y.dtype.type(1)
    for before in range(0, steps * batch * part, batch * part):
        now, gates = before + batch * part, (before // part + batch) * z_stride
        add_product(panels, 0, 3 * part, size, y, before, part, z, gates + part, z_stride, batch)
        for sequence in range(batch):
            first = gates + sequence * z_stride
            h, new_h = opaque(before + sequence * part), opaque(now + sequence * part)
            x_n, z_r, z_u, q = opaque(first), opaque(first + part), opaque(first + 2 * part), opaque(first + 3 * part)
            for i in range(np.uintp(part)):
                n = tanh(multiply_add(sigmoid(z[z_r + i]), z[q + i], z[x_n + i]))
                u = sigmoid(z[z_u + i])
                y[new_h + i] = multiply_add(u, y[h + i], (one - u) * n)


@kernel
def linearise_gru(y, z, part, batch, steps):
    for row in range(batch, batch * (steps + 1)):
        h, first = opaque((row - batch) * part), 5 * row * part
        a_n, a_r, a_u, a_q = opaque(first), opaque(first + part), opaque(first + 2 * part), opaque(first + 3 * part)
        # Each loop goes along few enough vectors for the compiler to make sure that they lie apart.
        units = range(np.uintp(part))
        for i in units:
            z[a_n + i] = multiply_add(sigmoid(z[a_r + i]), z[a_q + i], z[a_n + i])
        linearise_update(y, h, z, a_n, a_u, opaque(first + 4 * part), part)
        for i in units:
            z_r, q = z[a_r + i], z[a_q + i]
            z[a_r + i], z[a_q + i] = z[a_n + i] * q * sigmoid_slope(z_r), z[a_n + i] * sigmoid(z_r)


@register_jitable
def linearise_update(y, h, z, a_n, a_u, u, part):
    """tanh's argument and z_u become (1 - u) tanh' and (h - n) σ'_u; u = σ(z_u)."""
    units = range(np.uintp(part))
    for i in units:
        z[u + i] = sigmoid(z[a_u + i])
    for i in units:
        z_n, z_u = z[a_n + i], z[a_u + i]
        z[a_n + i], z[a_u + i] = sigmoid(-z_u) * tanh_slope(z_n), (y[h + i] - tanh(z_n)) * sigmoid_slope(z_u)


@kernel
def push_gru(panels, size, slopes, forcing, y, z, part, batch, steps):
    panels, slopes, forcing, y, z = borrowed(panels), borrowed(slopes), borrowed(forcing), borrowed(y), borrowed(z)
    for before in range(0, steps * batch * part, batch * part):
        now = before + batch * part
        add_product(panels, 0, 3 * part, size, y, before, part, z, 4 * now + part, 4 * part, batch)
        for sequence in range(0, batch * part, part):
            a, drive = 5 * (now + sequence), 4 * (now + sequence)
            for i in range(0, part, lanes(y)):
                h = multiply(load(slopes, a + 4 * part + i), load(y, before + sequence + i))
                for gate in range(0, 4 * part, part):
                    h = multiply_add(load(slopes, a + gate + i), load(z, drive + gate + i), h)
                if len(forcing):
                    h = add(h, load(forcing, now + sequence + i))
                store(y, now + sequence + i, h)


@kernel
def pull_gru(panels, rows, size, order, slopes, cuts, carried, y, z, part, batch, steps):
    panels, order, slopes, cuts = borrowed(panels), borrowed(order), borrowed(slopes), borrowed(cuts)
    carried, y, z = borrowed(carried), borrowed(y), borrowed(z)
    for row in range(steps * batch, 0, -batch):
        cut = len(cuts) > 0 and cuts[row // batch - 1]
        for sequence in range(batch):
            now, h = (row + sequence) * part, sequence * part
            for i in range(0, part, lanes(y)):
                by_h = add(load(y, now + i), load(carried, h + i))
                for gate in range(0, 4 * part, part):
                    store(z, 4 * now + gate + i, multiply(load(slopes, 5 * now + gate + i), by_h))
                store(carried, h + i, zeros(y) if cut else multiply(load(slopes, 5 * now + 4 * part + i), by_h))
        if not cut:
            add_transposed(panels, rows, size, order, part, z, 4 * row * part, 4 * part, carried, 0, part, batch)
