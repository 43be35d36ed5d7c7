"""Which cell the arrays of one layer in a file are, and what they need beside them."""

import inspect

from ..cells import GRU, LSTM, DelayLine, Dense, Diagonal, Elman, GatedDiagonal, Linear, MatrixSequence
from ..errors import FormatError

CELLS = {
    cell.__name__: cell
    for cell in (Linear, Elman, LSTM, GRU, Diagonal, GatedDiagonal, DelayLine, Dense, MatrixSequence)
}
_BY_BLOCKS = {1: Elman, 3: GRU, 4: LSTM}  # blocks of rows in weight_hh
_SHAPES = "(n, n), (3 n, n) of a GRU with gates r, z, n, or (4 n, n) of an LSTM with gates i, f, g, o"


def places_without_arrays(about):
    """``(prefix, level)`` of the layers of which a file says that they are there, and holds nothing else."""
    keys = [key for key, kind in about.items() if kind == DelayLine.__name__]
    return [(key.removesuffix("cell"), None) for key in keys if key == "cell" or key.endswith(".cell")]


def layer_kind(place, parameters, about, path):
    """The class of the layer at ``place``: what the file says, or what names and shapes of its arrays tell.

    Parameters
    ----------
    place : (prefix, level)
    parameters : dict of str to array, or to the dict of a sparse array's parts
    """
    prefix, _ = place
    kind = about.get(f"{prefix}cell")
    if kind is not None:
        if kind not in CELLS:
            raise FormatError(f"{path}: {prefix}cell is {kind!r}; this version reads {', '.join(CELLS)}")
        return CELLS[kind]
    if "weight_gate" in parameters:
        return GatedDiagonal
    if "weight_hh" in parameters:
        if "weight" in parameters:
            raise FormatError(f"{path}: keys '{prefix}weight_hh' and '{prefix}weight': one layer or two? Give prefixes")
        return _recurrence(place, parameters, path)
    if "weight" in parameters:
        return Dense
    if "matrices" in parameters:
        return MatrixSequence
    _missing("weight" if "bias" in parameters else "weight_hh", place, parameters, path)


def _recurrence(place, parameters, path):
    """From the shape of ``weight_hh``: torch's names are the same for all."""
    recurrent, square = parameters["weight_hh"], Linear if "bias" in parameters else Elman
    if isinstance(recurrent, dict):
        return square
    if recurrent.ndim == 1:
        return Diagonal
    rows, columns = recurrent.shape if recurrent.ndim == 2 else (0, 0)
    if columns == 0 or rows % columns or rows // columns not in _BY_BLOCKS:
        raise FormatError(
            f"{path}: key {file_key(place, 'weight_hh')!r} must have shape {_SHAPES}; got {recurrent.shape}"
        )
    return square if rows == columns else _BY_BLOCKS[rows // columns]


def check_names(kind, parameters, options, place, path):
    """Whether a cell of that kind takes arrays of these names, and no more of them, and the options it must have."""
    allowed = inspect.signature(kind).parameters
    for name in parameters:
        if name not in allowed:
            raise FormatError(f"{path}: key {file_key(place, name)!r} is no parameter of the layer, {kind.__name__}")
    for name, parameter in allowed.items():
        if parameter.default is parameter.empty and name not in parameters and name not in options:
            _missing(name, place, [*parameters, *options] or ["cell"], path)


def _missing(name, place, present, path):
    listed = ", ".join(file_key(place, other) for other in present)
    raise FormatError(f"{path}: key {file_key(place, name)!r} is missing beside {listed}")


def file_key(place, name):
    """What a file calls a parameter."""
    prefix, level = place
    return prefix + name + ("" if level is None else f"_l{level}")


def _read_flag(value):
    if str(value) not in ("True", "False"):
        raise ValueError
    return str(value) == "True"


def _read_count(value):
    return int(value) if isinstance(value, str) else value  # what is no integer the cell refuses


_OPTIONS = {
    Elman: {"nonlinearity": str, "leak": float},
    GRU: {"reset_after": _read_flag},
    GatedDiagonal: {"nonlinearity": str, "gate_nonlinearity": str},
    DelayLine: {"steps": _read_count, "input_size": _read_count, "dtype": str},
    Dense: {"nonlinearity": str},
    MatrixSequence: {"check_finite": _read_flag},
}


def read_options(place, kind, about):
    """What the file says beside arrays. The options of layers with recurrent weights may stand in it without a prefix;
    those of others may not."""
    prefix, _ = place
    options = {}
    for name, convert in _OPTIONS.get(kind, {}).items():
        value = about.get(f"{prefix}{name}", about.get(name) if kind not in (Dense, DelayLine) else None)
        if value is not None:
            try:
                options[name] = convert(value)
            except (ValueError, TypeError):
                raise ValueError(f"{name} cannot be {value!r}") from None
    return options
