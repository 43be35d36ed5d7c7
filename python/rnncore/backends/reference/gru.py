"""r = σ(z_r), u = σ(z_u) (the cell's gate z, "update"), h' = (1 - u) ⊙ n + u ⊙ h, n = tanh z_n, where

z_r = W_ir x + b_ir + W_hr h + b_hr, and z_u likewise,
z_n = W_in x + b_in + r ⊙ q, q = W_hn h + b_hn, where the reset comes after the product,
z_n = W_in x + b_in + q, q = W_hn (r ⊙ h) + b_hn, where it comes before.

Differentials, products taken unit by unit: dh' = (1 - u) tanh'(z_n) dz_n + (h - n) σ'(z_u) dz_u + u dh.
"""

import numpy as np

from .nonlinearities import sigmoid, sigmoid_slope, tanh_slope


class ReferenceGRU:
    def __init__(self, cell):
        parameters, none = cell.parameters, np.zeros(3 * cell.output_size, cell.dtype)
        self.weight_hh, self.weight_ih = parameters["weight_hh"], parameters.get("weight_ih")
        self.weight_hr, self.weight_hu, self.weight_hn = np.split(self.weight_hh, 3)
        self.bias_ih, self.bias_hh = (parameters.get(name, none) for name in ("bias_ih", "bias_hh"))
        self.reset_after = cell.reset_after

    def step(self, number, x, h):
        _, z_u, z_n, _ = self._drives(x, h)
        h = sigmoid(-z_u) * np.tanh(z_n) + sigmoid(z_u) * h
        return h, h

    def jacobian(self, number, x, h):
        dh, none = np.eye(h.shape[-1], dtype=h.dtype), np.zeros_like(self.weight_hh)
        wrt_state = self._differential(x, h, none, none, dh)
        if self.weight_ih is None:
            return wrt_state, None
        none = np.zeros_like(self.weight_ih)
        return wrt_state, self._differential(x, h, self.weight_ih, none, none[: len(dh)])

    def parameter_tangent(self, numbers, x, h, tangents):
        """Σ ∂h_t/∂p ṗ over the parameters p of which ``tangents`` holds the ṗ; x and h are those of many steps."""
        none = np.zeros((*h.shape[:-1], 3 * h.shape[-1]), h.dtype)
        da, db = none + tangents.get("bias_ih", 0), none + tangents.get("bias_hh", 0)
        if "weight_ih" in tangents and x is not None:
            da = da + x @ tangents["weight_ih"].T
        if "weight_hh" in tangents:
            seen = h if self.reset_after else sigmoid(self._drives(x, h)[0]) * h
            by_r, by_u, by_n = np.split(tangents["weight_hh"], 3)
            db = db + np.concatenate([h @ by_r.T, h @ by_u.T, seen @ by_n.T], axis=-1)
        return self._differential(x, h, da[..., None], db[..., None], np.zeros_like(h)[..., None])[..., 0]

    def parameter_gradients(self, number, x, h, cotangent):
        """∂D/∂p of every parameter p, from the cotangent ∂D/∂h', summed over the sequences."""
        z_r, z_u, z_n, q = self._drives(x, h)
        r = sigmoid(z_r)
        by_n = cotangent * sigmoid(-z_u) * tanh_slope(z_n)
        by_u = cotangent * (h - np.tanh(z_n)) * sigmoid_slope(z_u)
        if self.reset_after:
            by_r, by_q, seen = by_n * q * sigmoid_slope(z_r), by_n * r, h
        else:
            by_r, by_q, seen = (by_n @ self.weight_hn) * h * sigmoid_slope(z_r), by_n, r * h
        by_a = np.concatenate([by_r, by_u, by_n], axis=-1)
        by_b = np.concatenate([by_r, by_u, by_q], axis=-1)
        found = {
            "weight_hh": np.concatenate([by_r.T @ h, by_u.T @ h, by_q.T @ seen]),
            "bias_ih": by_a.sum(axis=0),
            "bias_hh": by_b.sum(axis=0),
        }
        return found if x is None else {"weight_ih": by_a.T @ x, **found}

    def _drives(self, x, h):
        """z_r, z_u, z_n, q"""
        a = self.bias_ih
        if x is not None and self.weight_ih is not None:
            a = x @ self.weight_ih.T + a
        a_r, a_u, a_n = np.split(a, 3, axis=-1)
        b_r, b_u, b_n = np.split(self.bias_hh, 3)
        z_r, z_u = a_r + h @ self.weight_hr.T + b_r, a_u + h @ self.weight_hu.T + b_u
        r = sigmoid(z_r)
        if self.reset_after:
            q = h @ self.weight_hn.T + b_n
            return z_r, z_u, a_n + r * q, q
        q = (r * h) @ self.weight_hn.T + b_n
        return z_r, z_u, a_n + q, q

    def _differential(self, x, h, da, db, dh):
        """dh' ``(..., n, m)``, of changes ``da`` (..., 3 n, m) of W_ih x + b_ih, ``dh`` (..., n, m) of h, and ``db`` of
        the other terms that changes of W_hh and b_hh make."""
        z_r, z_u, z_n, q = (part[..., None] for part in self._drives(x, h))
        da_r, da_u, da_n = np.split(da, 3, axis=-2)
        db_r, db_u, db_n = np.split(db, 3, axis=-2)
        h, r = h[..., None], sigmoid(z_r)
        dr = sigmoid_slope(z_r) * (da_r + self.weight_hr @ dh + db_r)
        dz_u = da_u + self.weight_hu @ dh + db_u
        if self.reset_after:
            dz_n = da_n + q * dr + r * (self.weight_hn @ dh + db_n)
        else:
            dz_n = da_n + self.weight_hn @ (h * dr + r * dh) + db_n
        n = np.tanh(z_n)
        return sigmoid(-z_u) * tanh_slope(z_n) * dz_n + (h - n) * sigmoid_slope(z_u) * dz_u + sigmoid(z_u) * dh
