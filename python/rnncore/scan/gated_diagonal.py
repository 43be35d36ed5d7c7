"""c_t = ψ(W_gate x_t + b_gate) ⊙ c_{t-1} + φ(W_ih x_t + b): P is the product of the gates."""

import numpy as np

from .elementwise import ElementwiseLayer

BOUNDED = ("sigmoid", "tanh")  # gates of at most 1


class GatedDiagonalLayer(ElementwiseLayer):
    """P is the tangent that began as ones, kept with 2**shift where gates are bounded: so small it may then become."""

    def __init__(self, layer, backend, steps, width):
        super().__init__(layer, backend, steps, width)
        numbers = np.finfo(layer.dtype)
        self.shift = numbers.maxexp - 2 if layer.gate_nonlinearity in BOUNDED else 0
        self.lost = float(numbers.tiny)

    def _end(self, inputs, width):
        end = np.zeros((width, self.cell.state_size), self.cell.dtype)
        product = np.full_like(end, 2.0**self.shift)
        rows, products = np.empty((2, self.length, *end.shape), end.dtype)
        self.program.push_forward(
            inputs, self.length, end, product, start=0, input_tangents=None, forcing=None,
            outputs=rows, output_tangents=products, threads=1,
        )  # fmt: skip
        return end, product.astype(np.float64)

    def _carried(self, product, c):
        mantissa, exponent = np.frexp(c)
        carried = np.multiply(product, mantissa, out=np.zeros_like(c), where=c != 0)  # the product may be infinite
        return np.ldexp(carried, exponent - self.shift)
