"""Verdicts on a layer that is read as a map of boxes: Elman, LSTM, GRU.

What such a map supplies: ``step(inputs, state)`` and ``jacobian(inputs, state)``, which enclose the new state and its
derivatives by the state over boxes, ``attracting_box(inputs)``, ``output(state)``, and where it has them
``contraction(inputs, state)`` (a sharper form of the Jacobian's bound), ``conditions(inputs, box)`` of the literature,
and ``escape(inputs)`` with a run that grows without bounds.
"""

from dataclasses import replace

import numpy as np

from .boxes import with_zero
from .contraction import smallest_weighted_norm
from .findings import LayerFindings
from .fixed_point import constant_inputs, find_unstable_point
from .report import StabilityProperty
from .witness import Witness

BOX = "a box that the map takes into itself, in interval arithmetic; Moore 1966"
PERRON = "contraction in a weighted largest norm: Perron-Frobenius; Lohmiller and Slotine 1998"
KRAWCZYK = "a fixed point by Krawczyk 1969, unstable by a quadratic form; Khalil 2002, theorem 4.3"
_ROUNDS = 40
LARGEST_DENSE = 600  # states of Jacobians that are formed


def judge(layer_map, inputs, box, bounded=None, contracts=None, candidates=None, conditions=()):
    """LayerFindings from a box that every run enters, or None, and proofs that a cell brings of its own.

    Parameters
    ----------
    bounded : StabilityProperty or None
        What is known beside ``box``.
    contracts : StabilityProperty or None
        A proof of incremental stability or its contrary, which holds for gradients too.
    candidates : list of Interval (n_in,), optional
        Constant inputs that are possible; None: all of the box.
    conditions : sequence of Condition
        That were evaluated already.
    """
    states = None
    if box is not None:
        box = tighten(layer_map, inputs, box)
        states = box
        if bounded is None:
            bounded = StabilityProperty(
                "bounded", "stable", f"every run enters |state| <= {box.magnitude.max():.6g} and stays there", BOX
            )
    if box is not None and hasattr(layer_map, "conditions"):
        conditions = (*conditions, *layer_map.conditions(inputs, box))
    if contracts is None and box is not None and layer_map.state_size <= LARGEST_DENSE:
        contracts = _contraction(layer_map, inputs, box)
    if contracts is None:
        contracts = next((_of_condition(condition) for condition in conditions if _proves(condition)), None)
    if contracts is None:
        contracts = _instability(layer_map, inputs, box, candidates)
    incremental, gradients = (_named(contracts, name, conditions) for name in ("incremental", "gradients"))
    outputs = None if states is None else layer_map.output(states)
    return LayerFindings(_named(bounded, "bounded", conditions), incremental, gradients, states, outputs)


def attracted_layer(layer_map, inputs, candidates=None):
    """LayerFindings of a layer whose runs all enter one box."""
    return judge(layer_map, inputs, layer_map.attracting_box(inputs), candidates=candidates)


def tighten(layer_map, inputs, box, keep_zero=True):
    """The image of a box that is mapped into itself, of that the image, and so on; zero is kept in it where asked.

    Runs from zero stay in each of them, and runs from the box are in the n-th after n steps.
    """
    for _ in range(_ROUNDS):
        image = layer_map.step(inputs, box)
        image = (with_zero(image) if keep_zero else image).meet(box)
        shrinks = np.any(image.upper - image.lower < (1 - 1e-4) * (box.upper - box.lower))
        box = image
        if not shrinks:
            break
    return box


def _contraction(layer_map, inputs, box):
    """Where one bound on Jacobians fails the other may hold: intervals that cancel in one do not in the other."""
    bounds = [(layer_map.jacobian(inputs, box), 0.0)]
    if hasattr(layer_map, "contraction"):
        bounds.insert(0, layer_map.contraction(inputs, box))
    for matrix, kept in bounds:
        norm = smallest_weighted_norm(matrix.magnitude)
        if norm.rate < 1:
            kept = float(np.max(kept, initial=0.0))
            rate = float(np.nextafter(kept + (1 - kept) * norm.rate, np.inf))
            statement = f"a bound on the Jacobians of all states reached contracts by {norm.rate:.6g} < 1"
            return StabilityProperty("incremental", "stable", statement, PERRON, rate if rate < 1 else None)
    return None


def _proves(condition):
    return condition.property == "incremental" and condition.holds


def _of_condition(condition):
    statement = f"{condition.name}: {condition.value:.6g} < 1"
    return StabilityProperty("incremental", "stable", statement, condition.source, None)


def _instability(layer_map, inputs, box, candidates):
    if layer_map.state_size > LARGEST_DENSE:
        return StabilityProperty("incremental", "undecided", f"{layer_map.state_size} states are too many to be tried")
    starts = [np.zeros(layer_map.state_size)]
    if box is not None:
        rng = np.random.default_rng(0)
        starts += [rng.uniform(box.lower, box.upper) for _ in range(2)]
    candidates = constant_inputs(inputs) if candidates is None else candidates
    point, radius = find_unstable_point(layer_map, candidates, starts)
    if point is None:
        if not candidates:
            return StabilityProperty("incremental", "undecided", "no proof either way")
        statement = f"no proof either way; the largest spectral radius at a fixed point is about {radius:.6g}"
        return StabilityProperty("incremental", "undecided", statement, estimate=radius)
    statement = (
        f"a fixed point under a constant input, where the Jacobian has spectral radius {point.radius:.6g} > 1: "
        "small differences from it grow, and so do gradients"
    )
    witness = Witness(
        point.state,
        point.inputs[None],
        other_state=point.state + 1e-4 * np.maximum(1.0, np.abs(point.state).max()) * point.direction,
        claim="a small difference between the two runs grows",
    )
    return StabilityProperty("incremental", "unstable", statement, KRAWCZYK, witness=witness, estimate=point.radius)


def _named(found, name, conditions):
    own = tuple(sorted((c for c in conditions if c.property == name), key=lambda condition: condition.value))
    return replace(found, name=name, conditions=own)
