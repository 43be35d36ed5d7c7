"""y_t = φ(W x_t + b)"""

from functools import cached_property

import numpy as np

from ...cells import NONLINEARITIES
from .activation import activate, differentiate
from .input_projection import InputProjection
from .layer import NumbaLayer, named, transposed


class NumbaDense(NumbaLayer):
    def __init__(self, cell):
        self.weight = cell.parameters["weight"]
        self.input = InputProjection(self.weight, named(cell, "bias"))
        self.nonlinearity = NONLINEARITIES.index(cell.nonlinearity)
        self.slopes = self.cotangents = int(cell.nonlinearity != "identity")

    @cached_property
    def input_adjoint(self):
        return transposed(self.weight)

    def walk(self, number, count, x, y, z):
        self.input.drive(count, x, y)
        if z is not None:
            z.steps[1 : count + 1] = y.steps[1 : count + 1]
        activate(self.nonlinearity, y.flat, y.row, y.row * (count + 1))

    def linearise(self, count, y, z):
        differentiate(self.nonlinearity, z.flat.dtype.type(1), z.flat, z.row, z.row * (count + 1))

    def push_forward(self, number, count, slopes, x, y, z, forcing):
        self.input.tangent(count, x, y)
        tangents = y.values(count)
        with np.errstate(over="ignore", invalid="ignore"):
            if slopes is not None:
                tangents *= slopes.values(count)
            if forcing is not None:
                tangents += forcing.values(count)

    def pull_back(self, number, count, slopes, cuts, carried, y, z):
        if z is not None:
            with np.errstate(over="ignore", invalid="ignore"):
                np.multiply(slopes.values(count), y.values(count), out=z.values(count))

    def sum_gradients(self, sums, x, y, slopes, z):
        sums.products(z, [0], {"weight": x and x.now()}, ["bias"])

    def tangent(self, step):
        z = step.rows() if self.slopes else step.new_state
        step.multiply(self.weight, step.input, z)
        if self.slopes:
            step.scale(0, z, step.new_state)
