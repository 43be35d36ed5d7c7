"""h_t = λ ⊙ h_{t-1} + W_ih x_t + b; complex numbers as their real and imaginary parts in turn."""

from functools import cached_property

from ...cells.diagonal import real_rows
from .diagonal_recurrence import (
    complex_factors,
    pull_complex_diagonal,
    pull_diagonal,
    walk_complex_diagonal,
    walk_diagonal,
)
from .input_projection import InputProjection
from .layer import NumbaLayer, transposed
from .product import pad_parts


class NumbaDiagonal(NumbaLayer):
    def __init__(self, cell):
        parameters = cell.parameters
        self.complex = cell.is_complex
        real = {name: real_rows(array) if self.complex else array for name, array in parameters.items()}
        self.weight_hh, self.weight_ih = parameters["weight_hh"], real.get("weight_ih")
        self.input = InputProjection(self.weight_ih, [real["bias"]] if "bias" in real else [])
        weight_hh = self.weight_hh
        self.factors = complex_factors(weight_hh).reshape(-1) if self.complex else pad_parts(weight_hh, 1)

    @cached_property
    def input_adjoint(self):
        return transposed(self.weight_ih)

    @cached_property
    def conjugate_factors(self):
        return complex_factors(self.weight_hh.conj()).reshape(-1)

    def walk(self, number, count, x, y, z):
        self.input.drive(count, x, y)
        self._recur(count, y, None)

    def push_forward(self, number, count, slopes, x, y, z, forcing):
        self.input.tangent(count, x, y)
        self._recur(count, y, forcing)

    def _recur(self, count, y, forcing):
        forcing = y.flat[:0] if forcing is None else forcing.flat
        if self.complex:
            walk_complex_diagonal(self.factors, y.flat, forcing, y.part, y.batch, count)
        else:
            walk_diagonal(self.factors, 0, 0, 0, y.flat, forcing, y.part, y.batch, count)

    def pull_back(self, number, count, slopes, cuts, carried, y, z):
        if self.complex:
            pull_complex_diagonal(self.conjugate_factors, cuts, carried.flat, y.flat, y.part, y.batch, count)
        else:
            pull_diagonal(self.factors, 0, 0, 0, cuts, carried.flat, y.flat, y.part, y.batch, count)

    def sum_gradients(self, sums, x, y, slopes, z):
        sums.products(z, [0], {"weight_ih": x and x.now()}, ["bias"])
        if self.complex:
            for name, (pairs,) in sums.found.items():
                sums.found[name] = [pairs[:, 0::2] + 1j * pairs[:, 1::2]]
        if "weight_hh" in sums.wanted:
            by_own = sums.elementwise(z.now(), y.before())
            if self.complex:  # Σ z times the conjugate of h
                by_other = sums.elementwise(z.now(), y.before(), swapped=True)
                real, imaginary = by_own[:, 0::2] + by_own[:, 1::2], by_other[:, 1::2] - by_other[:, 0::2]
                by_own = real + 1j * imaginary
            sums.put(["weight_hh"], by_own)

    def tangent(self, step):
        step.scale(self.weight_hh, step.state, step.new_state)
        if step.input is not None:
            step.multiply(self.weight_ih, step.input, step.new_state)
