"""The LSTM as a map of boxes: i = σ(z_i + w_ci ⊙ c), f = σ(z_f + w_cf ⊙ c), g = tanh z_g,
c' = f ⊙ c + i ⊙ g, o = σ(z_o + w_co ⊙ c'), h' = o ⊙ tanh c', with the four parts of z = W_hh h + W_ih x + b.

Proofs of what is said here: docs/stability_gated_proofs.md.
"""

from types import SimpleNamespace

import numpy as np

from . import lstm_boxes, lstm_escape
from .boxes import quotient_above
from .functions import slope, value
from .gate_arguments import GateArguments
from .interval import Interval, diagonal, scaled_rows
from .lstm_conditions import lstm_conditions


class LstmMap:
    """The state is (h, c)."""

    def __init__(self, layer):
        self.output_size, self.state_size, self.dtype = layer.output_size, layer.state_size, layer.dtype
        self.arguments = GateArguments(layer)
        none = np.zeros(self.output_size)
        self.w_ci, self.w_cf, self.w_co = (
            np.float64(layer.parameters.get(name, none)) for name in ("weight_ci", "weight_cf", "weight_co")
        )

    @property
    def has_peepholes(self):
        return any(weight.any() for weight in (self.w_ci, self.w_cf, self.w_co))

    def attracting_box(self, inputs):
        """A box around 0, mapped into itself, that every run enters; None where a peephole may let c escape."""
        return lstm_boxes.attracting_box(self, inputs)

    def invariant_box(self, inputs):
        """A box around 0 that no run from within leaves, as small as found; None where none was found."""
        return lstm_boxes.invariant_box(self, inputs)

    def escape(self, inputs, candidates=None):
        """An :class:`~.lstm_escape.Escape` along which c grows beyond all bounds, or None where none was found.

        ``candidates`` are intervals of constant inputs that are possible; None: all of the box.
        """
        return lstm_escape.escape(self, inputs, candidates)

    def output(self, state):
        return state[: self.output_size]

    def step(self, inputs, state):
        at = self._gates(inputs, state)
        return Interval.concatenate([at.o * value("tanh", at.c_new), at.c_new])

    def jacobian(self, inputs, state):
        at = self._gates(inputs, state)
        c_by_h = self._drive_of_cell(at, at.c * slope("sigmoid", at.z_f), at.g * slope("sigmoid", at.z_i), at.i)
        c_by_c = at.f + self._peepholes(at.c * slope("sigmoid", at.z_f), at.g * slope("sigmoid", at.z_i))
        h_by_c, h_by_h = self._differential_of_output(at)
        return _blocks(h_by_c[:, None] * c_by_h + h_by_h, h_by_c * c_by_c, c_by_h, c_by_c)

    def contraction(self, inputs, state):
        """A matrix K and numbers 0 ≤ w ≤ 1 per row that tell how Jacobians act on a weighted supremum norm.

        Where ``|K| v`` ≤ ρ v with v > 0 and ρ < 1, every Jacobian over the boxes maps ``|δ|`` ≤ v to
        ``|δ'|`` ≤ (w + (1 - w) ρ) v; and w < 1 in exact arithmetic, though it may be rounded to 1. The Jacobians' own
        magnitudes contract less often: they do not know that the forget gate that keeps c weakens what is new to it,
        ∂c' = f ∂c + (1 - f) K_c.

        Returns
        -------
        Interval (state_size, state_size), array (state_size,)
        """
        at = self._gates(inputs, state)
        longest = _time_constant(at.z_f)
        by_forget, by_input = at.c * at.f, at.g * slope("sigmoid", at.z_i) * longest
        c_by_h = self._drive_of_cell(at, by_forget, by_input, at.i * longest)
        h_by_c, h_by_h = self._differential_of_output(at)
        matrix = _blocks(h_by_h, h_by_c, c_by_h, self._peepholes(by_forget, by_input))
        return matrix, np.concatenate([np.zeros(self.output_size), at.f.upper])

    def conditions(self, inputs, box):
        return lstm_conditions(self, inputs, box)

    def _gates(self, inputs, state):
        h, c = state[: self.output_size], state[self.output_size :]
        z_i, z_f, z_g, z_o = self.arguments.split(self.arguments(inputs, h))
        kept = self._kept(z_f, c)
        z_i, z_f = z_i + c * self.w_ci, z_f + c * self.w_cf
        i, f, g = value("sigmoid", z_i), value("sigmoid", z_f), value("tanh", z_g)
        c_new = kept + i * g
        z_o = z_o + c_new * self.w_co
        return SimpleNamespace(
            z_i=z_i, z_f=z_f, z_g=z_g, z_o=z_o, i=i, f=f, g=g, o=value("sigmoid", z_o), c=c, c_new=c_new
        )

    def _kept(self, z_f, c):
        """f ⊙ c: of each sign of c by itself, since with a peephole the sign decides on which side f is large."""
        positive = Interval(np.maximum(c.lower, 0.0), np.maximum(c.upper, 0.0))
        negative = Interval(np.minimum(c.lower, 0.0), np.minimum(c.upper, 0.0))
        kept, kept_below = (value("sigmoid", z_f + part * self.w_cf) * part for part in (positive, negative))
        return kept + kept_below

    def _drive_of_cell(self, at, by_forget, by_input, by_candidate):
        """Σ of the weights of the gates f, i and g by h, times these."""
        w_i, w_f, w_g, _ = self.arguments.split(self.arguments.weight_hh)
        candidate = by_candidate * slope("tanh", at.z_g)
        return scaled_rows(by_forget, w_f) + scaled_rows(by_input, w_i) + scaled_rows(candidate, w_g)

    def _peepholes(self, by_forget, by_input):
        return by_forget * self.w_cf + by_input * self.w_ci

    def _differential_of_output(self, at):
        """dh' by dc', and directly by h."""
        by_gate = value("tanh", at.c_new) * slope("sigmoid", at.z_o)
        by_cell = at.o * slope("tanh", at.c_new) + by_gate * self.w_co
        return by_cell, scaled_rows(by_gate, self.arguments.split(self.arguments.weight_hh)[3])


def _time_constant(z_f):
    """1 / (1 - f)"""
    rest = value("sigmoid", -z_f)
    return Interval(np.nextafter(1 / rest.upper, 0), quotient_above(1.0, rest.lower))


def _blocks(h_by_h, h_by_c, c_by_h, c_by_c):
    """The whole matrix, of blocks of which those by c are diagonals."""
    return Interval.block([[h_by_h, diagonal(h_by_c)], [c_by_h, diagonal(c_by_c)]])
