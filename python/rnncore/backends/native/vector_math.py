"""The kernel's elementwise functions, one instruction-set level at a time."""

import numpy as np

from .extension import _native


def available_targets():
    """Names of the instruction-set levels that were compiled in and that this machine can run, best first."""
    return [target["name"] for target in _native.compiled_targets() if target["supported"]]


def vector_function(name, array, target=None):
    """exp, expm1, log1p, tanh, sigmoid, elu or softplus of a float32 or float64 array, at most 2 ULP off."""
    array = np.ascontiguousarray(array)
    return _native.apply(name, array.ravel(), target or "").reshape(array.shape)
