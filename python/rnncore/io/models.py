"""Cells from and to files, by the names torch gives their parameters."""

import os
from typing import NamedTuple

from ..cells import Cell, Chain
from ..errors import FormatError
from ..whole_files import naming, whole_file
from .npz import read_npz, write_npz
from .safetensors import read_safetensors, write_safetensors
from .state_dict import from_tensors, to_tensors

READERS = {".npz": read_npz, ".safetensors": read_safetensors}
WRITERS = {".npz": write_npz, ".safetensors": write_safetensors}
_REMEDIES = {
    ".pt": "save its state_dict() with safetensors.torch.save_file instead",
    ".pth": "save its state_dict() with safetensors.torch.save_file instead",
    ".onnx": "save the weights as .npz or .safetensors instead",
}


class Model(NamedTuple):
    """A cell, what its file says about it (strings and numbers by name), and where it comes from."""

    cell: Cell
    about: dict
    source: str


def load(path, *, nonlinearity=None, leak=None):
    """A cell from an .npz or .safetensors file.

    Parameters are found by torch's names: those of ``RNNCell`` (``weight_hh``), of ``RNN`` (``weight_hh_l0``, ``_l1`` …
    become a Chain), of ``Linear`` (``weight``: a Dense; beside a recurrent layer its readout), behind any prefix
    (``encoder.rnn.``), or numbered as in ``Sequential`` (``0.weight_hh``, ``1.weight``). A sparse ``weight_hh`` is
    ``weight_hh.data``, ``.indices``, ``.indptr`` and ``.shape``. Nonlinearity and leak come from the file's metadata
    (in npz: 0-d arrays) of those names; without it a network is taken as torch's default, tanh without leak.

    Parameters
    ----------
    path : str or path
    nonlinearity : str, optional
        That of the recurrent layers, whatever the file says.
    leak : float, optional

    Raises
    ------
    FormatError
        The file, and the key or offset at which it is not what it promises.
    OSError
        It cannot be read.

    Examples
    --------
    >>> import os, rnncore, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "half.npz")
    >>> rnncore.save(rnncore.Linear([[0.5]], [[1.0]]), path)
    >>> rnncore.load(path)
    Linear(input_size=1, output_size=1, state_size=1, dtype=float64)
    """
    return read_model(path, nonlinearity=nonlinearity, leak=leak).cell


def read_model(path, *, nonlinearity=None, leak=None):
    """As :func:`load`, with the rest of the file's metadata."""
    path = os.fspath(path)
    tensors, about = _by_suffix(READERS, path)(path)
    cell = from_tensors(tensors, about, path)
    options = {"nonlinearity": nonlinearity, "leak": leak}
    options = {name: value for name, value in options.items() if value is not None}
    return Model(_with_options(cell, options) if options else cell, about, path)


def save(cell, path):
    """Write a cell to an .npz or .safetensors file that :func:`load` reads back exactly.

    A single cell is written with the names of torch's cells (``weight_hh``, …), a Chain with those of ``Sequential``
    (``0.weight_hh``, …). The file appears under its name when it is whole.

    Raises
    ------
    FormatError
        A suffix of no known format.
    OSError
        The file cannot be written.
    """
    if not isinstance(cell, Cell):
        raise TypeError(f"cell must be a cell such as rnncore.Elman, got {type(cell).__name__}")
    path = os.fspath(path)
    write = _by_suffix(WRITERS, path)
    tensors, about = to_tensors(cell)
    with whole_file(path) as temporary, naming(path):
        write(temporary, tensors, about)


def _by_suffix(formats, path):
    suffix = os.path.splitext(path)[1].lower()
    if suffix in formats:
        return formats[suffix]
    remedy = _REMEDIES.get(suffix)
    detail = f"{suffix} files are not read by this version; {remedy}" if remedy else f"unknown suffix {suffix!r}"
    raise FormatError(f"{path}: {detail} (models are {' or '.join(formats)} files)")


def _with_options(cell, options):
    layers = []
    for layer in cell.layers:
        takes = {name: value for name, value in options.items() if hasattr(layer, name) and layer.state_size}
        layers.append(layer.replace(**takes) if takes else layer)
    if layers == list(cell.layers):
        raise ValueError(f"{' and '.join(options)} given, but the model has no Elman layer to set it on")
    return Chain(layers) if isinstance(cell, Chain) else layers[0]
