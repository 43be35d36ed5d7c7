"""Verdicts on LSTM layers: those of any map with a box that every run enters, and what forget peepholes change."""

from dataclasses import replace

import numpy as np

from .nonlinear import judge
from .report import StabilityProperty

SOURCE = "docs: stability of gated cells, LSTM with peepholes"


def lstm_layer(lstm, inputs, candidates=None):
    """LayerFindings of an LSTM layer.

    Parameters
    ----------
    lstm : LstmMap
    candidates : list of Interval (n_in,), optional
        Constant inputs that are possible; None: all of the box.
    """
    box = lstm.attracting_box(inputs)
    if box is not None:
        return judge(lstm, inputs, box, candidates=candidates)
    held, escape = lstm.invariant_box(inputs), lstm.escape(inputs, candidates)
    found = judge(lstm, inputs, None, _bounded(lstm, held, escape), _parting(lstm, held, escape), candidates)
    return found if held is None else replace(found, states=held, outputs=lstm.output(held))


def _bounded(lstm, held, escape):
    if not lstm.w_cf.any():
        statement = "without forget peepholes the forget gates stay below 1; the bound of c is beyond all float64"
        return StabilityProperty("bounded", "stable", statement, SOURCE)
    from_zero = ""
    if held is not None:
        from_zero = f"; runs from zero are held in |state| <= {held.magnitude.max():.6g}"
    if escape is not None:
        statement = escape.explanation + from_zero
        return StabilityProperty("bounded", "unstable", statement, SOURCE, witness=escape.witness)
    return StabilityProperty("bounded", "undecided", "a forget peephole may let c grow" + from_zero, SOURCE)


def _parting(lstm, held, escape):
    """A run that escapes and one that is held part for ever, so that gradients between them cannot all shrink."""
    if held is None or escape is None:
        return None
    claim = f"the difference of the two runs in c of unit {escape.unit} grows without bounds"
    witness = replace(escape.witness, other_state=np.zeros(lstm.state_size), claim=claim)
    statement = f"a run from zero is held, but {escape.explanation}"
    return StabilityProperty("incremental", "unstable", statement, SOURCE, witness=witness)
