"""What the gates of a layer are along a trajectory: worked out again from its states, in float64.

NumPy multiplies a stack of matrices one by one: the bits of a step do not depend on how many come with it.

Every class below reads one kind of cell. ``before`` and ``after`` are the layer's states before and after the steps,
``signal`` what comes into it (None: nothing), all with the same leading axes.

memory : slice
    The components of the layer's state that the gates keep: c of an LSTM, h of a GRU.
units : int
drives : of the named gate, z before its nonlinearity.
log_factors : ``(logs, half_turns)`` of the factor by which one step keeps the memory: natural logs of its magnitude,
    ``(…, units)``, and its angle in units of π, or None where all are positive.
output_slope : ∂h_t/∂c_t with all else of the step held, ``(…, units)``; None where the output is the memory itself.
"""

import numpy as np

from ..backends.reference.nonlinearities import NONLINEARITIES, SLOPES
from ..cells import GRU, LSTM, Diagonal, GatedDiagonal


class LSTMGates:
    """c_t = f c_{t-1} + i g, h_t = o tanh c_t. A peephole lets a gate see c; the gate is still all that keeps it."""

    names = ("input", "forget", "output")
    nonlinearity = "sigmoid"

    def __init__(self, layer):
        self.units = layer.output_size
        self.memory = slice(self.units, 2 * self.units)
        self._parameters = _in_double(layer)

    def drive(self, name, before, after, signal):
        block, peephole = {"input": (0, "weight_ci"), "forget": (1, "weight_cf"), "output": (3, "weight_co")}[name]
        z = _gate_drive(self._parameters, block, before[..., : self.units], signal)
        peephole = self._parameters.get(peephole)
        if peephole is not None:
            z += peephole * (after if name == "output" else before)[..., self.memory]
        return z

    def log_factors(self, before, after, signal):
        return log_magnitude("sigmoid", self.drive("forget", before, after, signal)), None

    def output_slope(self, before, after, signal):
        z, c = self.drive("output", before, after, signal), after[..., self.memory].astype(np.float64)
        slope = NONLINEARITIES["sigmoid"](z) * SLOPES["tanh"](c)
        peephole = self._parameters.get("weight_co")
        return slope if peephole is None else slope + peephole * SLOPES["sigmoid"](z) * np.tanh(c)


class GRUGates:
    """h_t = (1 - z) n + z h_{t-1}: the update gate z keeps what was there."""

    names = ("reset", "update")
    nonlinearity = "sigmoid"

    def __init__(self, layer):
        self.units = layer.output_size
        self.memory = slice(0, self.units)
        self._parameters = _in_double(layer)

    def drive(self, name, before, after, signal):
        return _gate_drive(self._parameters, self.names.index(name), before, signal)

    def log_factors(self, before, after, signal):
        return log_magnitude("sigmoid", self.drive("update", before, after, signal)), None

    def output_slope(self, before, after, signal):
        return None


class GatedDiagonalGates:
    """c_t = ψ(W_gate x_t + b_gate) c_{t-1} + φ(W_ih x_t + b): the gate is the whole derivative."""

    names = ("forget",)

    def __init__(self, layer):
        self.units = layer.output_size
        self.memory = slice(0, self.units)
        self.nonlinearity = layer.gate_nonlinearity
        self._parameters = _in_double(layer)

    def drive(self, name, before, after, signal):
        z = np.broadcast_to(self._parameters.get("bias_gate", 0.0), (*after.shape[:-1], self.units))
        return z if signal is None else z + signal @ self._parameters["weight_gate"].T

    def log_factors(self, before, after, signal):
        z = self.drive("forget", before, after, signal)
        half_turns = None
        if self.nonlinearity not in ("sigmoid", "softplus", "relu"):
            half_turns = np.where(NONLINEARITIES[self.nonlinearity](z) < 0, 1.0, 0.0)
        return log_magnitude(self.nonlinearity, z), half_turns

    def output_slope(self, before, after, signal):
        return None


class DiagonalGates:
    """h_t = λ h_{t-1} + W_ih x_t + b: a gate that never moves."""

    names = ()
    nonlinearity = "identity"

    def __init__(self, layer):
        weight = np.asarray(layer.parameters["weight_hh"])
        self.units = len(weight)
        self.memory = slice(0, layer.state_size)
        with np.errstate(divide="ignore"):
            self._logs = np.log(np.abs(weight.astype(np.result_type(weight, np.float64))))
        self._half_turns = np.angle(weight.astype(np.complex128)) / np.pi

    def log_factors(self, before, after, signal):
        shape = (*after.shape[:-1], self.units)
        return np.broadcast_to(self._logs, shape), np.broadcast_to(self._half_turns, shape)

    def output_slope(self, before, after, signal):
        return None


GATES = {LSTM: LSTMGates, GRU: GRUGates, GatedDiagonal: GatedDiagonalGates, Diagonal: DiagonalGates}


def log_magnitude(nonlinearity, z):
    """ln |φ(z)|; of the logistic function from z itself, so that neither 0 nor 1 rounds it away."""
    with np.errstate(divide="ignore", under="ignore"):
        if nonlinearity == "sigmoid":
            return np.minimum(z, 0) - np.log1p(np.exp(-np.abs(z)))
        return np.log(np.abs(NONLINEARITIES[nonlinearity](z)))


def _in_double(layer):
    return {name: np.asarray(array, np.float64) for name, array in layer.parameters.items()}


def _gate_drive(parameters, block, h, signal):
    """W_hh h + W_ih x + b_ih + b_hh, the rows of one gate of several stacked."""
    size = parameters["weight_hh"].shape[1]
    rows = slice(block * size, (block + 1) * size)
    z = h @ parameters["weight_hh"][rows].T
    if signal is not None and "weight_ih" in parameters:
        z += signal @ parameters["weight_ih"][rows].T
    for name in ("bias_ih", "bias_hh"):
        if name in parameters:
            z += parameters[name][rows]
    return z
