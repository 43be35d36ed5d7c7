"""i, f, o = σ(z_i + p_i c, z_f + p_f c, z_o + p_o c'), g = tanh(z_g), z = W_hh h + W_ih x + b;
c' = f c + i g, h' = o tanh(c').

Jacobian: dc' = k dc + a_i dz_i + a_f dz_f + a_g dz_g and dh' = a_o dz_o + β dc' with a_i = g σ'_i, a_f = c σ'_f,
a_g = i tanh'_g, a_o = tanh(c') σ'_o, k = f + p_i a_i + p_f a_f, β = o tanh'(c') + p_o a_o.
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


class NumbaLSTM(NumbaLayer):
    """A row of the buffer holds h and c; a row of z the arguments of i, f, g, o, from which slopes become
    a_i, a_f, a_g, a_o, k, β."""

    drives, slopes, cotangents = 4, 6, 4

    def __init__(self, cell):
        parameters = cell.parameters
        self.weight_hh, self.weight_ih = parameters["weight_hh"], parameters.get("weight_ih")
        self.input = InputProjection(self.weight_ih, named(cell, "bias_ih", "bias_hh"), 4)
        self.recurrence = pack(pad_parts(self.weight_hh, 4)), cell.output_size
        none = np.zeros(0, cell.dtype)
        peepholes = (parameters.get(name, none) for name in ("weight_ci", "weight_cf", "weight_co"))
        self.peepholes = [pad_parts(peephole, 1) for peephole in peepholes]

    @cached_property
    def input_adjoint(self):
        return transposed(self.weight_ih, range(4))

    @cached_property
    def adjoint(self):
        return TransposedProduct(self.weight_hh, range(4)).arguments

    def walk(self, number, count, x, y, z):
        self.input.drive(count, x, z)
        walk_lstm(*self.recurrence, *self.peepholes, y.flat, z.flat, y.part, z.stride, y.batch, count)

    def linearise(self, count, y, z):
        linearise_lstm(*self.peepholes, y.flat, z.flat, y.part, y.batch, count)

    def push_forward(self, number, count, slopes, x, y, z, forcing):
        self.input.tangent(count, x, z)
        forcing = y.flat[:0] if forcing is None else forcing.flat
        push_lstm(*self.recurrence, slopes.flat, forcing, y.flat, z.flat, y.part, y.batch, count)

    def pull_back(self, number, count, slopes, cuts, carried, y, z):
        pull_lstm(*self.adjoint, slopes.flat, cuts, carried.flat, y.flat, z.flat, y.part, y.batch, count)

    def sum_gradients(self, sums, x, y, slopes, z):
        factors = {"weight_hh": y.before(), "weight_ih": x and x.now()}
        sums.products(z, range(4), factors, ["bias_ih", "bias_hh"])
        for name, gate, c in (("weight_ci", 0, y.before(1)), ("weight_cf", 1, y.before(1)), ("weight_co", 3, y.now(1))):
            if name in sums.wanted:
                sums.put([name], sums.elementwise(z.now(gate), c))

    def tangent(self, step):
        (h, c), (new_h, new_c), z = step.state, step.new_state, step.rows(4)
        step.multiply(self.weight_hh, h, z)
        if step.input is not None:
            step.multiply(self.weight_ih, step.input, z)
        step.scale(4, c, new_c)
        for gate in range(3):
            step.scale(gate, z[gate], new_c)
        step.scale(3, z[3], new_h)
        step.scale(5, new_c, new_h)


@kernel
def walk_lstm(panels, size, peephole_i, peephole_f, peephole_o, y, z, part, z_stride, batch, steps):
    panels, y, z = borrowed(panels), borrowed(y), borrowed(z)
    stride = 2 * part
    for step in range(steps):
        before, now, gates = step * batch * stride, (step + 1) * batch * stride, (step + 1) * batch * z_stride
        add_product(panels, 0, 4 * part, size, y, before, stride, z, gates, z_stride, batch)
        for sequence in range(batch):
            h, c = now + sequence * stride, before + sequence * stride + part
            _advance(peephole_i, peephole_f, peephole_o, y, c, h, z, gates + sequence * z_stride, part)


@register_jitable
def _advance(peephole_i, peephole_f, peephole_o, y, before, now, z, gates, part):
    """Of one sequence: c stands at ``before``, h' at ``now`` and c' behind it."""
    units, c, h, new_c = range(np.uintp(part)), opaque(before), opaque(now), opaque(now + part)
    z_i, z_f, z_g, z_o = opaque(gates), opaque(gates + part), opaque(gates + 2 * part), opaque(gates + 3 * part)
    _add_peephole(peephole_i, y, c, z, z_i)
    _add_peephole(peephole_f, y, c, z, z_f)
    for i in units:
        y[new_c + i] = multiply_add(sigmoid(z[z_f + i]), y[c + i], sigmoid(z[z_i + i]) * tanh(z[z_g + i]))
    _add_peephole(peephole_o, y, new_c, z, z_o)
    for i in units:
        y[h + i] = sigmoid(z[z_o + i]) * tanh(y[new_c + i])


@register_jitable
def _add_peephole(peephole, x, at, z, gate):
    """z += p ⊙ x, where there is a peephole."""
    for i in range(np.uintp(len(peephole))):
        z[gate + i] = multiply_add(peephole[i], x[at + i], z[gate + i])


@kernel
def linearise_lstm(peephole_i, peephole_f, peephole_o, y, z, part, batch, steps):
    for row in range(batch, batch * (steps + 1)):
        c, new_c = opaque((2 * (row - batch) + 1) * part), opaque((2 * row + 1) * part)
        first = 6 * row * part
        a_i, a_f, a_g = opaque(first), opaque(first + part), opaque(first + 2 * part)
        a_o, k, beta = opaque(first + 3 * part), opaque(first + 4 * part), opaque(first + 5 * part)
        # Each loop goes along few enough vectors for the compiler to make sure that they lie apart.
        units = range(np.uintp(part))
        for i in units:
            z_i, z_g = z[a_i + i], z[a_g + i]
            z[a_i + i], z[a_g + i] = tanh(z_g) * sigmoid_slope(z_i), sigmoid(z_i) * tanh_slope(z_g)
        for i in units:
            z_f = z[a_f + i]
            z[a_f + i], z[k + i] = y[c + i] * sigmoid_slope(z_f), sigmoid(z_f)
        for i in units:
            z_o, memory = z[a_o + i], y[new_c + i]
            z[a_o + i], z[beta + i] = tanh(memory) * sigmoid_slope(z_o), sigmoid(z_o) * tanh_slope(memory)
        _add_peephole(peephole_i, z, a_i, z, k)
        _add_peephole(peephole_f, z, a_f, z, k)
        _add_peephole(peephole_o, z, a_o, z, beta)


@kernel
def push_lstm(panels, size, slopes, forcing, y, z, part, batch, steps):
    panels, slopes, forcing, y, z = borrowed(panels), borrowed(slopes), borrowed(forcing), borrowed(y), borrowed(z)
    for step in range(steps):
        before, now, gates = 2 * step * batch * part, 2 * (step + 1) * batch * part, 4 * (step + 1) * batch * part
        add_product(panels, 0, 4 * part, size, y, before, 2 * part, z, gates, 4 * part, batch)
        for sequence in range(batch):
            a, drive = 6 * ((step + 1) * batch + sequence) * part, gates + 4 * sequence * part
            h = now + 2 * sequence * part
            for i in range(0, part, lanes(y)):
                new_h, new_c = h + i, h + part + i
                c = multiply(load(slopes, a + 4 * part + i), load(y, before + (2 * sequence + 1) * part + i))
                for gate in range(0, 3 * part, part):
                    c = multiply_add(load(slopes, a + gate + i), load(z, drive + gate + i), c)
                out = multiply(load(slopes, a + 3 * part + i), load(z, drive + 3 * part + i))
                out = multiply_add(load(slopes, a + 5 * part + i), c, out)
                if len(forcing):
                    out, c = add(out, load(forcing, new_h)), add(c, load(forcing, new_c))
                store(y, new_h, out)
                store(y, new_c, c)


@kernel
def pull_lstm(panels, rows, size, order, slopes, cuts, carried, y, z, part, batch, steps):
    panels, order, slopes, cuts = borrowed(panels), borrowed(order), borrowed(slopes), borrowed(cuts)
    carried, y, z = borrowed(carried), borrowed(y), borrowed(z)
    for row in range(steps * batch, 0, -batch):
        cut = len(cuts) > 0 and cuts[row // batch - 1]
        for sequence in range(batch):
            a, drive = 6 * (row + sequence) * part, 4 * (row + sequence) * part
            now, h = (row + sequence) * part, 2 * sequence * part
            for i in range(0, part, lanes(y)):
                by_h = add(load(y, now + i), load(carried, h + i))
                by_c = multiply_add(load(slopes, a + 5 * part + i), by_h, load(carried, h + part + i))
                for gate in range(0, 3 * part, part):
                    store(z, drive + gate + i, multiply(load(slopes, a + gate + i), by_c))
                store(z, drive + 3 * part + i, multiply(load(slopes, a + 3 * part + i), by_h))
                store(carried, h + i, zeros(y))
                store(carried, h + part + i, zeros(y) if cut else multiply(load(slopes, a + 4 * part + i), by_c))
        if not cut:
            add_transposed(panels, rows, size, order, part, z, 4 * row * part, 4 * part, carried, 0, 2 * part, batch)
