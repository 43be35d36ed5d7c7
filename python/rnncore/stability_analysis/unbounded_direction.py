"""Directions along which ReLU, ELU and softplus let a recurrence grow for ever.

Far out, φ is the identity where its argument is positive, to something bounded, and bounded where it is negative. Let S
be a set of units, M = (1 - a) I + a W_SS, and v > 0 with M v = λ v, λ > 1, and (W v)_i < 0 for all units outside S, v
being zero there. As long as the signs of arguments are those of W v, h_S = λ^t s v + q_t, where q follows q' = M q + p
with a p that is bounded: by the inputs, the biases, the units outside S and what φ differs from the identity. If M has
no eigenvalue on the unit circle, every bounded p has a bounded solution q, of a size that does not depend on s (its
parts along eigenvalues outside the circle summed up from the future, those inside from the past), and q depends on p
continuously; for s large enough, no q of that size changes a sign. So by Schauder's theorem there is, under any inputs
within the bound, a run with h_S = λ^t s v + q_t for all t: it grows without bounds.

λ and v are proved to exist by Krawczyk's operator, and that M has no eigenvalue on the circle by a quadratic form.
"""

from dataclasses import dataclass

import numpy as np

from .interval import Interval, as_interval, matrix_product
from .krawczyk import krawczyk
from .quadratic_form import is_hyperbolic

_STARTS, _ITERATIONS, _NEWTON = 8, 60, 15
_MOST_WORK = 2e8  # of the eigenvectors of all patterns that are tried
_RADII = (1e-11, 1e-9, 1e-7)


@dataclass(frozen=True, eq=False)
class UnboundedDirection:
    """``direction`` (n,), about v, largest entry 1; ``scale``, an s that dwarfs inputs; ``growth``, below λ."""

    direction: np.ndarray
    scale: float
    growth: float


def find_unbounded_direction(layer_map, inputs, seed=0):
    """``(UnboundedDirection or None, largest growth a step seen far out)`` of an ElmanMap whose φ is unbounded."""
    weight, leak = layer_map.dense_weight(), layer_map.share
    size, share = len(weight), float(leak.middle)
    left = max(8, int(_MOST_WORK // (25 * size**3)))
    largest, tried = 0.0, set()
    for start in _starts(size, seed):
        v, logs = start, []
        for _ in range(_ITERATIONS):
            new = (1 - share) * v + share * np.maximum(weight @ v, 0)
            growth = new.max()
            if not (growth > 0 and np.isfinite(growth)):
                break
            logs.append(np.log(growth))
            for ray in (v, _newton(weight, share, v, growth)) if left > 0 else ():
                open_units = weight @ ray > 0
                key = open_units.tobytes()
                if key not in tried and open_units.any():
                    tried.add(key)
                    left -= 1
                    proved = _prove(weight, leak, open_units)
                    if proved is not None:
                        direction, growth = proved
                        return UnboundedDirection(direction, _dwarfing_scale(layer_map, inputs), growth), growth
            v = new / growth
        else:
            largest = max(largest, float(np.exp(np.mean(logs[_ITERATIONS // 2 :]))))
    return None, largest


def _newton(weight, share, v, growth):
    """Towards a ray that the map far out keeps, (1 - a) v + a max(W v, 0) = λ v; where it gets to, if not there."""
    size = len(v)
    v = v / v.sum()
    for _ in range(_NEWTON):
        moved = share * weight * (weight @ v > 0)[:, None] + (1 - share) * np.eye(size)
        corner = np.block([[moved - growth * np.eye(size), -v[:, None]], [np.ones((1, size)), np.zeros((1, 1))]])
        try:
            step = np.linalg.solve(corner, np.append(growth * v - moved @ v, 0.0))
        except np.linalg.LinAlgError:
            break
        if not np.isfinite(step).all():
            break
        v, growth = np.maximum(v + step[:size], 0.0), growth + step[size]
        total = v.sum()
        if not total > 0:
            return np.ones(size)
        v = v / total
        if np.abs(step).max() < 1e-12:
            break
    return v


def _starts(size, seed):
    rng = np.random.default_rng(seed)
    yield np.ones(size)
    for _ in range(_STARTS - 1):
        yield rng.random(size) * (rng.random(size) < 0.6) + 1e-12


def _prove(weight, leak, open_units):
    """``(direction, lower bound of λ)`` where the pattern has a growing ray for certain, else None."""
    own, others = np.flatnonzero(open_units), np.flatnonzero(~open_units)
    within = weight[np.ix_(own, own)]
    moved = leak * as_interval(within) + (1.0 - leak) * as_interval(np.eye(len(own)))
    try:
        eigenvalues, vectors = np.linalg.eig(moved.middle)
    except np.linalg.LinAlgError:
        return None
    for k in np.flatnonzero((eigenvalues.imag == 0) & (eigenvalues.real > 1)):
        v = vectors[:, k].real
        v = v / v[np.argmax(np.abs(v))]
        if np.any(v <= 0) or np.any(weight[np.ix_(others, own)] @ v >= 0):
            continue
        proved = _eigenpair(moved, v, eigenvalues[k].real)
        if proved is None:
            continue
        box, growth = proved
        across = matrix_product(as_interval(weight[np.ix_(others, own)]), box.reshape(len(own), 1))
        if np.all(box.lower > 0) and np.all(across.upper < 0) and growth > 1 and is_hyperbolic(moved):
            direction = np.zeros(len(weight))
            direction[own] = v
            return direction, growth
    return None


def _eigenpair(matrix, v, eigenvalue):
    """``(box of v, lower bound of λ)``: an eigenpair with v's largest entry 1 exists within, for each matrix."""
    size, fixed = len(v), int(np.argmax(v))
    row = np.zeros((1, size))
    row[0, fixed] = 1.0
    point = np.append(v, eigenvalue)

    def jacobian(box):
        corner = matrix - as_interval(np.eye(size)) * box[size]
        side = -box[:size].reshape(size, 1)
        return Interval.block([[corner, side], [as_interval(row), as_interval(np.zeros((1, 1)))]])

    here = as_interval(point)
    image = matrix_product(matrix, here[:size].reshape(size, 1)).reshape(size) - here[:size] * here[size]
    residual = Interval.concatenate([image, (as_interval(v[fixed : fixed + 1]) - 1.0)])
    try:
        inverse = np.linalg.inv(jacobian(here).middle)
    except np.linalg.LinAlgError:
        return None
    for radius in _RADII:
        scale = radius * max(1.0, abs(eigenvalue))
        box = Interval(point - scale, point + scale)
        if box.contains_inside(krawczyk(point, inverse, residual, jacobian(box), box)):
            return box[:size], float(box.lower[size])
    return None


def _dwarfing_scale(layer_map, inputs):
    bounded = np.abs(layer_map.weight_ih) @ inputs.magnitude + layer_map.bias.magnitude
    return float(1e3 * max(1.0, bounded.max(initial=0.0)))
