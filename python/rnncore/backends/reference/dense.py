"""y_t = φ(W x_t + b)"""

import numpy as np

from .nonlinearities import NONLINEARITIES


class ReferenceDense:
    def __init__(self, cell):
        self.weight = cell.parameters["weight"]
        self.bias = cell.parameters.get("bias", np.zeros(cell.output_size, cell.dtype))
        self.nonlinearity = NONLINEARITIES[cell.nonlinearity]

    def step(self, number, x, state):
        z = np.broadcast_to(self.bias, (*state.shape[:-1], self.bias.size))
        if x is not None:
            z = x @ self.weight.T + z
        return self.nonlinearity(z), state
