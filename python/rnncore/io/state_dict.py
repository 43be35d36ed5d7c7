"""Between named arrays, as in a torch state dict, and cells."""

import re

import numpy as np

from ..arrays import FLOATS, first_nonfinite, real_dtype
from ..cells import Chain
from ..cells.base import is_sparse
from ..errors import FormatError
from .layer_kinds import check_names, file_key, layer_kind, places_without_arrays, read_options
from .layer_names import order_layers

_SPARSE_PARTS = ("data", "indices", "indptr", "shape")
_KEY = re.compile(
    r"(?P<prefix>(?:.*\.)?)"
    r"(?:(?P<recurrent>weight_(?:ih|hh|ci|cf|co)|bias_(?:ih|hh))(?:_l(?P<level>\d+))?"
    r"|(?P<plain>weight|bias|weight_gate|bias_gate|matrices))"
    r"(?:\.(?P<part>data|indices|indptr|shape))?"
)


def to_tensors(cell):
    """``(tensors, about)`` that :func:`from_tensors` makes the same cell of."""
    tensors, about = {}, {}
    for index, layer in enumerate(cell.layers):
        prefix = f"{index}." if isinstance(cell, Chain) else ""
        about[f"{prefix}cell"] = type(layer).__name__
        about.update({f"{prefix}{name}": value for name, value in layer.options.items()})
        for name, array in layer.parameters.items():
            if is_sparse(array):
                parts = (array.data, array.indices, array.indptr, np.array(array.shape, np.int64))
                tensors.update({f"{prefix}{name}.{part}": value for part, value in zip(_SPARSE_PARTS, parts)})
            else:
                tensors[f"{prefix}{name}"] = array
    return tensors, about


def from_tensors(tensors, about, path):
    """The cell that a file's arrays describe; ``path`` is for the errors."""
    # (prefix, level): {parameter: array or {sparse part: array}}
    layers = {place: {} for place in places_without_arrays(about)}
    if not tensors and not layers:
        raise FormatError(f"{path}: the file holds no arrays")
    _check_numbers(tensors, about, path)
    for key, array in tensors.items():
        prefix, level, name, part = _parse(key, path)
        parameters = layers.setdefault((prefix, level), {})
        if part is None:
            parameters[name] = array
        else:
            parameters.setdefault(name, {})[part] = array
    places = order_layers(layers, path)
    cells = [_build(place, layers[place], about, path) for place in places]
    if len(cells) == 1 and not _is_numbered_chain(places[0], about):
        return cells[0]
    try:
        return Chain(cells)
    except (ValueError, TypeError) as error:
        raise FormatError(f"{path}: the layers {', '.join(p + _suffix(n) for p, n in places)}: {error}") from None


def _is_numbered_chain(place, about):
    return place == ("0.", None) and "0.cell" in about


def _suffix(level):
    return "" if level is None else f"*_l{level}"


def _parse(key, path):
    if key.endswith("_reverse"):
        raise FormatError(f"{path}: key {key!r} belongs to a bidirectional network, which is not read by this version")
    if re.search(r"weight_hr(_l\d+)?$", key):
        raise FormatError(
            f"{path}: key {key!r} projects an LSTM's output (proj_size), which is not read by this version"
        )
    match = _KEY.fullmatch(key)
    if match is None:
        raise FormatError(f"{path}: key {key!r} is no parameter of a layer that this version knows")
    level = match["level"]
    return match["prefix"], None if level is None else int(level), match["recurrent"] or match["plain"], match["part"]


def _check_numbers(tensors, about, path):
    first = None
    for key, array in tensors.items():
        if key.endswith((".indices", ".indptr", ".shape")):
            if array.dtype.kind not in "iu":
                raise FormatError(f"{path}: key {key!r} must hold integers, got {array.dtype}")
            continue
        if array.dtype == np.float16:
            raise FormatError(f"{path}: key {key!r} is float16; convert the weights to float32 or float64 first")
        if array.dtype.newbyteorder("=") not in (*FLOATS, np.complex64, np.complex128):
            raise FormatError(f"{path}: key {key!r} must be float32 or float64, got {array.dtype}")
        first = first or (key, array.dtype)
        if array.real.dtype != real_dtype(first[1]):
            raise FormatError(f"{path}: mixed dtypes: key {first[0]!r} is {first[1]} but key {key!r} is {array.dtype}")
        checked = str(about.get(key.removesuffix("matrices") + "check_finite", True)) == "True"
        index = first_nonfinite(array, array.dtype) if checked else None
        if index is not None:
            raise FormatError(f"{path}: key {key!r} holds {array[index]} at index {index}")


def _build(place, parameters, about, path):
    kind = layer_kind(place, parameters, about, path)
    arrays = {
        name: _sparse(array, file_key(place, name), path) if isinstance(array, dict) else array
        for name, array in parameters.items()
    }
    try:
        options = read_options(place, kind, about)
        check_names(kind, parameters, options, place, path)
        return kind(**arrays, **options)
    except FormatError:
        raise
    except (ValueError, TypeError) as error:
        name, _, rest = str(error).partition(" ")
        subject = f"key {file_key(place, name)!r}" if name in parameters else f"{place[0]}{name}"
        raise FormatError(f"{path}: {subject} {rest}") from None


def _sparse(parts, key, path):
    from scipy.sparse import csr_array

    missing = [part for part in _SPARSE_PARTS if part not in parts]
    if missing:
        raise FormatError(f"{path}: key '{key}.{missing[0]}' is missing beside {key}.{', '.join(sorted(parts))}")
    data, indices, indptr, shape = (parts[part] for part in _SPARSE_PARTS)
    try:
        matrix = csr_array((data, indices, indptr), shape=tuple(int(size) for size in shape.reshape(-1)))
        matrix.check_format(full_check=True)
    except (ValueError, TypeError, OverflowError, MemoryError) as error:
        raise FormatError(f"{path}: key {key!r} is no valid CSR matrix: {error}") from None
    return matrix
