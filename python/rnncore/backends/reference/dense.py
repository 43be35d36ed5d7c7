"""y_t = φ(W x_t + b), ∂y_t/∂x_t = diag(φ'(z_t)) W"""

import numpy as np

from .nonlinearities import NONLINEARITIES, SLOPES


class ReferenceDense:
    def __init__(self, cell):
        self.weight = cell.parameters["weight"]
        self.bias = cell.parameters.get("bias", np.zeros(cell.output_size, cell.dtype))
        self.nonlinearity, self.slope = NONLINEARITIES[cell.nonlinearity], SLOPES[cell.nonlinearity]

    def step(self, number, x, state):
        return self.nonlinearity(self._drive(x, state)), state

    def jacobian(self, number, x, state):
        """There is no state: that of the output stands in the place of the new state's."""
        slope = self.slope(self._drive(x, state))[..., None]
        return np.zeros((*slope.shape[:-1], 0), slope.dtype), slope * self.weight

    def parameter_tangent(self, numbers, x, state, tangents):
        z = np.broadcast_to(tangents.get("bias", np.zeros_like(self.bias)), (*state.shape[:-1], self.bias.size))
        if "weight" in tangents and x is not None:
            z = z + x @ tangents["weight"].T
        return self.slope(self._drive(x, state)) * z

    def parameter_gradients(self, number, x, state, cotangent):
        """∂D/∂p of every parameter p, from the cotangent ∂D/∂y_t, summed over the sequences."""
        by_drive = self.slope(self._drive(x, state)) * cotangent
        found = {"bias": by_drive.sum(axis=0)}
        return found if x is None else {"weight": by_drive.T @ x, **found}

    def _drive(self, x, state):
        z = np.broadcast_to(self.bias, (*state.shape[:-1], self.bias.size))
        return z if x is None else x @ self.weight.T + z
