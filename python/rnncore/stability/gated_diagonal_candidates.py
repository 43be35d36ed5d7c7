"""Units of a GatedDiagonal whose inputs are another layer's outputs: only some constant ones are known to occur."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from .boxes import quotient_above
from .functions import value
from .gated_diagonal_unit import grown, held
from .interval import Interval
from .rational import RationalSum, float_above


def judge_under_candidates(cell, found, candidates):
    """The Unit that was found if all inputs occur, with what is shown by those that do."""
    bound = None if found.bound == np.inf else found.bound
    found = replace(found, forgets=None, bound=bound, holding=None, growing=None)
    for candidate in candidates:
        size, is_positive = _least_gate(cell, found.unit, candidate)
        if size < 1:
            continue
        growing = _growing(cell, found.unit, candidate, size, is_positive)
        bound = bound if growing is None else np.inf
        explanation = f"its gate is {float(size):.6g} at least, under a constant input"
        holding = held(cell, found.unit, candidate.middle)
        found = replace(found, forgets=False, bound=bound, holding=holding, growing=growing, explanation=explanation)
        if growing is not None:
            break
    return found


def _growing(cell, unit, candidate, size, is_positive):
    """A run that grows wherever in the interval the input is, or None."""
    drive = cell.drives(candidate)[unit]
    if size > 1:  # |c'| ≥ size |c| - |φ|
        begin = 1 + 3 * float(quotient_above(drive.magnitude, -float_above(1 - size)))
        return grown(cell, unit, candidate.middle[None], begin) if np.isfinite(begin) else None
    adds_up = is_positive and (drive.lower > 0 or drive.upper < 0)
    return grown(cell, unit, candidate.middle[None], 0.0) if adds_up else None


def _least_gate(cell, unit, candidate):
    """The least |ψ| over the interval, or less, and whether ψ > 0 there."""
    gate = RationalSum(cell.weight_gate[unit], cell.bias_gate[unit], candidate.lower, candidate.upper)
    if cell.gate_nonlinearity == "identity":
        return max(gate.least, -gate.largest), gate.least > 0
    if cell.gate_nonlinearity in ("relu", "elu"):
        return gate.least, True
    if cell.gate_nonlinearity == "softplus":
        least = value("softplus", Interval.exact(np.array(-float_above(-gate.least)))).lower
        return Fraction(float(least)), True
    return Fraction(0), True
