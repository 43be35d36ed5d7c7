"""What becomes of each unit of a GatedDiagonal, decided in rational numbers where its gate may reach 1.

|ψ| < 1 everywhere: the unit forgets, and is bounded. |ψ| > 1 somewhere: differences grow there, and so does c but from
one state. |ψ| = 1 at most: differences are held where it is 1, on a face of the box of inputs; c adds up
what drives it there. ψ = identity, ReLU and the positive side of ELU are rational functions of the weights; softplus
is never 1 at a rational argument, and σ and tanh are below 1. docs/stability_gated_proofs.md
"""

import numpy as np

from .boxes import quotient_above
from .functions import slope, value
from .gated_diagonal_candidates import judge_under_candidates
from .gated_diagonal_unit import Unit, grown, held
from .interval import Interval
from .rational import RationalSum, float_above


def judge_units(cell, inputs, candidates=None):
    """Each unit in turn, as an iterator: a caller may stop at the first that settles its question.

    Parameters
    ----------
    cell : GatedDiagonalMap
    inputs : Interval (n_in,)
    candidates : list of Interval (n_in,), optional
        Constant inputs that are possible, each somewhere in an interval; None: all inputs in the box are, in any order.

    Yields
    ------
    Unit
    """
    gates, bounds, rest = cell.gates(inputs), cell.unit_bounds(inputs).magnitude, cell.least_forgotten(inputs)
    for unit in np.argsort(rest, kind="stable"):  # those with the largest gates first
        if rest[unit] > 0:
            bound = float(bounds[unit]) if np.isfinite(bounds[unit]) else None
            explanation = f"its gate is below 1, at most {gates.magnitude[unit]:.6g}"
            yield Unit(int(unit), True, bound, explanation=explanation)
        else:
            found = _Judge(cell, inputs, int(unit)).judge()
            if found.forgets or candidates is None:
                yield found
            else:
                yield judge_under_candidates(cell, found, candidates)


