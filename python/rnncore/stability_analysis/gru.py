"""The GRU as a map of boxes: h' = (1 - u) ⊙ n + u ⊙ h, n = tanh z_n, with u = σ(z_u) the update gate, r = σ(z_r),
z_n = W_in x + b_in + r ⊙ (W_hn h + b_hn), or W_in x + b_in + W_hn (r ⊙ h) + b_hn with the reset before the product.

Proofs of what is said here: docs/stability_gated_proofs.md.
"""

from types import SimpleNamespace

import numpy as np

from .boxes import enlarged, shrinks, with_zero
from .functions import slope, value
from .gate_arguments import GateArguments
from .gru_conditions import gru_conditions
from .interval import Interval, diagonal, product, scaled_rows

ROUNDS = 200


class GruMap:
    """The state is h."""

    def __init__(self, layer):
        self.output_size = self.state_size = layer.output_size
        self.reset_after = layer.reset_after
        self.arguments = GateArguments(layer)
        self.weight_hr, self.weight_hu, self.weight_hn = self.arguments.split(self.arguments.weight_hh)
        self.bias_hn = self.arguments.split(self.arguments.bias_hh)[2]

    def attracting_box(self, inputs):
        """A box around 0, mapped into itself, that every run enters: h comes ever closer to the box of n."""
        return self._tightened(inputs, enlarged(Interval.symmetric(np.ones(self.state_size))))

    def invariant_box(self, inputs):
        """A box around 0 that no run from within leaves, grown from zero until it holds the box of n."""
        h = Interval.exact(np.zeros(self.state_size))
        for _ in range(ROUNDS):
            n = with_zero(self.gates(inputs, h).n)
            if h.contains(n):
                return self._tightened(inputs, h)
            h = Interval.hull(h, enlarged(n))
        return self.attracting_box(inputs)

    def _tightened(self, inputs, h):
        for _ in range(ROUNDS):
            before, h = h, h.meet(enlarged(self.gates(inputs, h).n))
            if not shrinks(h, before):
                break
        return h

    def output(self, state):
        return state

    def step(self, inputs, state):
        at = self.gates(inputs, state)
        return _mixture(at.u, state, at.n).meet(Interval.hull(state, at.n))

    def jacobian(self, inputs, state):
        matrix, u = self._without_update(inputs, state)
        return _mixture(u[:, None], Interval.exact(np.eye(self.state_size)), matrix)

    def contraction(self, inputs, state):
        """A matrix K and numbers 0 ≤ w ≤ 1 per row that tell how Jacobians act on a weighted supremum norm.

        Every Jacobian is diag(u) + diag(1 - u) K with update gates u ≤ w. So where ``|K| v`` ≤ ρ v with v > 0 and
        ρ < 1, ``|δ|`` ≤ v becomes ``|δ'|`` ≤ (w + (1 - w) ρ) v; and w < 1 in exact arithmetic, though it may be rounded
        to 1. The Jacobians' own magnitudes contract less often: they take the largest u and the largest 1 - u.

        Returns
        -------
        Interval (state_size, state_size), array (state_size,)
        """
        matrix, u = self._without_update(inputs, state)
        return matrix, u.upper

    def conditions(self, inputs, box):
        return gru_conditions(self, inputs, box)

    def gates(self, inputs, h):
        """The arguments and gates over boxes; ``seen`` is what the reset gate multiplies."""
        a_r, a_u, a_n = self.arguments.split(self.arguments.driven(inputs))
        z_r, z_u = product(self.weight_hr, h) + a_r, product(self.weight_hu, h) + a_u
        r = value("sigmoid", z_r)
        if self.reset_after:
            driven = product(self.arguments.split(self.arguments.weight_ih)[2], inputs)
            seen = product(self.weight_hn, h) + self.bias_hn
            z_n = driven + self.arguments.split(self.arguments.bias_ih)[2] + r * seen
        else:
            seen = h
            z_n = product(self.weight_hn, r * h) + a_n
        u, n = value("sigmoid", z_u), value("tanh", z_n)
        return SimpleNamespace(z_r=z_r, z_u=z_u, z_n=z_n, r=r, u=u, n=n, seen=seen)

    def _without_update(self, inputs, h):
        """K and u, of which the Jacobian is diag(u) + diag(1 - u) K."""
        at = self.gates(inputs, h)
        by_reset = scaled_rows(at.seen * slope("sigmoid", at.z_r), self.weight_hr)
        if self.reset_after:
            by_candidate = by_reset + scaled_rows(at.r, self.weight_hn)
        else:
            by_candidate = product(self.weight_hn, by_reset + diagonal(at.r))
        by_update = scaled_rows(at.u * (h - at.n), self.weight_hu)
        return slope("tanh", at.z_n)[:, None] * by_candidate + by_update, at.u


def _mixture(share, first, second):
    """share first + (1 - share) second: extreme at the ends of the share, which is the same in both terms."""
    ends = [end * first + (1.0 - end) * second for end in (Interval.exact(share.lower), Interval.exact(share.upper))]
    return Interval.hull(*ends)
