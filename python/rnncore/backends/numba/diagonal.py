"""h_t = λ ⊙ h_{t-1} + W_ih x_t + b; complex numbers as their real and imaginary parts in turn."""

from ...cells.diagonal import real_rows
from .diagonal_recurrence import complex_factors, walk_complex_diagonal, walk_diagonal
from .input_projection import InputProjection
from .layer import NumbaLayer
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

    def tangent(self, step):
        step.scale(self.weight_hh, step.state, step.new_state)
        if step.input is not None:
            step.multiply(self.weight_ih, step.input, step.new_state)
