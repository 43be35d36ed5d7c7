"""Verdicts on Elman layers."""

import numpy as np

from .condition import Condition
from .contraction import smallest_weighted_norm
from .interval import Interval, as_interval
from .linear_bound import form_box
from .nonlinear import PERRON, judge, tighten
from .quadratic_form import QuadraticForm
from .report import StabilityProperty
from .slope_form import LARGEST, SlopeSystem
from .unbounded_direction import find_unbounded_direction
from .weighted_box import weighted_box
from .witness import Witness

SLOPES = "S-procedure for slopes of φ; Boyd et al. 1994, chapter 5; Revay, Wang and Manchester 2021"
RAY = "an invariant cone around a direction that φ leaves open; proof in rnncore.stability_analysis.unbounded_direction"


def elman_layer(layer_map, inputs, candidates=None):
    """LayerFindings of an Elman layer with any nonlinearity but the identity."""
    box, bounded = layer_map.attracting_box(inputs), None
    if box is not None:
        box = tighten(layer_map, inputs, box)
    contracts, conditions, form = _contracts(layer_map, inputs, box)
    if box is None and contracts is not None:
        box = _box_of(layer_map, inputs, form)
    if box is None:
        bounded, grows = _unbounded(layer_map, inputs)
        contracts = grows or contracts
    return judge(layer_map, inputs, box, bounded, contracts, candidates, conditions)


def _contracts(layer_map, inputs, box):
    """``(proof or None, conditions, weighted norm or form)``"""
    size = layer_map.state_size
    slopes = Interval(np.zeros(size), np.full(size, layer_map.largest_slope))
    if box is not None:
        slopes = layer_map.slopes(inputs, box)
    norm = smallest_weighted_norm(layer_map.jacobian_bound(slopes))
    conditions = [Condition("weighted largest norm of the Jacobian's bound", "incremental", norm.rate, PERRON)]
    if norm.rate < 1:
        statement = f"the Jacobian has norm {norm.rate:.6g} < 1 at most, in a weighted largest norm"
        return StabilityProperty("incremental", "stable", statement, PERRON, norm.rate), conditions, norm
    if size > LARGEST:
        return None, conditions, None
    form, gain = SlopeSystem(layer_map.dense_weight(), slopes, layer_map.share).prove()
    value = max(gain, 1.0) if form is None else form.rate  # the gain is an estimate: by itself it proves nothing
    name = "rate of a quadratic form for all slopes (where none was found, the estimated gain, at least 1)"
    conditions.append(Condition(name, "incremental", value, SLOPES))
    if form is None:
        return None, conditions, None
    statement = f"P > 0 in whose norm all maps with such slopes contract by {form.rate:.6g} a step"
    return StabilityProperty("incremental", "stable", statement, SLOPES, form.rate), conditions, form


def _box_of(layer_map, inputs, form):
    """From a contraction: F(0, x) is bounded, and all else shrinks."""
    drive = layer_map.step(inputs, as_interval(np.zeros(layer_map.state_size))).magnitude * (1 + 2.0**-10) + 2.0**-30
    if hasattr(form, "weights"):
        bound = layer_map.jacobian_bound(Interval(np.zeros(len(drive)), np.full(len(drive), layer_map.largest_slope)))
        return weighted_box(bound, form, drive)
    return form_box(QuadraticForm(form.matrix, form.rate), drive)


def _unbounded(layer_map, inputs):
    """``(bounded, instability or None)`` where no bound is known."""
    if layer_map.state_size > LARGEST:
        return StabilityProperty(
            "bounded", "undecided", f"{layer_map.state_size} states are too many to be tried"
        ), None
    ray, growth = find_unbounded_direction(layer_map, inputs)
    if ray is None:
        statement = f"no proof either way; the largest growth seen far out is about {growth:.6g} a step"
        return StabilityProperty("bounded", "undecided", statement, estimate=growth), None
    state = ray.direction * ray.scale
    statement = f"far out along a direction that φ leaves open, runs grow by {ray.growth:.6g} a step"
    alone = Witness(state, inputs.middle[None], claim="the state grows without bounds")
    pair = Witness(state, alone.cycle, other_state=2 * state, claim="the difference of the two runs grows")
    bounded = StabilityProperty("bounded", "unstable", statement, RAY, witness=alone)
    return bounded, StabilityProperty("incremental", "unstable", statement, RAY, witness=pair)
