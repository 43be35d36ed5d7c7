"""h_t = λ ⊙ h_{t-1} + W_ih x_t + b, ∂h_t/∂h_{t-1} = diag(λ), ∂h_t/∂x_t = W_ih.

Complex numbers are pairs of real ones: a + b i times (Re h, Im h) is [[a, -b], [b, a]] (Re h, Im h).
"""

import numpy as np

from ...cells.diagonal import as_complex


class ReferenceDiagonal:
    def __init__(self, cell):
        parameters = cell.parameters
        self.weight_hh, self.weight_ih = parameters["weight_hh"], parameters.get("weight_ih")
        self.bias = parameters.get("bias", np.zeros_like(self.weight_hh))
        self.is_complex = cell.is_complex

    def step(self, number, x, state):
        h = self.weight_hh * self._numbers(state) + self.bias
        if x is not None and self.weight_ih is not None:
            h = h + x @ self.weight_ih.T
        state = self._components(h)
        return state, state

    def jacobian(self, number, x, state):
        wrt_state = np.diag(self.weight_hh)
        if self.is_complex:
            a, b = self.weight_hh.real, self.weight_hh.imag
            wrt_state = np.kron(np.diag(a), np.eye(2)) + np.kron(np.diag(b), [[0, -1], [1, 0]])
        wrt_state = np.broadcast_to(wrt_state.astype(state.dtype), (*state.shape[:-1], *wrt_state.shape))
        if self.weight_ih is None:
            return wrt_state, None
        wrt_input = self._components(self.weight_ih.T).T
        return wrt_state, np.broadcast_to(wrt_input, (*state.shape[:-1], *wrt_input.shape))

    def parameter_tangent(self, numbers, x, state, tangents):
        """Σ ∂h_t/∂p ṗ over the parameters p of which ``tangents`` holds the ṗ; x and h are those of many steps."""
        h = self._numbers(state)
        moved = tangents.get("weight_hh", 0) * h + tangents.get("bias", np.zeros_like(self.weight_hh))
        if "weight_ih" in tangents and x is not None:
            moved = moved + x @ tangents["weight_ih"].T
        return self._components(moved)

    def _numbers(self, state):
        return as_complex(state) if self.is_complex else state

    def _components(self, h):
        return np.ascontiguousarray(h).view(h.real.dtype) if self.is_complex else h
