"""h_t = λ ⊙ h_{t-1} + W_ih x_t + b, ∂h_t/∂h_{t-1} = diag(λ), ∂h_t/∂x_t = W_ih.

Complex numbers are pairs of real ones: a + b i times (Re h, Im h) is [[a, -b], [b, a]] (Re h, Im h).
"""

import numpy as np

from ...cells.diagonal import as_complex, real_rows


class ReferenceDiagonal:
    def __init__(self, cell):
        parameters = cell.parameters
        self.is_complex = cell.is_complex
        self.weight_hh = parameters["weight_hh"]
        self.weight_ih = self._rows(parameters["weight_ih"]) if "weight_ih" in parameters else None
        self.bias = self._components(parameters.get("bias", np.zeros_like(self.weight_hh)))

    def step(self, number, x, state):
        state = self._components(self.weight_hh * self._numbers(state)) + self.bias
        if x is not None and self.weight_ih is not None:
            state = state + x @ self.weight_ih.T
        return state, state

    def jacobian(self, number, x, state):
        wrt_state = np.diag(self.weight_hh)
        if self.is_complex:
            a, b = self.weight_hh.real, self.weight_hh.imag
            wrt_state = np.kron(np.diag(a), np.eye(2)) + np.kron(np.diag(b), [[0, -1], [1, 0]])
        lead = state.shape[:-1]
        wrt_state = np.broadcast_to(wrt_state.astype(state.dtype), (*lead, *wrt_state.shape))
        return wrt_state, None if self.weight_ih is None else np.broadcast_to(
            self.weight_ih, (*lead, *self.weight_ih.shape)
        )

    def parameter_tangent(self, numbers, x, state, tangents):
        """Σ ∂h_t/∂p ṗ over the parameters p of which ``tangents`` holds the ṗ; x and states are those of many steps."""
        tangent = np.zeros_like(state)
        if "weight_hh" in tangents:
            tangent = tangent + self._components(tangents["weight_hh"] * self._numbers(state))
        if "weight_ih" in tangents and x is not None:
            tangent = tangent + x @ self._rows(tangents["weight_ih"]).T
        return tangent + self._components(tangents["bias"]) if "bias" in tangents else tangent

    def parameter_gradients(self, number, x, state, cotangent):
        """∂D/∂p of every parameter p, from the cotangent ∂D/∂h_t, summed over the sequences.

        Of complex p it is ∂D/∂(Re p) + i ∂D/∂(Im p).
        """
        by_state = self._numbers(cotangent)
        found = {"weight_hh": np.sum(by_state * self._numbers(state).conj(), axis=0), "bias": by_state.sum(axis=0)}
        return found if x is None else {"weight_ih": by_state.T @ x, **found}

    def _numbers(self, state):
        return as_complex(state) if self.is_complex else state

    def _components(self, numbers):
        return np.ascontiguousarray(numbers).view(numbers.real.dtype) if self.is_complex else numbers

    def _rows(self, weight):
        """Of each row its real and its imaginary part: inputs are real."""
        return real_rows(weight) if self.is_complex else weight
