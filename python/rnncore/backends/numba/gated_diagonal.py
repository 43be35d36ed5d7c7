"""c_t = ψ(W_g x_t + b_g) ⊙ c_{t-1} + φ(W_ih x_t + b)

Jacobian: dc_t = ψ(z_g) dc_{t-1} + c_{t-1} ψ'(z_g) dz_g + φ'(z) dz.
"""

from functools import cached_property

import numpy as np

from ...cells import NONLINEARITIES
from .activation import activate, activate_part, differentiate_part
from .compilation import kernel
from .diagonal_recurrence import pull_diagonal, walk_diagonal
from .input_projection import InputProjection
from .layer import NumbaLayer, named, transposed
from .simd import lanes, load, multiply, multiply_add, store


class NumbaGatedDiagonal(NumbaLayer):
    """A row of z holds ψ(z_g), and for slopes z_g and z, which become c ψ'(z_g) and φ'(z)."""

    drives, slopes, cotangents = 1, 3, 2

    def __init__(self, cell):
        self.weight_ih, self.weight_gate = cell.parameters["weight_ih"], cell.parameters["weight_gate"]
        self.input = InputProjection(self.weight_ih, named(cell, "bias"))
        self.gate = InputProjection(self.weight_gate, named(cell, "bias_gate"))
        self.nonlinearity = NONLINEARITIES.index(cell.nonlinearity)
        self.gate_nonlinearity = NONLINEARITIES.index(cell.gate_nonlinearity)

    @cached_property
    def input_adjoint(self):
        return transposed(np.concatenate([self.weight_gate, self.weight_ih]), (0, 1))

    def walk(self, number, count, x, y, z):
        self.input.drive(count, x, y)
        self.gate.drive(count, x, z)
        if z.parts == self.slopes:
            z.values(count, 1)[...], z.values(count, 2)[...] = z.values(count, 0), y.values(count)
        activate(self.nonlinearity, y.flat, y.row, y.row * (count + 1))
        activate_part(self.gate_nonlinearity, z.flat, z.row, z.part, z.stride, count * z.batch)
        walk_diagonal(z.flat, z.row, z.row, z.stride, y.flat, y.flat[:0], y.part, y.batch, count)

    def linearise(self, count, y, z):
        rows = z.part, z.stride, count * z.batch
        differentiate_part(self.gate_nonlinearity, z.flat, z.row + z.part, *rows)
        differentiate_part(self.nonlinearity, z.flat, z.row + 2 * z.part, *rows)
        scale_by_memory(y.flat, z.flat, y.part, y.batch, count)

    def push_forward(self, number, count, slopes, x, y, z, forcing):
        self.input.tangent(count, x, y)
        self.gate.tangent(count, x, z)
        combine_drives(slopes.flat, y.flat, z.flat, y.part, y.row, y.row * (count + 1))
        forcing = y.flat[:0] if forcing is None else forcing.flat
        walk_diagonal(slopes.flat, slopes.row, slopes.row, slopes.stride, y.flat, forcing, y.part, y.batch, count)

    def pull_back(self, number, count, slopes, cuts, carried, y, z):
        factors = slopes.flat, slopes.row, slopes.row, slopes.stride
        pull_diagonal(*factors, cuts, carried.flat, y.flat, y.part, y.batch, count)
        share_drives(slopes.flat, y.flat, z.flat, y.part, y.row, y.row * (count + 1))

    def sum_gradients(self, sums, x, y, slopes, z):
        for part, weight, bias in ((0, "weight_gate", "bias_gate"), (1, "weight_ih", "bias")):
            sums.products(z, [part], {weight: x and x.now()}, [bias])

    def tangent(self, step):
        step.scale(0, step.state, step.new_state)
        if step.input is not None:
            for slope, weight in ((1, self.weight_gate), (2, self.weight_ih)):
                z = step.rows()
                step.multiply(weight, step.input, z)
                step.scale(slope, z, step.new_state)


@kernel
def scale_by_memory(y, z, part, batch, steps):
    """ψ'(z_g) ← c ψ'(z_g)"""
    for before in range(0, steps * batch * part, part):
        slope = 3 * (before + batch * part) + part
        for i in range(0, part, lanes(y)):
            store(z, slope + i, multiply(load(y, before + i), load(z, slope + i)))


@kernel
def combine_drives(slopes, y, z, part, start, stop):
    """y ← φ' ⊙ y + c ψ' ⊙ z"""
    for now in range(start, stop, part):
        by_gate, by_input = 3 * now + part, 3 * now + 2 * part
        for i in range(0, part, lanes(y)):
            driven = multiply(load(slopes, by_input + i), load(y, now + i))
            store(y, now + i, multiply_add(load(slopes, by_gate + i), load(z, now + i), driven))


@kernel
def share_drives(slopes, y, z, part, start, stop):
    """z_g ← c ψ' ⊙ y, z ← φ' ⊙ y"""
    for now in range(start, stop, part):
        for gate in (0, part):
            for i in range(0, part, lanes(y)):
                store(z, 2 * now + gate + i, multiply(load(slopes, 3 * now + part + gate + i), load(y, now + i)))
