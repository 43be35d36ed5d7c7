"""c' = ψ(W_gate x + b_gate) ⊙ c + φ(W_ih x + b) as a map of boxes: units by themselves, gates that see the input only.

What is decided of it exactly stands in gated_diagonal_units.py; proofs: docs/stability_gated_proofs.md.
"""

import numpy as np

from .boxes import enlarged, quotient_above, with_zero
from .condition import Condition
from .functions import slope, value
from .interval import Interval, diagonal, product


class GatedDiagonalMap:
    """The state is c."""

    def __init__(self, layer):
        self.output_size = self.state_size = layer.output_size
        self.nonlinearity, self.gate_nonlinearity = layer.nonlinearity, layer.gate_nonlinearity
        parameters = {name: np.float64(array) for name, array in layer.parameters.items()}
        none = np.zeros(self.state_size)
        self.weight_ih, self.weight_gate = parameters["weight_ih"], parameters["weight_gate"]
        self.bias, self.bias_gate = parameters.get("bias", none), parameters.get("bias_gate", none)

    def gates(self, inputs):
        return value(self.gate_nonlinearity, self._gate_arguments(inputs))

    def drives(self, inputs):
        return value(self.nonlinearity, product(self.weight_ih, inputs) + self.bias)

    def attracting_box(self, inputs):
        """A box around 0, mapped into itself, that every run enters; None where a gate reaches 1, or may."""
        if np.any(self.least_forgotten(inputs) <= 0):
            return None
        box = enlarged(self.unit_bounds(inputs))
        return box if box.is_finite else None

    def unit_bounds(self, inputs):
        """What c converges to, or further in, of units whose gates are below 1; of others it means nothing."""
        gates, drives = self.gates(inputs), with_zero(self.drives(inputs))
        signed = gates.lower >= 0  # a negative gate brings the drives of one side to the other
        return Interval(
            -quotient_above(np.where(signed, -drives.lower, drives.magnitude), self.least_forgotten(inputs)),
            quotient_above(np.where(signed, drives.upper, drives.magnitude), self.least_forgotten(inputs)),
        )

    def least_forgotten(self, inputs):
        """A lower bound of 1 - ``|ψ|``: positive for σ and tanh, which may be 1 to rounding but never are."""
        z = self._gate_arguments(inputs)
        if self.gate_nonlinearity == "sigmoid":
            return value("sigmoid", -z).lower
        if self.gate_nonlinearity == "tanh":
            return (2.0 * value("sigmoid", -2.0 * Interval.exact(z.magnitude))).lower
        if self.gate_nonlinearity == "elu":
            return np.minimum((1.0 - z).lower, slope("elu", z).lower)  # 1 + ψ = exp z is the slope where z < 0
        return (1.0 - Interval.exact(self.gates(inputs).magnitude)).lower

    def output(self, state):
        return state

    def step(self, inputs, state):
        return self.gates(inputs) * state + self.drives(inputs)

    def jacobian(self, inputs, state):
        return diagonal(self.gates(inputs))

    def conditions(self, inputs, box):
        largest = float(np.max(self.gates(inputs).magnitude))
        return tuple(
            Condition("largest gate", name, largest, "docs: stability of gated cells, GatedDiagonal")
            for name in ("bounded", "incremental", "gradients")
        )

    def _gate_arguments(self, inputs):
        return product(self.weight_gate, inputs) + self.bias_gate
