"""Layers that see a fixed number of inputs, and layers whose inputs are not known to be bounded."""

import numpy as np

from ..cells import DelayLine, Dense
from .boxes import with_zero
from .findings import NAMES, LayerFindings, same_of_all
from .functions import value
from .interval import Interval, as_interval, product
from .report import StabilityProperty


class DenseMap:
    """y = φ(W x + b) over boxes."""

    def __init__(self, layer):
        self.nonlinearity = layer.nonlinearity
        self.weight = layer.parameters["weight"].astype(np.float64)
        self.bias = as_interval(layer.parameters.get("bias", np.zeros(layer.output_size)).astype(np.float64))

    def output_of(self, inputs):
        return value(self.nonlinearity, product(self.weight, inputs) + self.bias)


def dense_layer(layer_map, inputs):
    """LayerFindings of a Dense layer: no state."""
    outputs = layer_map.output_of(inputs)
    statement = f"a layer without memory: |output| <= {outputs.magnitude.max():.6g}"
    found = same_of_all("stable", statement, "interval arithmetic", rate=0.0)
    return LayerFindings(*found, as_interval(np.zeros(0)), outputs)


def delay_line_layer(layer, inputs):
    """LayerFindings of a DelayLine: its state is the last inputs, and zeros before them."""
    line = Interval.concatenate([inputs] * layer.steps)
    reached = with_zero(line)
    statement = f"it holds the last {layer.steps} inputs, |input| <= {inputs.magnitude.max():.6g}, and nothing else"
    found = same_of_all("stable", statement, "the cell's definition", rate=0.0)
    return LayerFindings(*found, reached, reached)


def unknown_inputs(layer, judge_linear):
    """Of a layer behind one whose outputs are not known to be bounded.

    Parameters
    ----------
    judge_linear : callable or None
        Of a linear layer: whether it forgets does not depend on its inputs.
    """
    statement = "the layer before it is not known to be bounded"
    if judge_linear is not None:
        found = judge_linear(layer, Interval.symmetric(np.zeros(layer.input_size)))
        bounded = found.bounded
        if bounded.verdict == "stable":
            bounded = StabilityProperty("bounded", "undecided", f"by itself: {bounded.certificate}; but {statement}")
        return LayerFindings(bounded, found.incremental, found.gradients, None, None)
    kind = "stable" if isinstance(layer, (Dense, DelayLine)) else "undecided"
    found = (StabilityProperty(name, "undecided" if name == "bounded" else kind, statement) for name in NAMES)
    return LayerFindings(*found, None, None)
