"""φ(z) and φ'(z), elementwise."""

import numpy as np


def identity(z):
    return z


def relu(z):
    return np.maximum(z, 0)


def sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def elu(z):
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


def softplus(z):
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


NONLINEARITIES = {
    "identity": identity,
    "tanh": np.tanh,
    "relu": relu,
    "sigmoid": sigmoid,
    "elu": elu,
    "softplus": softplus,
}


# From z, not from φ(z): 1 - tanh² would lose all its digits, and at last be 0, where a unit saturates.


def identity_slope(z):
    return np.ones_like(z)


def tanh_slope(z):
    """1 / cosh² z"""
    e = np.exp(-2 * np.abs(z))
    return 4 * e / (1 + e) ** 2


def relu_slope(z):
    """0 at the kink, as in torch; NaN stays NaN."""
    return np.where(np.isnan(z), z, z > 0).astype(z.dtype)


def sigmoid_slope(z):
    e = np.exp(-np.abs(z))
    return e / (1 + e) ** 2


def elu_slope(z):
    return np.exp(np.minimum(z, 0))


SLOPES = {
    "identity": identity_slope,
    "tanh": tanh_slope,
    "relu": relu_slope,
    "sigmoid": sigmoid_slope,
    "elu": elu_slope,
    "softplus": sigmoid,
}
