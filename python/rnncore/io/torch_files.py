"""What ``torch.save(module.state_dict(), path)`` writes, read without torch and without running anything.

A zip archive: ``*/data.pkl``, a pickle that names tensors as views of storages, and the storages as raw numbers. The
pickle is read by an unpickler that knows dicts, tensors and parameters, and refuses every other name.
"""

import io
import math
import pickle
import zipfile
import zlib
from collections import OrderedDict

import numpy as np

from ..errors import FormatError

_DTYPES = {
    "FloatStorage": "f4", "DoubleStorage": "f8", "HalfStorage": "f2", "LongStorage": "i8", "IntStorage": "i4",
    "ShortStorage": "i2", "CharStorage": "i1", "ByteStorage": "u1", "BoolStorage": "b1",
    "ComplexFloatStorage": "c8", "ComplexDoubleStorage": "c16",
}  # fmt: skip
_OLDER = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # how files of torch before 1.6 begin


def read_torch(path):
    """``(tensors, about)``: arrays by name; such files say nothing beside them."""
    with open(path, "rb") as file:
        start = file.read(len(_OLDER))
        if not start:
            raise FormatError(f"{path}: the file is empty")
        if start == _OLDER:
            raise FormatError(f"{path}: of the format before torch 1.6; load it with torch and save it again")
        if start[:2] != b"PK":
            raise FormatError(f"{path}: offset 0: not a file of torch.save (it does not begin with PK)")
        try:
            with zipfile.ZipFile(file) as archive:
                content = _Archive(archive, path).content()
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
            raise FormatError(f"{path}: truncated or damaged archive: {error}") from None
    return _find_tensors(content, path), {}


class _Archive:
    """The parts of the archive; storages are read as the pickle asks for them."""

    def __init__(self, archive, path):
        self._archive, self._path, self._storages = archive, path, {}
        pickles = [name for name in archive.namelist() if name.rpartition("/")[2] == "data.pkl"]
        if len(pickles) != 1:
            raise FormatError(f"{path}: not a file of torch.save (it holds no data.pkl)")
        self._folder = pickles[0].removesuffix("data.pkl")
        names = set(archive.namelist())
        order = archive.read(f"{self._folder}byteorder") if f"{self._folder}byteorder" in names else b"little"
        self._byteorder = ">" if order == b"big" else "<"

    def content(self):
        try:
            return _Unpickler(io.BytesIO(self._archive.read(f"{self._folder}data.pkl")), self).load()
        except (FormatError, zipfile.BadZipFile):
            raise
        except Exception as error:  # broken pickles raise half of what there is
            raise FormatError(f"{self._path}: data.pkl is damaged: {error}") from None

    def storage(self, name, key):
        """The numbers of one storage, flat."""
        if name not in _DTYPES:
            raise FormatError(f"{self._path}: it holds a torch.{name}; convert the weights to float32 or float64 first")
        if key not in self._storages:
            dtype = np.dtype(_DTYPES[name]).newbyteorder(self._byteorder)
            numbers = np.frombuffer(self._archive.read(f"{self._folder}data/{key}"), dtype)
            self._storages[key] = numbers.astype(dtype.newbyteorder("="), copy=False)
        return self._storages[key]

    def refuse(self, module, name):
        raise FormatError(
            f"{self._path}: it holds Python objects, {module}.{name}, which are never read; save the state_dict() alone"
        )


class _Unpickler(pickle.Unpickler):
    def __init__(self, file, archive):
        super().__init__(file)
        self._archive = archive

    def find_class(self, module, name):
        if module == "torch" and name.endswith("Storage"):
            return name
        found = _KNOWN.get((module, name))
        return found if found is not None else self._archive.refuse(module, name)

    def persistent_load(self, identifier):
        kind, name, key, _device, _size = identifier
        if kind != "storage":
            raise pickle.UnpicklingError(f"unknown reference {kind!r}")
        return self._archive.storage(name, key)


def _rebuild_tensor(storage, offset, shape, strides, *_):
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides))
    if (
        min(offset, *shape, *strides, 0) < 0
        or len(shape) != len(strides)
        or (math.prod(shape) and last >= len(storage))
    ):
        raise pickle.UnpicklingError(f"a tensor of shape {shape} lies outside its storage")
    steps = [stride * storage.itemsize for stride in strides]
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, steps, writeable=False).copy()


def _rebuild_parameter(tensor, *_):
    return tensor


_KNOWN = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
}


def _find_tensors(content, path):
    """The state dict, which may be one entry of a checkpoint."""
    if _is_state_dict(content):
        return dict(content)
    found = [key for key, value in content.items() if _is_state_dict(value)] if isinstance(content, dict) else []
    if len(found) != 1:
        what = f"several: {', '.join(map(repr, found))}" if found else "none"
        raise FormatError(f"{path}: it should hold one state dict, of names and tensors, but holds {what}")
    return dict(content[found[0]])


def _is_state_dict(value):
    return (
        isinstance(value, dict)
        and len(value) > 0
        and all(isinstance(key, str) and isinstance(array, np.ndarray) for key, array in value.items())
    )
