"""h_t = λ ⊙ h_{t-1} + W_ih x_t + b: P = λ^L"""

import numpy as np

from .elementwise import ElementwiseLayer


class DiagonalLayer(ElementwiseLayer):
    lost = np.finfo(np.float64).tiny

    def __init__(self, layer, backend, steps, width):
        super().__init__(layer, backend, steps, width)
        weight = layer.parameters["weight_hh"]
        power = weight.astype(np.clongdouble if layer.is_complex else np.longdouble)
        with np.errstate(all="ignore"):
            for _ in range(self.length.bit_length() - 1):
                power = power * power
            self.power = power.astype(np.complex128 if layer.is_complex else np.float64)

    def _end(self, inputs, width):
        end = np.zeros((width, self.cell.state_size), self.cell.dtype)
        return self._walk(inputs, 0, self.length, end, 0, 1, None), self.power

    def _carried(self, power, h):
        return np.multiply(power, h, out=np.zeros_like(h), where=h != 0)  # λ^L may be infinite

    def _numbers(self, state):
        numbers = super()._numbers(state)
        return numbers.view(np.complex128) if self.cell.is_complex else numbers
