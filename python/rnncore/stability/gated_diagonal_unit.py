"""What is found of one unit of a GatedDiagonal, and the runs that show it."""

from dataclasses import dataclass

import numpy as np

from .witness import Witness


@dataclass(frozen=True)
class Unit:
    """One unit under inputs in a box.

    Attributes
    ----------
    unit : int
    forgets : bool or None
        Whether differences between runs die out, and gradients with them, under all inputs; None: undecided.
    bound : float or None
        Of ``|c|`` in runs from zero; infinite where runs from some state are unbounded; None: undecided, or beyond all
        float64.
    holding : Witness or None
        Where it does not forget: inputs under which a difference that begins as 1 never shrinks.
    growing : Witness or None
        Where ``bound`` is infinite: inputs that drive c beyond all bounds.
    explanation : str
    """

    unit: int
    forgets: bool | None
    bound: float | None
    holding: Witness | None = None
    growing: Witness | None = None
    explanation: str = ""


def held(cell, unit, x):
    """Two runs under the constant input x that differ by 1 in the unit."""
    state, zero = np.zeros((2, cell.state_size))
    state[unit] = 1.0
    claim = f"the difference of the two runs in unit {unit} does not shrink"
    return Witness(state, x[None], other_state=zero, claim=claim)


def grown(cell, unit, cycle, begin):
    """A run under inputs (p, n_in) over and over, from zero but for the unit."""
    state = np.zeros(cell.state_size)
    state[unit] = begin
    return Witness(state, cycle, claim=f"unit {unit} grows beyond all bounds")
