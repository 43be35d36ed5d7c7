"""Inputs under which a forget peephole lets c grow without bounds.

For w_cf > 0, a constant x, and all ``|h|`` ≤ 1 with h ≥ 0 in the unit itself, let z_f ≥ b, z_i ≥ a and g ≥ γ > 0. While
c ≥ 0, and so h ≥ 0, then, if w_ci ≥ 0,

c' - c ≥ σ(a + w_ci c) γ - c σ(-b - w_cf c).

What is forgotten, the last term, falls where w_cf c ≥ 2 and b + w_cf c ≥ 0, and comes below the drive at some c_0: from
there on c gains some δ > 0 in every step. For w_cf < 0 the same holds of -c and -g. docs/stability_gated_proofs.md.
"""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from .functions import value
from .interval import Interval
from .witness import Witness

PARTS = 2000  # of the way from 0 to c_0, on each of which the gain is bounded


@dataclass(frozen=True)
class Escape:
    """A constant input under which c grows without bounds.

    Attributes
    ----------
    unit : int
    growth : float
        What ``|c|`` of the unit gains in every step, at least.
    witness : Witness
        From zeros, or zeros but for a c that is large already.
    explanation : str
    """

    unit: int
    growth: float
    witness: Witness
    explanation: str

    @property
    def is_from_zero(self):
        return not self.witness.state.any()


def escape(lstm, inputs, candidates=None):
    """The fastest one found, from zero if possible; None where nothing was proved."""
    found = []
    for unit in np.flatnonzero(lstm.w_cf):
        constant = [_strongest_drive(lstm, inputs, unit)] if candidates is None else candidates
        found += [_escape_of_unit(lstm, x, unit) for x in constant]
    return max((e for e in found if e is not None), key=lambda e: (e.is_from_zero, e.growth), default=None)


def _strongest_drive(lstm, inputs, unit):
    """The constant input that drives c of the unit most to the side where its forget gate opens."""
    towards = lstm.w_cf[unit] * np.sign(lstm.arguments.weight_ih[2 * lstm.output_size + unit])
    return Interval.exact(np.where(towards > 0, inputs.upper, inputs.lower))


def _escape_of_unit(lstm, x, unit):
    """Under a constant input somewhere in the interval x."""
    sign = np.sign(lstm.w_cf[unit])
    if sign * lstm.w_ci[unit] < 0:  # the drive ends too: c grows like a logarithm, or not; nothing is claimed
        return None
    least = _least_gates(lstm, x, unit, sign)
    if least.g <= 0:
        return None
    c = 2.0 ** np.arange(1.0, 60.0) / abs(lstm.w_cf[unit])
    peephole = Interval.exact(c) * least.w_cf
    visible = 8 * np.finfo(lstm.dtype).eps * c  # a run that rounds shows a gain of so much
    on_its_way = (peephole.lower >= 2) & ((peephole + least.z_f).lower >= 0) & (_least_gain(least, c, c) > visible)
    if not on_its_way.any():
        return None
    start = c[on_its_way][0]
    growth = float(_least_gain(least, start, start))
    state = np.zeros(lstm.state_size)
    ends = np.linspace(0.0, start, PARTS + 1)
    gain_before = _least_gain(least, ends[:-1], ends[1:]).min()
    if gain_before > 0:
        growth, begins = min(growth, float(gain_before)), "from the zero state"
    else:
        state[lstm.output_size + unit] = sign * start
        begins = f"once it is {sign * start:.3g}"
    claim = f"c of unit {unit} gains at least {growth:.3g} in every step"
    peephole = sign * least.w_cf
    return Escape(
        int(unit),
        growth,
        Witness(state, x.middle[None], claim=claim),
        f"{claim} {begins}, under a constant input and whatever the other units do: the larger its c, the less of it "
        f"the forget gate lets go, by its peephole of {peephole:.3g}",
    )


def _least_gates(lstm, x, unit, sign):
    """Lower bounds while c of the unit is on the side of ``sign``."""
    h = Interval.symmetric(np.ones(lstm.output_size))
    h.lower[unit], h.upper[unit] = (0.0, 1.0) if sign > 0 else (-1.0, 0.0)
    z_i, z_f, z_g, _ = (part[unit] for part in lstm.arguments.split(lstm.arguments(x, h)))
    g = value("tanh", z_g if sign > 0 else -z_g)
    return SimpleNamespace(
        z_i=z_i.lower, z_f=z_f.lower, g=g.lower, w_ci=sign * lstm.w_ci[unit], w_cf=sign * lstm.w_cf[unit]
    )


def _least_gain(least, from_c, to_c):
    """A lower bound of c' - c while from_c ≤ c ≤ to_c: of the drive at the one end, of what is forgotten at both."""
    c = Interval.exact(from_c)
    drive = value("sigmoid", c * least.w_ci + least.z_i) * least.g
    forgotten = value("sigmoid", -(c * least.w_cf + least.z_f)) * to_c
    return (drive - forgotten).lower
