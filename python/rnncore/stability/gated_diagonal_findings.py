"""Verdicts on GatedDiagonal layers, put together of those on their units."""

import numpy as np

from .findings import LayerFindings
from .gated_diagonal import GatedDiagonalMap
from .gated_diagonal_units import judge_units
from .interval import Interval
from .report import StabilityProperty

SOURCE = "units by themselves, gates that see inputs only; docs: stability of gated cells, GatedDiagonal"


def gated_diagonal_layer(layer, inputs, candidates=None):
    """LayerFindings of a GatedDiagonal layer.

    Parameters
    ----------
    candidates : list of Interval (n_in,), optional
        Constant inputs that are possible; None: all inputs in the box are, in any order.
    """
    cell = GatedDiagonalMap(layer)
    units = []
    for unit in judge_units(cell, inputs, candidates):
        units.append(unit)
        if unit.bound == np.inf:  # which settles all three questions
            break
    incremental, gradients = _forgetting(layer, cell, inputs, units)
    bounded = _bounded(cell, inputs, units)
    box = _box(cell, inputs, units) if bounded.verdict == "stable" else None
    return LayerFindings(bounded, incremental, gradients, box, box)


def _forgetting(layer, cell, inputs, units):
    largest = float(cell.gates(inputs).magnitude.max())
    keeping = next((unit for unit in units if unit.forgets is False), None)
    unknown = next((unit for unit in units if unit.forgets is None), None)
    if keeping is not None:
        found = {"verdict": "unstable", "certificate": _told(keeping), "witness": keeping.holding}
    elif unknown is not None:
        found = {"verdict": "undecided", "certificate": _told(unknown), "estimate": largest}
    else:
        certificate = f"every unit's gate is below 1 under all inputs within the bound: {largest:.6g} at most"
        if layer.dtype.type(largest) >= 1:
            certificate += f", which {layer.dtype} takes for 1: a run that rounds does not forget"
        found = {"verdict": "stable", "certificate": certificate, "rate": largest if largest < 1 else None}
    return (StabilityProperty(name, source=SOURCE, **found) for name in ("incremental", "gradients"))


def _bounded(cell, inputs, units):
    growing = next((unit for unit in units if unit.bound == np.inf), None)
    if growing is not None:
        return StabilityProperty("bounded", "unstable", _told(growing), SOURCE, witness=growing.growing)
    unknown = next((unit for unit in units if unit.bound is None), None)
    if unknown is not None:
        return StabilityProperty("bounded", "undecided", _told(unknown), SOURCE)
    largest = max(units, key=lambda unit: unit.bound)
    return StabilityProperty("bounded", "stable", f"{_told(largest)}: |c| is at most {largest.bound:.6g}", SOURCE)


def _told(unit):
    return f"unit {unit.unit}: {unit.explanation}"


def _box(cell, inputs, units):
    """Of runs from zero; units whose gates are well below 1 have one with two sides."""
    box, limits = cell.unit_bounds(inputs), np.empty(cell.state_size)
    for unit in units:
        limits[unit.unit] = unit.bound
    return (
        box.meet(Interval.symmetric(limits)) if np.all(cell.least_forgotten(inputs) > 0) else Interval.symmetric(limits)
    )
