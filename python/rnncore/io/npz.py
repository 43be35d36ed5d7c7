"""NumPy archives of named arrays; pickled objects are never read."""

import os
import zipfile
import zlib
from contextlib import contextmanager

import numpy as np

from ..errors import FormatError


def read_npz(path):
    """Arrays by name, and the 0-d ones apart as plain values: ``(tensors, about)``."""
    arrays = read_arrays(path)
    about = {name: array.item() for name, array in arrays.items() if array.ndim == 0}
    return {name: array for name, array in arrays.items() if array.ndim}, about


def write_npz(path, tensors, about):
    with open(path, "wb") as file:
        np.savez(file, **tensors, **{name: np.array(value) for name, value in about.items()})


def read_arrays(path, keys=None):
    """All arrays of an archive, or those named by ``keys``."""
    with open_archive(path) as archive:
        return {key: _read_array(archive, key, path) for key in (archive.files if keys is None else keys)}


@contextmanager
def open_archive(path):
    """The archive, once it is sure to be one."""
    if os.path.getsize(path) == 0:
        raise FormatError(f"{path}: the file is empty")
    with open(path, "rb") as file:
        if file.read(2) != b"PK":
            raise FormatError(f"{path}: offset 0: not an .npz archive (it does not begin with PK)")
        file.seek(0)
        try:
            archive = np.load(file, allow_pickle=False)
        except (zipfile.BadZipFile, ValueError, EOFError) as error:
            raise FormatError(f"{path}: truncated or damaged archive: {error}") from None
        with archive:
            yield archive


def _read_array(archive, key, path):
    try:
        array = archive[key]
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, MemoryError, NotImplementedError) as error:
        if "pickle" in str(error):
            raise FormatError(f"{path}: key {key!r} holds pickled Python objects, which are never read") from None
        raise FormatError(f"{path}: key {key!r} is truncated or damaged: {error}") from None
    if not isinstance(array, np.ndarray):
        raise FormatError(f"{path}: key {key!r} is no .npy array")
    return array
