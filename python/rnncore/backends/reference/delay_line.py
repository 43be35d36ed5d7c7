"""y_t = (x_t, x_{t-1}, …, x_{t-k+1}), state and output; ∂y_t/∂y_{t-1} = [[0, 0], [I, 0]], ∂y_t/∂x_t = [[I], [0]]."""

import numpy as np


class ReferenceDelayLine:
    def __init__(self, cell):
        self.input_size = cell.input_size

    def step(self, number, x, state):
        if x is None:
            x = np.zeros((*state.shape[:-1], self.input_size), state.dtype)
        state = np.concatenate([x, state[..., : -self.input_size]], axis=-1)
        return state, state

    def jacobian(self, number, x, state):
        lead, size = state.shape[:-1], state.shape[-1]
        wrt_state = np.eye(size, k=-self.input_size, dtype=state.dtype)
        wrt_input = np.eye(size, self.input_size, dtype=state.dtype)
        return tuple(np.broadcast_to(matrix, (*lead, *matrix.shape)) for matrix in (wrt_state, wrt_input))

    def parameter_tangent(self, numbers, x, states, tangents):
        return np.zeros_like(states)

    def parameter_gradients(self, number, x, state, cotangent):
        """There are no parameters."""
        return {}
