"""Quadratic forms in which h' = (1 - a) h + a φ(W h + …) contracts, for slopes of φ between bounds.

Differences of two runs obey δ' = (1 - a) δ + a Δ W δ with a diagonal Δ, whose entries are mean slopes. With Δ between
m - ρ and m + ρ this is δ' = A δ + B w, A = (1 - a) I + a diag(m) W, B = a I, where ``|w_i|`` <= ``|(C δ)_i|`` with
C = diag(ρ) W. If for some symmetric P and diagonal T > 0

    [[r² P - Aᵀ P A - Cᵀ T C,  -Aᵀ P B], [-Bᵀ P A,  T - Bᵀ P B]]

is positive definite, so is P, and δᵀ P δ shrinks by r² a step (the S-procedure with one multiplier a unit; Boyd, El
Ghaoui, Feron and Balakrishnan 1994, Linear matrix inequalities, chapter 5; of recurrent networks: Revay, Wang and
Manchester 2021). Jacobians are such maps too, so that gradients shrink likewise. The diagonal Lyapunov inequality
Wᵀ P W < P is the case P = T; with P free the condition becomes, for tanh without leak, that some diagonal scaling
gives W a numerical radius below 1 (Ando 1973).

P comes from a Riccati equation, T from descent on the largest singular value of C (z - A)⁻¹ B over the unit circle.
"""

from dataclasses import dataclass

import numpy as np

from .interval import Interval, as_interval, matrix_product
from .positive_definite import is_positive_definite, symmetric

LARGEST = 300  # units; the work goes as their cube
_ANGLES = 24  # on the half circle
_ACTIVE = 6  # of them that descent looks at, those with the largest gains
_ROUNDS, _STEPS = 6, 15  # of descent
_POWER = 40.0
_ENOUGH = 0.97  # a gain from which on it is not worth while to go down further
_RATES = (0.9, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 1e-2, 1e-3, 1e-4, 1e-6)
_LIFTS = (1.0, 1e-2, 1e-6)  # of the Riccati equation's constant: the larger, the rounder P


@dataclass(frozen=True, eq=False)
class SlopeForm:
    """matrix P (n, n), multipliers T (n,), rate r."""

    matrix: np.ndarray
    multipliers: np.ndarray
    rate: float


class SlopeSystem:
    """The matrices above."""

    def __init__(self, weight, slopes, leak):
        middle, radius = slopes.middle, slopes.radius
        size = len(weight)
        self.leak = leak
        kept = (1.0 - leak) * np.eye(size)
        self.a = kept + leak * (as_interval(middle[:, None]) * weight)
        self.b = leak * np.eye(size)
        self.c = as_interval(radius[:, None]) * weight

    def prove(self):
        """A SlopeForm with a rate below 1, or None where none was found."""
        a, b, c = self.a.middle, self.b.middle, self.c.middle
        gain, scaling = _scaled_gain(a, b, c)
        if not gain < 1:
            return None, gain
        found = []
        for share in _RATES:
            rate = max(1 - share * (1 - gain), 0.5)  # about: gain and rate are related, not the same
            for lifted in _LIFTS:
                form = _riccati(a / rate, b / rate, c, scaling**2, lifted)
                if form is not None and self.holds(form, scaling**2, rate):
                    found.append(SlopeForm(form, scaling**2, rate))
            if found:
                return min(found, key=_looseness), gain
        return None, gain

    def holds(self, form, multipliers, rate):
        """Whether the matrix above was proved positive definite."""
        form, square = as_interval(form), as_interval(rate) * rate
        weighted = as_interval(multipliers[:, None]) * self.c
        pa, pb = matrix_product(form, self.a), matrix_product(form, self.b)
        corner = form * square - matrix_product(_transposed(self.a), pa) - matrix_product(_transposed(self.c), weighted)
        side = -matrix_product(_transposed(self.a), pb)
        last = as_interval(np.diag(multipliers)) - matrix_product(_transposed(self.b), pb)
        whole = Interval.block([[symmetric(corner), side], [_transposed(side), symmetric(last)]])
        return rate < 1 and is_positive_definite(whole) and is_positive_definite(form)


def _looseness(form):
    """What the bound on states that follows from a form grows with."""
    return np.sqrt(np.linalg.cond(form.matrix)) / (1 - form.rate)


def _scaled_gain(a, b, c):
    """``(max over the circle of ‖D C (z - A)⁻¹ B D⁻¹‖, D)`` of the best diagonal D that descent finds."""
    from scipy.optimize import minimize

    size = len(a)
    if np.abs(np.linalg.eigvals(a)).max() >= 1:
        return np.inf, np.ones(size)
    angles = np.linspace(0, np.pi, _ANGLES)
    identity = np.eye(size)
    transfers = np.stack(
        [c @ np.linalg.solve(np.exp(1j * angle) * identity - a, b.astype(complex)) for angle in angles]
    )
    if not np.isfinite(transfers).all():
        return np.inf, np.ones(size)

    gains = _norms(transfers, np.zeros(size))
    gain, logs = float(gains.max()), np.zeros(size)
    if gain < _ENOUGH or size == 1 or np.abs(np.linalg.eigvals(transfers)).max() >= 1:  # no scaling changes eigenvalues
        return gain, np.ones(size)
    for _ in range(_ROUNDS):
        chosen = transfers[np.argsort(-gains)[:_ACTIVE]]
        found = minimize(
            _smooth_largest, logs, (chosen,), "L-BFGS-B", jac=True, options={"maxiter": _STEPS, "maxfun": 2 * _STEPS}
        )
        gains = _norms(transfers, found.x)
        if gains.max() >= gain * (1 - 1e-3):
            break
        gain, logs = float(gains.max()), found.x
        if gain < _ENOUGH:
            break
    return gain, np.exp(logs - logs.max())


def _norms(transfers, logs):
    return np.linalg.norm(np.exp(logs)[:, None] * transfers * np.exp(-logs), 2, axis=(1, 2))


def _smooth_largest(logs, transfers):
    """The logarithm of a power mean of the largest singular values, and its gradient."""
    scaled = np.exp(logs)[:, None] * transfers * np.exp(-logs)
    squares, right = np.linalg.eigh(np.conj(scaled.transpose(0, 2, 1)) @ scaled)
    top, right = np.sqrt(np.maximum(squares[:, -1], 1e-300)), right[:, :, -1]
    left = np.einsum("aij,aj->ai", scaled, right) / top[:, None]
    weights = (top / top.max()) ** _POWER
    gradient = (weights / weights.sum()) @ (np.abs(left) ** 2 - np.abs(right) ** 2)
    return np.log(top.max()) + np.log(weights.mean()) / _POWER, gradient


def _riccati(a, b, c, multipliers, lifted):
    import warnings

    from scipy.linalg import solve_discrete_are

    weight = c.T @ (multipliers[:, None] * c)
    weight = weight + lifted * max(np.trace(weight) / len(a), multipliers.min()) * np.eye(len(a))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            form = solve_discrete_are(a, b, 0.5 * (weight + weight.T), -np.diag(multipliers))
        except (np.linalg.LinAlgError, ValueError):
            return None
    form = 0.5 * (form + form.T)
    return form if np.isfinite(form).all() else None


def _transposed(matrix):
    return Interval(matrix.lower.T, matrix.upper.T)
