"""φ(z), elementwise."""

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
