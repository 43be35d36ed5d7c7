"""Boxes of (h, c) that an LSTM's runs enter, or do not leave.

With f̄ < 1 the largest forget gate over c ≥ 0, and d the largest i g, or 0 if that is negative,
max(c', 0) ≤ f̄ max(c, 0) + d: c comes below any number above d / (1 - f̄), and stays below this one. The same of -c.
Proofs, with what peepholes change: docs/stability_gated_proofs.md.
"""

import numpy as np

from .boxes import enlarged, quotient_above, shrinks, with_zero
from .functions import value
from .interval import Interval

ROUNDS = 200


def attracting_box(lstm, inputs):
    h = Interval.symmetric(np.ones(lstm.output_size))  # after one step
    c = enlarged(_bound_from_anywhere(lstm, inputs, h))
    return _tightened(lstm, inputs, h, c) if c.is_finite else None


def invariant_box(lstm, inputs):
    """Grown from zero until the map leads out of it no more."""
    h = c = Interval.exact(np.zeros(lstm.output_size))
    for _ in range(ROUNDS):
        next_c = _cell_bound(lstm, inputs, h, c)
        if not next_c.is_finite:
            break
        next_h = _output_bound(lstm, inputs, h, Interval.hull(c, next_c))
        if c.contains(next_c) and h.contains(next_h):
            return _tightened(lstm, inputs, h, c)
        h, c = Interval.hull(h, enlarged(next_h)), Interval.hull(c, enlarged(next_c))
    return attracting_box(lstm, inputs)


def _tightened(lstm, inputs, h, c):
    """What runs that stay in the box (h, c) enter or, if they begin at zero, never leave."""
    for _ in range(ROUNDS):
        before = Interval.concatenate([h, c])
        c = c.meet(enlarged(_cell_bound(lstm, inputs, h, c)))
        h = h.meet(_output_bound(lstm, inputs, h, c))
        if not shrinks(Interval.concatenate([h, c]), before):
            break
    return Interval.concatenate([h, c])


def _cell_bound(lstm, inputs, h, c):
    """What c converges to, or further in, while the state is in the box (h, c); it holds 0."""
    z_i, z_f, z_g, _ = lstm.arguments.split(lstm.arguments(inputs, h))
    drive = with_zero(value("sigmoid", z_i + c * lstm.w_ci) * value("tanh", z_g))
    return Interval(
        -quotient_above(-drive.lower, _least_forgotten(z_f + Interval(c.lower, 0 * c.lower) * lstm.w_cf)),
        quotient_above(drive.upper, _least_forgotten(z_f + Interval(0 * c.upper, c.upper) * lstm.w_cf)),
    )


def _bound_from_anywhere(lstm, inputs, h):
    """The same while c may be anywhere: infinite where f → 1 for large c and something drives c there."""
    _, z_f, z_g, _ = lstm.arguments.split(lstm.arguments(inputs, h))
    drive, least = with_zero(value("tanh", z_g)), _least_forgotten(z_f)
    return Interval(
        -quotient_above(-drive.lower, np.where(lstm.w_cf < 0, 0.0, least)),
        quotient_above(drive.upper, np.where(lstm.w_cf > 0, 0.0, least)),
    )


def _least_forgotten(z_f):
    """A lower bound of 1 - f."""
    return value("sigmoid", -z_f).lower


def _output_bound(lstm, inputs, h, c):
    """h', of the old h and the new c."""
    z_o = lstm.arguments.split(lstm.arguments(inputs, h))[3]
    return with_zero(value("sigmoid", z_o + c * lstm.w_co) * value("tanh", c))
