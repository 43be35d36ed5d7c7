"""Arrays at the border: what users pass in becomes what kernels may trust."""

import numpy as np

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_FINITE_BLOCK = 1 << 16


def as_real_array(name, value):
    """Any real array-like, memory map, ``__array__`` or DLPack object as an ndarray, unconverted.

    Raises ``TypeError`` for what is not numbers (object, complex, strings) and ``ValueError`` for ragged lists.
    """
    if value is None:
        raise TypeError(f"{name} must be an array of real numbers, got None")
    if not isinstance(value, np.ndarray):
        try:
            if hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
                value = np.from_dlpack(value)
            else:
                value = np.asarray(value)
        except (ValueError, TypeError, RuntimeError, BufferError, OverflowError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"{name} cannot be read as an array of real numbers: {error}") from None
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise ValueError(f"{name} has masked elements; fill them before the call")
    if value.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got an array of dtype {value.dtype}")
    return value


def check_shape(name, array, expected):
    """``expected`` holds ints, or strings for the sizes that are free."""
    fits = array.ndim == len(expected) and all(
        isinstance(want, str) or size == want for size, want in zip(array.shape, expected)
    )
    if not fits:
        wanted = ", ".join(str(size) for size in expected) + ("," if len(expected) == 1 else "")
        raise ValueError(f"{name} must have shape ({wanted}), got {array.shape}")


def first_nonfinite(array):
    """Index of the first NaN or infinity in C order, or None; works block by block, never copying the array."""
    if array.dtype.kind in "biu" or array.size == 0:
        return None
    rows = array.reshape(1, 1) if array.ndim == 0 else array
    row_size = max(1, rows[:1].size)
    block = max(1, _FINITE_BLOCK // row_size)
    for start in range(0, len(rows), block):
        part = rows[start : start + block]
        finite = np.isfinite(part)
        if not finite.all():
            index = np.unravel_index(np.argmin(finite), part.shape)
            return (int(index[0]) + start, *(int(i) for i in index[1:]))
    return None


def check_finite(name, array):
    index = first_nonfinite(array)
    if index is not None:
        place = index[0] if len(index) == 1 else index
        raise ValueError(
            f"{name} must be finite, got {array[index]} at index {place}"
            + (" (check_finite=False lets it through)" if name == "inputs" else "")
        )


def native_order(dtype):
    return dtype.newbyteorder("=")


def common_dtype(named_arrays):
    """The one float dtype of a cell's parameters; integers follow it, and alone they become float64."""
    found = {}
    for name, array in named_arrays.items():
        dtype = native_order(array.dtype)
        if dtype.kind != "f":
            continue
        if dtype not in FLOATS:
            raise TypeError(f"{name} must be float32 or float64, got {dtype}")
        found.setdefault(dtype, name)
    if len(found) > 1:
        listed = " but ".join(f"{name} is {dtype}" for dtype, name in found.items())
        raise TypeError(f"parameters must share one dtype: {listed}; convert one of them with .astype")
    return next(iter(found), np.dtype(np.float64))


def as_dtype(value):
    try:
        dtype = native_order(np.dtype(value))
    except TypeError:
        dtype = None
    if dtype not in FLOATS:
        raise TypeError(f"dtype must be float32 or float64, got {value!r}")
    return dtype


def as_count(name, value, least):
    """A Python int of at least ``least``; booleans and floats are refused."""
    if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    value = value.__index__()
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")
    return value