class _Judge:
    """A unit whose gate may reach 1."""

    def __init__(self, cell, inputs, unit):
        self.cell, self.inputs, self.unit = cell, inputs, unit
        self.weights, self.gate_weights = cell.weight_ih[unit], cell.weight_gate[unit]
        self.gate = RationalSum(self.gate_weights, cell.bias_gate[unit], inputs.lower, inputs.upper)
        self.ends = [(self.gate.largest, self.gate.largest_at, 1)]
        if cell.gate_nonlinearity == "identity":
            self.ends.append((-self.gate.least, self.gate.least_at, -1))

    def judge(self):
        if self.cell.gate_nonlinearity in ("sigmoid", "tanh"):  # 1 - |ψ| underflowed
            return Unit(self.unit, True, None, explanation="its gate is below 1, by less than a float64 can tell")
        if self.cell.gate_nonlinearity == "softplus":
            return self._judge_softplus(self.gate.largest_at)
        size, vertex, _ = max(self.ends, key=lambda end: end[0])
        if size > 1:
            return self._beyond(vertex, float_above(size))
        if size == 1:
            return self._at_one()
        return self._below(size)

    def _judge_softplus(self, vertex):
        z = self.gate.largest
        gate = value("softplus", Interval(np.array(-float_above(-z)), np.array(float_above(z))))
        if gate.lower > 1:
            return self._beyond(vertex, float(gate.upper))
        if gate.upper < 1:
            return self._bounded_by((1.0 - gate).lower, "its gate is below 1")
        return Unit(self.unit, None, None, explanation="its gate is 1 to rounding, above or below")

    def _below(self, size):
        """|ψ| < 1, which float64 did not tell."""
        rest = min(-float_above(size - 1), self._least_rest_below_zero())
        return self._bounded_by(rest, f"its gate is below 1, at most {float_above(size):.17g}")

    def _bounded_by(self, rest, explanation):
        bound = float(quotient_above(self._largest_drive(), rest))
        return Unit(self.unit, True, bound if np.isfinite(bound) else None, explanation=explanation)

    def _beyond(self, vertex, size):
        explanation = f"its gate reaches {size:.6g} under an input within the bound"
        growing = self._grown(vertex, begin=0.0 if self._drives_at(vertex) else 1.0)
        return Unit(self.unit, False, np.inf, self._held(vertex), growing, explanation)

    def _at_one(self):
        faces = [(vertex, sign) for size, vertex, sign in self.ends if size == 1]
        holding = self._held(faces[0][0])
        explanation = f"its gate reaches {faces[0][1]} exactly, under an input within the bound, and holds what c is"
        if self._is_zero(self._drive_over(self.inputs.lower, self.inputs.upper)):
            return Unit(self.unit, False, 0.0, holding, explanation=f"{explanation}; nothing ever drives it")
        driven_while_held = False
        for vertex, sign in faces:
            cycle = self._cycle_that_adds_up(self._drive_on_face(vertex), sign)
            if cycle is not None:
                growing = self._grown(*cycle)
                return Unit(self.unit, False, np.inf, holding, growing, f"{explanation}, and adds up what drives it")
            driven_while_held |= not self._is_zero(self._drive_on_face(vertex))
        if driven_while_held:
            explanation = f"{explanation}; whether what drives it can add up was not decided"
            return Unit(self.unit, False, None, holding, explanation=explanation)
        return Unit(
            self.unit, False, self._bound_at_one(), holding, explanation=f"{explanation}; nothing drives it there"
        )

    def _cycle_that_adds_up(self, drive, sign):
        """Inputs on a face where ψ is 1, or -1, under which c grows by the same in every cycle."""
        if sign > 0:
            return None if self._is_zero(drive) else [self._strongest_drive(drive)]
        least, largest = self._argument_that_counts(drive.least), self._argument_that_counts(drive.largest)
        return [drive.least_at, drive.largest_at] if least < largest else None  # c'' = c - least + largest

    def _bound_at_one(self):
        """max(R, D / (1 - p)): at distances δ_i from the face 1 - |ψ| = Σ |w_i| δ_i and |φ| ≤ Σ |v_i| δ_i, so that
        |φ| ≤ R (1 - |ψ|), R = max |v_i| / |w_i|; D is the largest |φ|, p the largest |ψ| where ψ has the other sign."""
        matter = (self.gate_weights != 0) & (self.inputs.lower < self.inputs.upper)
        ratio = np.max(quotient_above(np.abs(self.weights[matter]), np.abs(self.gate_weights[matter])))
        other = max([0.0, *(float_above(size) for size, _, _ in self.ends if size < 1)])
        rest = min((1.0 - Interval.exact(np.array(other))).lower, self._least_rest_below_zero())
        return float(max(ratio, quotient_above(self._largest_drive(), rest)))

    def _least_rest_below_zero(self):
        """A lower bound of 1 - |ψ| at the negative arguments of an ELU, whose gate is above -1 there."""
        if self.cell.gate_nonlinearity != "elu":
            return 1.0
        least = Interval.exact(np.array(-float_above(-self.gate.least)))
        return float(slope("elu", least).lower)

    def _largest_drive(self):
        return self.cell.drives(self.inputs)[self.unit].magnitude

    def _drive_over(self, lower, upper):
        return RationalSum(self.weights, self.cell.bias[self.unit], lower, upper)

    def _drive_on_face(self, vertex):
        """The drive where inputs that the gate sees are at the vertex, the others free."""
        free = self.gate_weights == 0
        return self._drive_over(np.where(free, self.inputs.lower, vertex), np.where(free, self.inputs.upper, vertex))

    def _drives_at(self, x):
        return not self._is_zero(self._drive_over(x, x))

    def _is_zero(self, drive):
        """Whether φ is 0 over a whole range of arguments."""
        if self.cell.nonlinearity in ("sigmoid", "softplus"):
            return False
        return self._argument_that_counts(drive.least) == self._argument_that_counts(drive.largest) == 0

    def _argument_that_counts(self, z):
        """What φ depends on strictly: of a ReLU the positive part."""
        return max(z, 0) if self.cell.nonlinearity == "relu" else z

    def _strongest_drive(self, drive):
        least, largest = self._argument_that_counts(drive.least), self._argument_that_counts(drive.largest)
        never_zero = self.cell.nonlinearity in ("sigmoid", "softplus")
        return drive.largest_at if never_zero or largest >= -least else drive.least_at

    def _held(self, vertex):
        return held(self.cell, self.unit, vertex)

    def _grown(self, *cycle, begin=0.0):
        return grown(self.cell, self.unit, np.array(cycle), begin)
