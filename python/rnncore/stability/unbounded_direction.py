"""Directions along which ReLU, ELU and softplus let a recurrence grow for ever.

Far out, φ is the identity where its argument is positive and bounded where it is negative. Let S be a set of units,
M = (1 - a) I + a W_SS, and v > 0 a vector on S with W_SS v > 0 and (W v)_i < 0 for all other units. Then runs from s v
with s large stay near the ray: with h_S = s (v + e), ``|e|`` <= ε v, after m steps h_S = s (M^m v + M^m e) plus what is
bounded. If for some m and ε this lies in s' (v ± ε v) with s' >= σ s, σ > 1, and signs were right on the way, so it goes
on for ever. Everything bounded, inputs, biases and the other units, is at most a share η of s v once s is large.
"""

from dataclasses import dataclass

import numpy as np

from ..cells.base import is_sparse
from .interval import Interval, as_interval, matrix_product

_ITERATIONS = 400
_STARTS = 12
_LONGEST = 64
_SHARES = (1e-3, 1e-6, 1e-9)  # η
_SPREADS = (3e-2, 1e-3, 1e-5)  # ε


@dataclass(frozen=True, eq=False)
class UnboundedDirection:
    """The ray's ``direction`` (n,), largest entry 1; a ``scale`` from which on it is followed; ``growth`` a step."""

    direction: np.ndarray
    scale: float
    growth: float


def find_unbounded_direction(layer_map, inputs, seed=0):
    """``(UnboundedDirection or None, largest growth seen)`` of an ElmanMap whose φ is unbounded."""
    weight = layer_map.weight_hh.toarray() if is_sparse(layer_map.weight_hh) else layer_map.weight_hh
    leak = 1.0 if layer_map.leak is None else float(layer_map.leak.middle)
    size = len(weight)
    rng = np.random.default_rng(seed)
    largest, tried = 0.0, set()
    for attempt in range(_STARTS):
        v = np.ones(size) if attempt == 0 else rng.random(size) * (rng.random(size) < 0.6) + 1e-12
        growth, settled = 0.0, False
        logs = []
        for _ in range(_ITERATIONS):
            new = (1 - leak) * v + leak * np.maximum(weight @ v, 0)
            growth = new.max(initial=0.0) / v.max()
            if not (growth > 0 and np.isfinite(growth)):
                break
            logs.append(np.log(growth))
            new = new / new.max()
            settled = np.abs(new - v / v.max()).max() < 1e-12
            v = new
            if settled:
                break
        if len(logs) > 20:
            largest = max(largest, float(np.exp(np.mean(logs[len(logs) // 2 :]))))
        if not settled or growth <= 1:
            continue
        largest = max(largest, growth)
        chosen = weight @ v > 0
        if chosen.tobytes() in tried or not chosen.any():
            continue
        tried.add(chosen.tobytes())
        proved = _prove(layer_map, weight, chosen, v, inputs)
        if proved is not None:
            return proved, largest
    return None, largest


def _prove(layer_map, weight, chosen, v, inputs):
    v = v * chosen
    own, others = np.flatnonzero(chosen), np.flatnonzero(~chosen)
    if np.any(v[own] <= 0):
        return None
    v = v[own] / v[own].max()
    leak = as_interval(np.float64(1.0)) if layer_map.leak is None else layer_map.leak
    within, across = weight[np.ix_(own, own)], weight[np.ix_(others, own)]
    step = leak * as_interval(within)
    if layer_map.leak is not None:
        step = step + as_interval(np.eye(len(own))) * (1.0 - leak)
    for share in _SHARES:
        for spread in _SPREADS:
            growth = _follow(within, across, step, v, spread, share)
            if growth:
                direction = np.zeros(len(weight))
                direction[own] = v
                return UnboundedDirection(direction, _least_scale(layer_map, weight, own, v, inputs, share), growth)
    return None


def _follow(within, across, step, v, spread, share):
    """The growth a step along the ray, or None where the cone around it was not proved to be mapped into itself."""
    power, rest = as_interval(np.eye(len(v))), 0.0
    errors = Interval.symmetric(spread * v)
    within, across = as_interval(within), as_interval(across)
    for steps in range(1, _LONGEST + 1):
        now = _column(power, v) + _column(power, errors) + Interval.symmetric(rest * v)
        doubt = share * max(1.0, 2 * now.magnitude.max())
        if np.any(_column(within, now).lower <= doubt) or np.any(_column(across, now).upper >= -doubt):
            return None
        power = matrix_product(step, power)
        rest = float(np.max(_column(step, Interval.symmetric(rest * v)).magnitude / v) * (1 + 1e-12) + share)
        if not (power.is_finite and np.isfinite(rest)):
            return None
        # power = v gᵀ + R: the length along the ray is gᵀ (v + e), what is off it R (v + e) and the bounded rest
        g = np.mean(power.middle / v[:, None], axis=0)
        off = power - as_interval(v[:, None] * g) - Interval.symmetric(2.0**-50 * np.abs(v[:, None] * g))
        length = float((_column(as_interval(g[None]), v) + _column(as_interval(g[None]), errors)).lower[0])
        deviation = (_column(off, v) + _column(off, errors) + Interval.symmetric(rest * v)).magnitude / v
        if length > 1 and deviation.max() * (1 + 1e-9) <= spread * length:
            return length ** (1 / steps)
    return None


def _column(matrix, vector):
    vector = as_interval(vector)
    return matrix_product(matrix, vector.reshape(len(vector), 1)).reshape(-1)


def _least_scale(layer_map, weight, own, v, inputs, share):
    """s from which on all that is bounded is at most a share η of s v."""
    rest = np.abs(layer_map.weight_ih) @ inputs.magnitude + layer_map.bias.magnitude
    others = np.ones(len(weight), bool)
    others[own] = False
    rest = rest + np.abs(weight[:, others]).sum(axis=1) * (2.0 + rest.max(initial=0.0)) + 1.0
    return float(rest.max() / (share * v.min()) * 2)
