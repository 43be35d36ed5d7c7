"""c_t = ψ(z_gate) ⊙ c_{t-1} + φ(z), z_gate = W_gate x_t + b_gate, z = W_ih x_t + b.

∂c_t/∂c_{t-1} = diag(ψ(z_gate)), ∂c_t/∂x_t = diag(c_{t-1} ψ'(z_gate)) W_gate + diag(φ'(z)) W_ih.
"""

import numpy as np

from .nonlinearities import NONLINEARITIES, SLOPES


class ReferenceGatedDiagonal:
    def __init__(self, cell):
        parameters, none = cell.parameters, np.zeros(cell.output_size, cell.dtype)
        self.weight_ih, self.weight_gate = parameters["weight_ih"], parameters["weight_gate"]
        self.bias, self.bias_gate = parameters.get("bias", none), parameters.get("bias_gate", none)
        self.nonlinearity, self.slope = NONLINEARITIES[cell.nonlinearity], SLOPES[cell.nonlinearity]
        self.gate, self.gate_slope = NONLINEARITIES[cell.gate_nonlinearity], SLOPES[cell.gate_nonlinearity]

    def step(self, number, x, c):
        z, z_gate = self._drives(x, c)
        c = self.gate(z_gate) * c + self.nonlinearity(z)
        return c, c

    def jacobian(self, number, x, c):
        z, z_gate = self._drives(x, c)
        wrt_state = self.gate(z_gate)[..., None] * np.eye(c.shape[-1], dtype=c.dtype)
        by_gate, by_input = c * self.gate_slope(z_gate), self.slope(z)
        return wrt_state, by_gate[..., None] * self.weight_gate + by_input[..., None] * self.weight_ih

    def parameter_tangent(self, numbers, x, c, tangents):
        """Σ ∂c_t/∂p ṗ over the parameters p of which ``tangents`` holds the ṗ; x and c are those of many steps."""
        z, z_gate = self._drives(x, c)
        dz = _product(tangents.get("weight_ih"), x) + tangents.get("bias", 0)
        dz_gate = _product(tangents.get("weight_gate"), x) + tangents.get("bias_gate", 0)
        return c * self.gate_slope(z_gate) * dz_gate + self.slope(z) * dz

    def parameter_gradients(self, number, x, c, cotangent):
        """∂D/∂p of every parameter p, from the cotangent ∂D/∂c_t, summed over the sequences."""
        z, z_gate = self._drives(x, c)
        by_input, by_gate = cotangent * self.slope(z), cotangent * c * self.gate_slope(z_gate)
        found = {"bias": by_input.sum(axis=0), "bias_gate": by_gate.sum(axis=0)}
        return found if x is None else {"weight_ih": by_input.T @ x, "weight_gate": by_gate.T @ x, **found}

    def _drives(self, x, c):
        return (
            np.broadcast_to(_product(weight, x) + bias, c.shape)
            for weight, bias in ((self.weight_ih, self.bias), (self.weight_gate, self.bias_gate))
        )


def _product(weight, x):
    return 0 if weight is None or x is None else x @ weight.T
