"""i = σ(z_i + w_ci ⊙ c), f = σ(z_f + w_cf ⊙ c), g = tanh z_g, z = W_hh h + W_ih x + b_ih + b_hh,
c' = f ⊙ c + i ⊙ g, o = σ(z_o + w_co ⊙ c'), h' = o ⊙ tanh c'; c and c' are c_{t-1} and c_t.

Differentials, products taken unit by unit:

dc' = f dc + c σ'(z_f) (dz_f + w_cf dc) + g σ'(z_i) (dz_i + w_ci dc) + i tanh'(z_g) dz_g,
dh' = tanh c' σ'(z_o) (dz_o + w_co dc') + o tanh'(c') dc'.
"""

import numpy as np

from .nonlinearities import sigmoid, sigmoid_slope, tanh_slope


class ReferenceLSTM:
    """The state is (h, c)."""

    def __init__(self, cell):
        parameters, self.size = cell.parameters, cell.output_size
        self.weight_hh = parameters["weight_hh"]
        self.weight_ih = parameters.get("weight_ih")
        self.biases = [parameters[name] for name in ("bias_ih", "bias_hh") if name in parameters]
        none = np.zeros(self.size, cell.dtype)
        self.w_ci, self.w_cf, self.w_co = (
            parameters.get(name, none) for name in ("weight_ci", "weight_cf", "weight_co")
        )

    def step(self, number, x, state):
        *_, z_o, _, c_new = self._parts(x, state)
        h_new = sigmoid(z_o) * np.tanh(c_new)
        return h_new, np.concatenate([h_new, c_new], axis=-1)

    def jacobian(self, number, x, state):
        eye, none = np.eye(self.size, dtype=state.dtype), np.zeros_like(self.weight_hh)
        by_h = self._differential(x, state, self.weight_hh, np.zeros_like(eye))
        by_c = self._differential(x, state, none, eye)
        wrt_state = np.concatenate([by_h, by_c], axis=-1)
        if self.weight_ih is None:
            return wrt_state, None
        return wrt_state, self._differential(x, state, self.weight_ih, np.zeros_like(self.weight_ih[: self.size]))

    def parameter_tangent(self, numbers, x, state, tangents):
        """Σ ∂x_t/∂p ṗ over the parameters p of which ``tangents`` holds the ṗ; x and the states are of many steps."""
        c, c_new = state[..., self.size :], self._parts(x, state)[-1]
        dz = np.zeros((*state.shape[:-1], 4 * self.size), state.dtype)
        if "weight_hh" in tangents:
            dz = dz + state[..., : self.size] @ tangents["weight_hh"].T
        if "weight_ih" in tangents and x is not None:
            dz = dz + x @ tangents["weight_ih"].T
        for name in ("bias_ih", "bias_hh"):
            dz = dz + tangents.get(name, 0)
        dz_i, dz_f, dz_g, dz_o = np.split(dz, 4, axis=-1)
        dz_i = dz_i + tangents.get("weight_ci", 0) * c
        dz_f = dz_f + tangents.get("weight_cf", 0) * c
        dz_o = dz_o + tangents.get("weight_co", 0) * c_new
        dz = np.concatenate([dz_i, dz_f, dz_g, dz_o], axis=-1)
        return self._differential(x, state, dz[..., None], np.zeros_like(c)[..., None])[..., 0]

    def parameter_gradients(self, number, x, state, cotangent):
        """∂D/∂p of every parameter p, from the cotangent ∂D/∂(h', c'), summed over the sequences."""
        h, by_h, by_c = state[..., : self.size], cotangent[..., : self.size], cotangent[..., self.size :]
        z_i, z_f, z_g, z_o, c, c_new = self._parts(x, state)
        by_z_o = by_h * np.tanh(c_new) * sigmoid_slope(z_o)
        by_c = by_c + by_h * sigmoid(z_o) * tanh_slope(c_new) + by_z_o * self.w_co
        by_z_i = by_c * np.tanh(z_g) * sigmoid_slope(z_i)
        by_z_f = by_c * c * sigmoid_slope(z_f)
        by_z_g = by_c * sigmoid(z_i) * tanh_slope(z_g)
        by_z = np.concatenate([by_z_i, by_z_f, by_z_g, by_z_o], axis=-1)
        found = {
            "weight_hh": by_z.T @ h,
            "weight_ci": np.sum(by_z_i * c, axis=0),
            "weight_cf": np.sum(by_z_f * c, axis=0),
            "weight_co": np.sum(by_z_o * c_new, axis=0),
        }
        if x is not None:
            found["weight_ih"] = by_z.T @ x
        return found | dict.fromkeys(("bias_ih", "bias_hh"), by_z.sum(axis=0))

    def _parts(self, x, state):
        """The gates' arguments, c and c'."""
        h, c = state[..., : self.size], state[..., self.size :]
        z = h @ self.weight_hh.T
        if x is not None and self.weight_ih is not None:
            z = z + x @ self.weight_ih.T
        for bias in self.biases:
            z = z + bias
        z_i, z_f, z_g, z_o = np.split(z, 4, axis=-1)
        z_i, z_f = z_i + self.w_ci * c, z_f + self.w_cf * c
        c_new = sigmoid(z_f) * c + sigmoid(z_i) * np.tanh(z_g)
        return z_i, z_f, z_g, z_o + self.w_co * c_new, c, c_new

    def _differential(self, x, state, dz, dc):
        """That of (h', c'): ``(..., 2 n, m)``, of changes ``dz`` (..., 4 n, m) of z and ``dc`` (..., n, m) of c."""
        parts = self._parts(x, state)
        z_i, z_f, z_g, z_o, c, c_new = (part[..., None] for part in parts)
        w_ci, w_cf, w_co = (weight[:, None] for weight in (self.w_ci, self.w_cf, self.w_co))
        dz_i, dz_f, dz_g, dz_o = np.split(dz, 4, axis=-2)
        dc_new = (
            sigmoid(z_f) * dc
            + c * sigmoid_slope(z_f) * (dz_f + w_cf * dc)
            + np.tanh(z_g) * sigmoid_slope(z_i) * (dz_i + w_ci * dc)
            + sigmoid(z_i) * tanh_slope(z_g) * dz_g
        )
        dh_new = (
            np.tanh(c_new) * sigmoid_slope(z_o) * (dz_o + w_co * dc_new) + sigmoid(z_o) * tanh_slope(c_new) * dc_new
        )
        return np.concatenate([dh_new, dc_new], axis=-2)
