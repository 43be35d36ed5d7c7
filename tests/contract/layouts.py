"""Ways to lay out the same numbers: each takes an array and gives one of equal value, or an object in its place."""

import tempfile
from pathlib import Path

import numpy as np
import torch


class Subclass(np.ndarray):
    """An ndarray that indexes in its own way, as units and matrices do."""

    def __getitem__(self, index):
        raise AssertionError("only the plain array underneath is to be read")


class ArrayOnly:
    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return self.array


class DLPackOnly:
    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def strided(array):
    return np.repeat(array, 2, axis=-1)[..., ::2]


def every_third_row(array):
    return np.repeat(array, 3, axis=0)[1::3]


def reversed_axes(array):
    backwards = (slice(None, None, -1),) * array.ndim
    return array[backwards].copy()[backwards]


def unaligned(array):
    memory = np.empty(array.nbytes + 1, np.uint8)
    moved = memory[1:].view(array.dtype).reshape(array.shape)
    moved[...] = array
    assert not moved.flags.aligned or moved.size == 0
    return moved


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def memory_map(array, offset=0, mode="r"):
    with tempfile.TemporaryDirectory() as folder:  # the map outlives its name
        path = Path(folder) / "array"
        path.write_bytes(bytes(offset) + array.tobytes())
        return np.memmap(path, array.dtype, mode, offset, array.shape)


LAYOUTS = {
    "strided": strided,
    "every third row": every_third_row,
    "negative strides": reversed_axes,
    "Fortran order": np.asfortranarray,
    "axes swapped in memory": lambda array: np.ascontiguousarray(np.moveaxis(array, 0, -1)).transpose(
        (array.ndim - 1, *range(array.ndim - 1))
    ),
    "byte-swapped": lambda array: array.astype(array.dtype.newbyteorder("S")),
    "unaligned": unaligned,
    "read-only": read_only,
    "memory map": memory_map,
    "memory map at an odd offset": lambda array: memory_map(array, offset=4099),
    "copy-on-write map": lambda array: memory_map(array, mode="c"),
    "field of a structure": lambda array: np.rec.fromarrays([array, array], names="value,other").value,
    "float64": lambda array: array.astype(np.float64),
    "longdouble": lambda array: array.astype(np.longdouble),
    "nested lists": lambda array: array.tolist(),
    "list of rows": list,
    "subclass": lambda array: array.view(Subclass),
    "unmasked": np.ma.array,
    "torch tensor": torch.tensor,
    "torch tensor, transposed": lambda array: torch.tensor(array.T.copy()).permute(*reversed(range(array.ndim))),
    "__array__ only": ArrayOnly,
    "DLPack only": DLPackOnly,
}
