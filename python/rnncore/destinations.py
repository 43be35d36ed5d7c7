"""Where a long result goes: fresh memory, the caller's array or memory map, or a file that appears only when whole."""

import math
import os
import sys
from contextlib import contextmanager

import numpy as np

from .arrays import check_shape
from .memory_maps import release, reserve, same_memory
from .whole_files import naming, whole_file


@contextmanager
def destination(out, shape, dtype, run, *, what="outputs", instead="keep='last'", others=None):
    """Yields the array to fill. A file path becomes an .npy file, renamed into place when the block ends well.

    ``what`` it holds, and what to use ``instead`` of so large a one, are for messages; ``out`` may overlap neither the
    run's arrays in memory nor the ``others``, by name.
    """
    described = f"{what} of shape {shape} ({math.prod(shape) * np.dtype(dtype).itemsize:.3g} bytes)"
    if math.prod(max(1, length) for length in shape) * np.dtype(dtype).itemsize > sys.maxsize:
        raise ValueError(f"{described} are more than this machine can address; use {instead}")
    if out is None:
        try:
            array = np.empty(shape, dtype)
        except MemoryError:
            raise MemoryError(f"{described} do not fit in memory; use {instead} or out=") from None
        yield array
    elif isinstance(out, (str, os.PathLike)):
        with _npy_file(os.path.realpath(out), shape, dtype) as array:
            yield array
    else:
        _check_out(out, shape, dtype, {"inputs": run.inputs, **run.cell.parameters, **(others or {})})
        with naming(getattr(out, "filename", None)):
            reserve(out)
        yield out


@contextmanager
def _npy_file(path, shape, dtype):
    with whole_file(path) as temporary:
        with naming(path):
            array = np.lib.format.open_memmap(temporary, "w+", dtype, shape)
            reserve(array)
        yield array
        with naming(path):
            array.flush()
    array.filename = path


def _check_out(out, shape, dtype, others):
    """An array to write into: its shape, dtype, and that it is none of the others' memory."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out must be an array, a memory map or a file path, got {type(out).__name__}")
    check_shape("out", out, shape)
    if out.dtype != dtype:
        raise TypeError(f"out must have the cell's dtype {dtype}, got {out.dtype}")
    if not out.flags.writeable:
        raise ValueError("out is read-only")
    if _repeats_memory(out):
        raise ValueError(f"out has elements that share memory: shape {out.shape}, strides {out.strides}")
    for name, other in others.items():
        if isinstance(other, np.ndarray) and same_memory(out, other):
            raise ValueError(f"out overlaps {name} in memory; give it memory of its own")


def _repeats_memory(array):
    span = array.itemsize
    for stride, size in sorted((abs(stride), size) for stride, size in zip(array.strides, array.shape) if size > 1):
        if stride < span:
            return array.size > 0
        span += stride * (size - 1)
    return False


class Rows:
    """A destination seen by a walk: C-contiguous rows to fill, copied on where the array is laid out otherwise."""

    def __init__(self, array, width):
        self.array, self.width, self.next = np.asarray(array), width, 0

    def take(self, count):
        """The next ``count`` rows as a ``(count, B, size)`` array to be written."""
        self.next += count
        return self.between(self.next - count, self.next)

    def between(self, start, stop):
        """Those rows, likewise."""
        part = self.array[start:stop]
        self._part = part
        flat = (len(part), self.width, part.shape[-1])
        self._buffer = part.reshape(flat) if part.flags.carray else np.empty(flat, part.dtype)
        return self._buffer

    def done(self):
        """The rows are filled: write them through and give their memory-mapped pages back."""
        if not self._part.flags.carray:
            self._part[...] = self._buffer.reshape(self._part.shape)
        release(self._part)
