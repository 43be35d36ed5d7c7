"""Fixed points under constant inputs, proved to exist, from which small differences grow.

Where Krawczyk's operator takes a box into itself, the box holds a fixed point (krawczyk.py). Where in addition one
quadratic form proves for every Jacobian over the box an eigenvalue outside the unit circle, a difference with
xᵀ P x < 0 grows until it leaves the box, however small it began: two runs under the same input do not come together,
and along the fixed point gradients explode.
"""

from dataclasses import dataclass

import numpy as np

from .interval import Interval, as_interval
from .krawczyk import krawczyk
from .quadratic_form import growing_form, spectral_radius

_RADII = (1e-9, 1e-7, 1e-5, 1e-3)
_NEWTON, _SETTLING = 30, 200
_TRIED = 4


@dataclass(frozen=True, eq=False)
class UnstablePoint:
    """A fixed point ``state`` (to rounding) under ``inputs`` for ever, the radius found, and a direction that grows."""

    state: np.ndarray
    inputs: np.ndarray
    radius: float
    direction: np.ndarray


def find_unstable_point(layer_map, candidates, starts):
    """``(UnstablePoint or None, largest spectral radius seen)``.

    Parameters
    ----------
    candidates : list of Interval (n_in,)
        Constant inputs; where one is not a point, what is proved holds for every input in it.
    starts : list of arrays (state_size,)
        From which fixed points are searched.
    """
    largest, found = 0.0, []
    for inputs in candidates:
        x = as_interval(inputs.middle)
        for start in starts:
            point = _newton(layer_map, x, start)
            if point is None:
                continue
            radius = spectral_radius(layer_map.jacobian(x, as_interval(point)).middle)
            largest = max(largest, radius)
            if radius > 1:
                found.append((radius, inputs, point))
    for radius, inputs, point in sorted(found, key=lambda entry: -entry[0])[:_TRIED]:
        direction = _prove(layer_map, inputs, point)
        if direction is not None:
            return UnstablePoint(point, inputs.middle, radius, direction), largest
    return None, largest


def constant_inputs(inputs, seed=0):
    """Points of a box that are tried: its middle, zero, two corners and some at random."""
    if not len(inputs):
        return [inputs]
    rng = np.random.default_rng(seed)
    zero = np.clip(np.zeros(len(inputs)), inputs.lower, inputs.upper)
    points = [inputs.middle, zero, inputs.lower, inputs.upper]
    points += [rng.uniform(inputs.lower, inputs.upper) for _ in range(2)]
    return [as_interval(point) for point in {point.tobytes(): point for point in points}.values()]


def _middle_step(layer_map, x, state):
    return layer_map.step(x, as_interval(state)).middle


def _newton(layer_map, x, state):
    """A fixed point from some start: some steps of the map, then Newton's iteration; None where it does not settle."""
    identity = np.eye(len(state))
    with np.errstate(all="ignore"):
        for settle in (0, _SETTLING):
            point = state
            for _ in range(settle):
                point = _middle_step(layer_map, x, point)
            for _ in range(_NEWTON):
                residual = _middle_step(layer_map, x, point) - point
                if not np.isfinite(residual).all():
                    break
                if np.abs(residual).max(initial=0.0) <= 1e-13 * max(1.0, np.abs(point).max(initial=0.0)):
                    return point
                try:
                    move = np.linalg.solve(identity - layer_map.jacobian(x, as_interval(point)).middle, residual)
                except np.linalg.LinAlgError:
                    break
                point = point + move
    return None


def _prove(layer_map, x, point):
    """A growing direction where a fixed point near ``point`` exists and is unstable for certain, else None."""
    identity = np.eye(len(point))
    change = as_interval(point) - layer_map.step(x, as_interval(point))
    middle = layer_map.jacobian(x, as_interval(point)).middle
    try:
        inverse = np.linalg.inv(identity - middle)
    except np.linalg.LinAlgError:
        return None
    for radius in _RADII:
        scale = radius * np.maximum(1.0, np.abs(point))
        box = Interval(np.nextafter(point - scale, -np.inf), np.nextafter(point + scale, np.inf))
        jacobian = layer_map.jacobian(x, box)
        image = krawczyk(point, inverse, change, as_interval(identity) - jacobian, box)  # of G(s) = s - F(s)
        if not (image.is_finite and box.contains_inside(image)):
            continue
        form = growing_form(jacobian)
        if form is not None:
            return form.direction / np.abs(form.direction).max()
    return None
