"""Verdicts on LSTM and GRU layers."""

from dataclasses import replace

import numpy as np

from .nonlinear import BOX, judge
from .report import StabilityProperty

ESCAPE = "a gain that is positive from some cell state on; proof in docs: stability of gated cells, LSTM with peepholes"


def gru_layer(layer_map, inputs, candidates=None):
    """LayerFindings of a GRU layer."""
    return judge(layer_map, inputs, layer_map.attracting_box(inputs), candidates=candidates)


def lstm_layer(layer_map, inputs, candidates=None):
    """LayerFindings of an LSTM layer; peepholes may let its cells grow without bounds."""
    box = layer_map.attracting_box(inputs)
    if box is not None:
        return judge(layer_map, inputs, box, candidates=candidates)
    escape = layer_map.escape(inputs) if candidates is None else None
    if escape is not None:
        bounded = StabilityProperty("bounded", "unstable", escape.explanation, ESCAPE, witness=escape.witness)
        return judge(layer_map, inputs, None, bounded, candidates=candidates)
    box = layer_map.invariant_box(inputs)
    if box is None:
        bounded = StabilityProperty("bounded", "undecided", "no box was found that cells with peepholes do not leave")
        return judge(layer_map, inputs, None, bounded, candidates=candidates)
    largest = float(np.max(box.magnitude))
    statement = f"no run that begins within |state| <= {largest:.6g} leaves it; a peephole may let others grow"
    bounded = StabilityProperty("bounded", "stable", statement, BOX)
    return _within(judge(layer_map, inputs, box, bounded, candidates=candidates), largest)


def _within(found, largest):
    """Findings from a box that runs from elsewhere need not enter: what is stable in it is no verdict on all runs."""
    changed = {}
    for prop in (found.incremental, found.gradients):
        if prop.verdict == "stable":
            statement = (
                f"stable for runs that begin within |state| <= {largest:.6g}, others unknown: {prop.certificate}"
            )
            changed[prop.name] = replace(prop, verdict="undecided", certificate=statement, rate=None)
    return replace(found, **changed)
