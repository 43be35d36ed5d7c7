"""The safetensors format: eight bytes of header length, a JSON header, raw little-endian tensors.

It has complex64 (in files of late) but no complex128: a complex array is written as two, ``NAME.real`` and
``NAME.imag``, which every reader of the format understands.
"""

import json
import math
import os

import numpy as np

from ..errors import FormatError

DTYPES = {
    "F64": "<f8", "F32": "<f4", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1", "C64": "<c8",
}  # fmt: skip
_NAMES = {np.dtype(code): name for name, code in DTYPES.items()}
_HALF = {"F16": "float16", "BF16": "bfloat16"}
_LONGEST_HEADER = 100_000_000  # the format's own limit


def read_safetensors(path):
    """``(tensors, about)``: arrays by name and the strings of ``__metadata__``."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        header = _read_header(file, size, path)
        about = header.pop("__metadata__", {})
        if not (isinstance(about, dict) and all(isinstance(value, str) for value in about.values())):
            raise FormatError(f"{path}: __metadata__ must map strings to strings")
        data = file.read()
    start = size - len(data)
    tensors, end = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: _offsets(*item, path)):
        dtype, shape, (first, last) = _check_entry(name, entry, path)
        if first != end:
            raise FormatError(f"{path}: key {name!r}: data begins at offset {start + first}, expected {start + end}")
        if last > len(data):
            raise FormatError(f"{path}: key {name!r}: truncated, its data ends at offset {start + last} of {size}")
        tensors[name] = np.frombuffer(data, dtype, count=math.prod(shape), offset=first).reshape(shape)
        end = last
    if end != len(data):
        raise FormatError(f"{path}: offset {start + end}: {len(data) - end} bytes after the last tensor")
    return _join_parts(tensors, path), about


def write_safetensors(path, tensors, about):
    """Largest elements first, so that every tensor is aligned to its element size."""
    arrays = {name: np.ascontiguousarray(array) for name, array in _split_parts(tensors)}
    arrays = dict(sorted(arrays.items(), key=lambda item: -item[1].itemsize))
    header, end = {}, 0
    if about:
        header["__metadata__"] = {name: str(value) for name, value in about.items()}
    for name, array in arrays.items():
        entry = {"dtype": _NAMES[array.dtype], "shape": list(array.shape), "data_offsets": [end, end + array.nbytes]}
        header[name], end = entry, end + array.nbytes
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little"))
        file.write(text)
        for array in arrays.values():
            file.write(array.reshape(-1).view(np.uint8) if array.size else b"")


def _split_parts(tensors):
    for name, array in tensors.items():
        if array.dtype.kind == "c":
            yield f"{name}.real", array.real
            yield f"{name}.imag", array.imag
        else:
            yield name, array


def _join_parts(tensors, path):
    joined = {}
    for key, array in tensors.items():
        name, _, part = key.rpartition(".")
        if not name or part not in ("real", "imag"):
            joined[key] = array
            continue
        other = f"{name}.imag" if part == "real" else f"{name}.real"
        if other not in tensors:
            raise FormatError(f"{path}: key {other!r} is missing beside {key!r}")
        if part == "real":
            imaginary = tensors[other]
            if (array.shape, array.dtype) != (imaginary.shape, imaginary.dtype) or array.dtype.kind != "f":
                raise FormatError(
                    f"{path}: keys {key!r} and {other!r} must be floats of one shape and dtype, got {array.dtype} of "
                    f"{array.shape} and {imaginary.dtype} of {imaginary.shape}"
                )
            joined[name] = array + 1j * imaginary
    return joined


def _read_header(file, size, path):
    if size == 0:
        raise FormatError(f"{path}: the file is empty")
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or length > min(size - 8, _LONGEST_HEADER):
        raise FormatError(
            f"{path}: offset 0: header of {length} bytes in a file of {size}: truncated, or no safetensors"
        )
    try:
        header = json.loads(file.read(length).decode())
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise FormatError(f"{path}: offset 8: the header is not JSON: {error}") from None
    if not isinstance(header, dict):
        raise FormatError(f"{path}: offset 8: the header must be a JSON object")
    return header


def _offsets(name, entry, path):
    offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
    if not (_is_counts(offsets) and len(offsets) == 2 and offsets[0] <= offsets[1]):
        raise FormatError(f"{path}: key {name!r}: data_offsets must be two ordered integers, got {offsets!r}")
    return tuple(offsets)


def _check_entry(name, entry, path):
    code, shape = entry.get("dtype"), entry.get("shape")
    if code in _HALF:
        raise FormatError(f"{path}: key {name!r} is {_HALF[code]}; convert the weights to float32 or float64 first")
    if code not in DTYPES:
        raise FormatError(f"{path}: key {name!r}: unknown dtype {code!r}")
    if not _is_counts(shape):
        raise FormatError(f"{path}: key {name!r}: shape must be a list of sizes, got {shape!r}")
    dtype, (first, last) = np.dtype(DTYPES[code]), entry["data_offsets"]
    if math.prod(shape) * dtype.itemsize != last - first:
        raise FormatError(f"{path}: key {name!r}: shape {shape} of {dtype} does not fill its {last - first} bytes")
    return dtype, shape, (first, last)


def _is_counts(value):
    return isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)
