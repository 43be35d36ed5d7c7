"""h_t = (1 - a) h_{t-1} + a φ(W_hh h_{t-1} + W_ih x_t + b_ih + b_hh); a linear recursion has φ = identity and a = 1.

∂h_t/∂h_{t-1} = (1 - a) I + a diag(φ'(z_t)) W_hh and ∂h_t/∂x_t = a diag(φ'(z_t)) W_ih.
"""

import numpy as np

from .nonlinearities import NONLINEARITIES, SLOPES


class ReferenceElman:
    def __init__(self, cell):
        parameters = cell.parameters
        self.weight_hh = parameters["weight_hh"]
        self.weight_ih = parameters.get("weight_ih")
        self.biases = [parameters[name] for name in ("bias_ih", "bias_hh") if name in parameters]
        self.nonlinearity, self.slope = NONLINEARITIES[cell.nonlinearity], SLOPES[cell.nonlinearity]
        self.leak = cell.leak

    def step(self, number, x, h):
        phi = self.nonlinearity(self._drive(x, h))
        h = (1 - self.leak) * h + self.leak * phi if self.leak != 1 else phi
        return h, h

    def jacobian(self, number, x, h):
        slope = self.leak * self.slope(self._drive(x, h))[..., None]
        weight_hh = self.weight_hh if isinstance(self.weight_hh, np.ndarray) else self.weight_hh.toarray()
        wrt_state = slope * weight_hh + (1 - self.leak) * np.eye(len(weight_hh), dtype=h.dtype)
        return wrt_state, None if self.weight_ih is None else slope * self.weight_ih

    def parameter_tangent(self, numbers, x, h, tangents):
        """Σ ∂h_t/∂p ṗ over the parameters p of which ``tangents`` holds the ṗ; x and h are those of many steps."""
        z = np.zeros_like(h)
        if "weight_hh" in tangents:
            z = z + h @ tangents["weight_hh"].T
        if "weight_ih" in tangents and x is not None:
            z = z + x @ tangents["weight_ih"].T
        for name in ("bias", "bias_ih", "bias_hh"):
            z = z + tangents.get(name, 0)
        return self.leak * self.slope(self._drive(x, h)) * z

    def parameter_gradients(self, number, x, h, cotangent):
        """∂D/∂p of every parameter p, from the cotangent ∂D/∂h_t: (∂h_t/∂p)ᵀ ∂D/∂h_t, summed over the sequences."""
        by_drive = self.leak * self.slope(self._drive(x, h)) * cotangent
        if isinstance(self.weight_hh, np.ndarray):
            found = {"weight_hh": by_drive.T @ h}
        else:
            rows, columns = self.weight_hh.tocoo().coords
            found = {"weight_hh": np.sum(by_drive[:, rows] * h[:, columns], axis=0)}
        if x is not None:
            found["weight_ih"] = by_drive.T @ x
        return found | dict.fromkeys(("bias", "bias_ih", "bias_hh"), by_drive.sum(axis=0))

    def _drive(self, x, h):
        z = h @ self.weight_hh.T
        if x is not None and self.weight_ih is not None:
            z = z + x @ self.weight_ih.T
        for bias in self.biases:
            z = z + bias
        return z


class ReferenceLinear(ReferenceElman):
    def __init__(self, cell):
        parameters = cell.parameters
        self.weight_hh = parameters["weight_hh"]
        self.weight_ih = parameters.get("weight_ih")
        self.biases = [parameters["bias"]] if "bias" in parameters else []
        self.nonlinearity, self.slope = NONLINEARITIES["identity"], SLOPES["identity"]
        self.leak = 1.0
