"""z ← φ(z), in place."""

from ...cells import NONLINEARITIES
from .compilation import kernel
from .vector_math import elu, relu, sigmoid, softplus, tanh

TANH, RELU, SIGMOID, ELU, SOFTPLUS = map(NONLINEARITIES.index, ("tanh", "relu", "sigmoid", "elu", "softplus"))


@kernel
def activate(nonlinearity, z):
    """``nonlinearity``: its index in ``NONLINEARITIES``."""
    if nonlinearity == TANH:
        for i in range(len(z)):
            z[i] = tanh(z[i])
    elif nonlinearity == RELU:
        for i in range(len(z)):
            z[i] = relu(z[i])
    elif nonlinearity == SIGMOID:
        for i in range(len(z)):
            z[i] = sigmoid(z[i])
    elif nonlinearity == ELU:
        for i in range(len(z)):
            z[i] = elu(z[i])
    elif nonlinearity == SOFTPLUS:
        for i in range(len(z)):
            z[i] = softplus(z[i])
