"""z ← φ(z) and z ← φ'(z), in place."""

import numpy as np

from ...cells import NONLINEARITIES
from .compilation import kernel
from .vector_math import elu, elu_slope, relu, relu_slope, sigmoid, sigmoid_slope, softplus, tanh, tanh_slope

TANH, RELU, SIGMOID, ELU, SOFTPLUS = map(NONLINEARITIES.index, ("tanh", "relu", "sigmoid", "elu", "softplus"))


@kernel
def activate(nonlinearity, z, start, stop):
    """z[start:stop]; ``nonlinearity``: its index in ``NONLINEARITIES``.

    No slices and unsigned indices: numba would count references to a slice (30 ns a step) and test for negative ones.
    """
    elements = range(np.uintp(start), np.uintp(stop))
    if nonlinearity == TANH:
        for i in elements:
            z[i] = tanh(z[i])
    elif nonlinearity == RELU:
        for i in elements:
            z[i] = relu(z[i])
    elif nonlinearity == SIGMOID:
        for i in elements:
            z[i] = sigmoid(z[i])
    elif nonlinearity == ELU:
        for i in elements:
            z[i] = elu(z[i])
    elif nonlinearity == SOFTPLUS:
        for i in elements:
            z[i] = softplus(z[i])


@kernel
def differentiate(nonlinearity, leak, z, start, stop):
    """z ← leak · φ'(z) for z[start:stop]."""
    elements = range(np.uintp(start), np.uintp(stop))
    if nonlinearity == TANH:
        for i in elements:
            z[i] = leak * tanh_slope(z[i])
    elif nonlinearity == RELU:
        for i in elements:
            z[i] = leak * relu_slope(z[i])
    elif nonlinearity == SIGMOID:
        for i in elements:
            z[i] = leak * sigmoid_slope(z[i])
    elif nonlinearity == ELU:
        for i in elements:
            z[i] = leak * elu_slope(z[i])
    elif nonlinearity == SOFTPLUS:
        for i in elements:
            z[i] = leak * sigmoid(z[i])
    else:
        for i in elements:
            z[i] = leak


@kernel
def activate_part(nonlinearity, z, start, size, stride, rows):
    """z ← φ(z) for ``size`` elements of each of ``rows`` rows, the first at ``start``, ``stride`` apart."""
    for first in range(start, start + rows * stride, stride):
        activate(nonlinearity, z, first, first + size)


@kernel
def differentiate_part(nonlinearity, z, start, size, stride, rows):
    """z ← φ'(z) for the same."""
    for first in range(start, start + rows * stride, stride):
        differentiate(nonlinearity, z.dtype.type(1), z, first, first + size)
