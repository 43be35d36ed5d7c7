"""x_t = M_t x_{t-1}, ∂x_t/∂x_{t-1} = M_t"""

import numpy as np


class ReferenceMatrixSequence:
    def __init__(self, cell):
        self.matrices = cell.matrices

    def step(self, number, x, state):
        state = state @ self.matrices[number - 1].T
        return state, state

    def jacobian(self, number, x, state):
        matrix = np.asarray(self.matrices[number - 1])
        return np.broadcast_to(matrix, (*state.shape[:-1], *matrix.shape)), None

    def parameter_tangent(self, numbers, x, states, tangents):
        if "matrices" not in tangents:
            return np.zeros_like(states)
        return np.einsum("tij,t...j->t...i", tangents["matrices"][numbers - 1], states)

    def parameter_gradients(self, number, x, state, cotangent):
        """∂D/∂M_t, from the cotangent ∂D/∂x_t, summed over the sequences."""
        return {"matrices": cotangent.T @ state}
