"""Where a long result goes: fresh memory, the caller's array or memory map, or a file that appears only when whole."""

import os
import sys
import tempfile
from contextlib import contextmanager

import numpy as np

from .memory_maps import release, reserve
from .runs import check_out


@contextmanager
def destination(out, shape, dtype, run):
    """Yields the array to fill. A file path becomes an .npy file, renamed into place when the block ends well."""
    _check_size(shape, dtype)
    if out is None:
        try:
            array = np.empty(shape, dtype)
        except MemoryError:
            raise MemoryError(f"{_describe(shape, dtype)} do not fit in memory; use keep= or out=") from None
        yield array
    elif isinstance(out, (str, os.PathLike)):
        with _npy_file(os.fspath(out), shape, dtype) as array:
            yield array
    else:
        check_out(out, shape, dtype, run)
        reserve(out)
        yield out


def _describe(shape, dtype):
    return f"outputs of shape {shape} ({np.dtype(dtype).itemsize * np.prod([float(s) for s in shape]):.3g} bytes)"


def _check_size(shape, dtype):
    size = np.dtype(dtype).itemsize
    for length in shape:
        size *= max(1, length)
    if size > sys.maxsize and 0 not in shape:
        raise ValueError(f"{_describe(shape, dtype)} are more than this machine can address; use keep='last'")


@contextmanager
def _npy_file(path, shape, dtype):
    folder, name = os.path.split(os.path.abspath(path))
    if os.path.isdir(path):
        raise IsADirectoryError(f"out is a directory: {path}")
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=".partial", dir=folder)
    os.close(descriptor)
    try:
        if 0 in shape:
            array = np.empty(shape, dtype)
            with open(temporary, "wb") as file:
                np.lib.format.write_array(file, array)
        else:
            array = np.lib.format.open_memmap(temporary, "w+", dtype, shape)
            reserve(array)
        yield array
        if isinstance(array, np.memmap):
            array.flush()
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


class Rows:
    """A destination seen by a walk: C-contiguous rows to fill, copied on where the array is laid out otherwise."""

    def __init__(self, array, width):
        self.array, self.width, self.next = array, width, 0

    def take(self, count):
        """The next ``count`` rows as a ``(count, B, size)`` array to be written."""
        part = self.array[self.next : self.next + count]
        self._part = part
        flat = (len(part), self.width, part.shape[-1])
        self._buffer = part.reshape(flat) if part.flags.c_contiguous else np.empty(flat, part.dtype)
        self.next += count
        return self._buffer

    def done(self):
        """The rows are filled: write them through and give their memory-mapped pages back."""
        if not self._part.flags.c_contiguous:
            self._part[...] = self._buffer.reshape(self._part.shape)
        release(self._part)
