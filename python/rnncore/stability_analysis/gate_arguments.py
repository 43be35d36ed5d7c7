"""The parameters of gated cells as exact float64 numbers, and what their gates are functions of."""

import numpy as np

from .interval import Interval, product


class GateArguments:
    """z = W_hh h + W_ih x + b_ih + b_hh for boxes of h and x: rows of all gates, in the cell's order."""

    def __init__(self, layer):
        parameters = {name: np.float64(array) for name, array in layer.parameters.items()}
        rows = len(parameters["weight_hh"])
        self.weight_hh = parameters["weight_hh"]
        self.weight_ih = parameters.get("weight_ih", np.zeros((rows, 0)))
        self.bias_ih, self.bias_hh = (parameters.get(name, np.zeros(rows)) for name in ("bias_ih", "bias_hh"))
        self.bias = Interval.exact(self.bias_ih) + self.bias_hh
        self.gates = rows // layer.output_size

    def driven(self, inputs):
        """W_ih x + b_ih + b_hh"""
        return product(self.weight_ih, inputs) + self.bias

    def __call__(self, inputs, h):
        return product(self.weight_hh, h) + self.driven(inputs)

    def split(self, rows):
        """The part of each gate of something that has a row for each of their units."""
        size = len(self.weight_hh) // self.gates
        return [rows[gate * size : (gate + 1) * size] for gate in range(self.gates)]
