"""Arrays at the border: what users pass in becomes what kernels may trust."""

import math
import operator
import sys
from numbers import Real

import numpy as np

from .memory_maps import released_after

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def as_real_array(name, value):
    """Any real array-like, memory map, ``__array__`` or DLPack object as a plain ndarray, unconverted.

    Raises ``TypeError`` for what is not numbers (object, complex, strings) and ``ValueError`` for ragged lists.
    """
    return _as_array(name, value, "biuf", "real numbers")


def as_number_array(name, value):
    """The same of real or complex numbers."""
    return _as_array(name, value, "biufc", "numbers")


def _as_array(name, value, kinds, what):
    if value is None:
        raise TypeError(f"{name} must be an array of {what}, got None")
    if np.ma.isMaskedArray(value) and np.ma.is_masked(value):
        raise ValueError(f"{name} has masked elements; fill them before the call")
    try:
        only_dlpack = hasattr(value, "__dlpack__") and not hasattr(value, "__array__")
        array = np.from_dlpack(value) if only_dlpack else np.asarray(value)
    except MemoryError:
        raise
    except Exception as error:  # whatever a foreign __array__ raises
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name} cannot be read as an array of {what}: {error}") from error
    if array.dtype.kind not in kinds:
        raise TypeError(f"{name} must hold {what}, got an array of dtype {array.dtype}")
    return array


def check_shape(name, array, expected):
    """``expected`` holds ints, or strings for the sizes that are free."""
    fits = array.ndim == len(expected) and all(
        isinstance(want, str) or size == want for size, want in zip(array.shape, expected)
    )
    if not fits:
        wanted = ", ".join(str(size) for size in expected) + ("," if len(expected) == 1 else "")
        raise ValueError(f"{name} must have shape ({wanted}), got {array.shape}")


def first_nonfinite(array, dtype):
    """Index of the first NaN, infinity or overflow in ``dtype``, in C order, or None; never copies the array."""
    if array.dtype.kind in "biu":
        return None
    narrows = array.dtype.itemsize > dtype.itemsize
    for start, part in released_after(array):
        with np.errstate(over="ignore", invalid="ignore"):
            finite = np.isfinite(part.astype(dtype) if narrows else part)
        if not finite.all():
            first, *rest = np.unravel_index(np.argmin(finite), part.shape)
            return (int(first) + start, *map(int, rest))
    return None


def check_finite(name, array, dtype, remedy=""):
    index = first_nonfinite(array, dtype)
    if index is not None:
        place = index[0] if len(index) == 1 else index
        raise ValueError(f"{name} must be finite in {dtype}, got {array[index]!s} at index {place}{remedy}")


def real_dtype(dtype):
    """That of the real part of such numbers."""
    return np.empty(0, dtype).real.dtype


def common_dtype(named_arrays):
    """The one float dtype of a cell's parameters, complex ones that of their parts; integers follow it, and alone they
    become float64."""
    found = {}
    for name, array in named_arrays.items():
        dtype = array.dtype.newbyteorder("=")
        if dtype.kind not in "fc":
            continue
        real = real_dtype(dtype)
        if real not in FLOATS:
            kinds = "float32 or float64" if dtype.kind == "f" else "complex64 or complex128"
            raise TypeError(f"{name} must be {kinds}, got {dtype}")
        found.setdefault(real, f"{name} is {dtype}")
    if len(found) > 1:
        listed = " but ".join(found.values())
        raise TypeError(f"parameters must share one dtype: {listed}; convert one of them with .astype")
    return next(iter(found), np.dtype(np.float64))


def as_dtype(value):
    try:
        dtype = np.dtype(value).newbyteorder("=")
    except TypeError:
        dtype = np.dtype(object)
    if value is None or dtype not in FLOATS:  # numpy takes None for float64
        raise TypeError(f"dtype must be float32 or float64, got {value!r}")
    return dtype


def as_flag(name, value):
    """A Python bool; nothing else passes for one."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def as_number(name, value):
    """A Python float; booleans and strings are refused, and what float64 cannot hold is infinite."""
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number, got {value!r}")
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def as_count(name, value, least):
    """A Python int of at least ``least`` that 64 bits hold; booleans and floats are refused."""
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        count = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {value!r}") from None
    if not least <= count <= sys.maxsize:
        bound = f"at least {least}" if count < least else f"at most {sys.maxsize}"
        raise ValueError(f"{name} must be {bound}, got {count}")
    return count
