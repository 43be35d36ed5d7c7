"""h_t = (1 - a) h_{t-1} + a φ(W_hh h_{t-1} + W_ih x_t + b); a linear recursion has φ = identity and a = 1."""

from .nonlinearities import NONLINEARITIES


class ReferenceElman:
    def __init__(self, cell):
        parameters = cell.parameters
        self.weight_hh = parameters["weight_hh"]
        self.weight_ih = parameters.get("weight_ih")
        self.biases = [parameters[name] for name in ("bias_ih", "bias_hh") if name in parameters]
        self.nonlinearity = NONLINEARITIES[cell.nonlinearity]
        self.leak = cell.leak

    def step(self, number, x, h):
        z = h @ self.weight_hh.T
        if x is not None and self.weight_ih is not None:
            z = z + x @ self.weight_ih.T
        for bias in self.biases:
            z = z + bias
        h = (1 - self.leak) * h + self.leak * self.nonlinearity(z) if self.leak != 1 else self.nonlinearity(z)
        return h, h


class ReferenceLinear:
    def __init__(self, cell):
        parameters = cell.parameters
        self.weight_hh = parameters["weight_hh"]
        self.weight_ih = parameters.get("weight_ih")
        self.bias = parameters.get("bias", 0)

    def step(self, number, x, h):
        h = h @ self.weight_hh.T + self.bias
        if x is not None and self.weight_ih is not None:
            h = h + x @ self.weight_ih.T
        return h, h
