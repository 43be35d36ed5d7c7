"""Cells from and to files: by the names torch gives their parameters, or out of ONNX graphs."""

import os
import warnings
from typing import NamedTuple

import numpy as np

from ..cells import GRU, Cell, Chain, Elman
from ..errors import FormatError
from ..whole_files import naming, whole_file
from .npz import read_npz, write_npz
from .onnx import read_onnx
from .safetensors import read_safetensors, write_safetensors
from .state_dict import from_tensors, to_tensors
from .torch_files import read_torch

READERS = {".npz": read_npz, ".safetensors": read_safetensors, ".pt": read_torch, ".pth": read_torch}
WRITERS = {".npz": write_npz, ".safetensors": write_safetensors}
_OPTIONS = {"nonlinearity": Elman, "leak": Elman, "reset_after": GRU}  # and the layers that take them


class Model(NamedTuple):
    """A cell, what its file says about it (strings and numbers by name), where it comes from, and where it starts.

    ``state`` is (state_size,), or (B, state_size) where the sequences of a batch start differently; None is zero.
    """

    cell: Cell
    about: dict
    source: str
    state: np.ndarray | None = None


def load(path, *, layer=None, nonlinearity=None, leak=None, reset_after=None):
    """A cell from an .npz, .safetensors, .pt, .pth or .onnx file.

    In all but .onnx files parameters are found by torch's names: those of ``RNNCell``, ``LSTMCell`` and
    ``GRUCell`` (``weight_hh``), of ``RNN``, ``LSTM`` and ``GRU`` (``weight_hh_l0``, ``_l1`` … become a Chain), of
    ``Linear`` (``weight``: a Dense; beside a recurrent layer its readout), behind any prefix (``encoder.rnn.``), or
    numbered as in ``Sequential`` (``0.weight_hh``, ``1.weight``). The rows of ``weight_hh`` tell the cells apart: n of
    an Elman, 3 n of a GRU, 4 n of an LSTM, whose peepholes are ``weight_ci``, ``weight_cf``, ``weight_co``; a vector is
    that of a Diagonal, and a ``weight_gate`` that of a GatedDiagonal. A sparse ``weight_hh`` is ``weight_hh.data``,
    ``.indices``, ``.indptr`` and ``.shape``; a complex array is one in npz, ``NAME.real`` and ``NAME.imag`` in
    safetensors. A DelayLine has no arrays: it is read from the metadata that :func:`save` writes, and so not from state
    dicts. Options (nonlinearity, leak, reset_after) come from the file's metadata (in npz: 0-d arrays) of those
    names; without it a network is taken as torch's default: tanh without leak, the reset gate after the product.
    Projections (``proj_size``) and bidirectional networks are refused by name. Of .pt and .pth files the state dict is
    read, alone or as the one state dict of a checkpoint, without torch; other Python objects are refused and never run.

    Of an .onnx file (which needs the package onnx) the recurrent layer is read and nothing else: its RNN, LSTM or GRU
    node, in the graph or in a branch, loop or function of it. Its weights may stand in initializers, Constant nodes,
    other files, or behind operators that only rearrange them; nothing is run. Layers that directly follow each other,
    as those of ``torch.nn.LSTM(num_layers=2)`` do, become a Chain; of several others ``layer`` picks one. A layer that
    stands in both branches of an If with the same weights is one layer. Read are forward layers with ONNX's default
    activations (an RNN's may be Tanh, Relu, Sigmoid, Elu, Softplus, or Affine with alpha 1 and beta 0), with or without
    biases and peepholes, with either place of the reset gate, in float32 or float64; what else a node asks for is
    refused by name. If the graph holds a constant state other than zero to start from, ``load`` warns:
    ``rnncore.io.read_model(path).state`` is that state, from which ``diagnose`` starts. A state that the graph is given
    when it runs is zero here.

    Parameters
    ----------
    path : str or path
    layer : str or list of str, optional
        Names of nodes of an .onnx file: one layer, or several that directly follow each other.
    nonlinearity : str, optional
        That of the Elman layers, whatever the file says.
    leak : float, optional
        Likewise.
    reset_after : bool, optional
        Where the reset gate of the GRU layers stands, whatever the file says.

    Raises
    ------
    FormatError
        The file, and the key, offset or node at which it is not what it promises; several recurrent layers, which are
        listed; none.
    ValueError
        ``layer`` is not in the file, or an option is given for a model without a layer that has it.
    ImportError
        onnx is not installed.
    OSError
        The file cannot be read.

    References
    ----------
    ONNX operators RNN, LSTM and GRU: https://onnx.ai/onnx/operators

    Examples
    --------
    >>> import os, rnncore, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "half.npz")
    >>> rnncore.save(rnncore.Linear([[0.5]], [[1.0]]), path)
    >>> rnncore.load(path)
    Linear(input_size=1, output_size=1, state_size=1, dtype=float64)
    """
    model = read_model(path, layer=layer, nonlinearity=nonlinearity, leak=leak, reset_after=reset_after)
    if model.state is not None:
        warnings.warn(
            f"{model.source} starts from a state of its own, not from zero: rnncore.io.read_model(path).state",
            stacklevel=2,
        )
    return model.cell


def read_model(path, *, layer=None, nonlinearity=None, leak=None, reset_after=None):
    """As :func:`rnncore.load`, with the rest of the file's metadata and the state it starts from.

    Returns
    -------
    Model
    """
    path = os.fspath(path)
    if _suffix(path) == ".onnx":
        model = Model(*read_onnx(path, layer))
    elif layer is not None:
        raise ValueError(f"layer={layer!r} is for .onnx files, whose layers have names; {path} is none")
    else:
        tensors, about = _by_suffix(READERS, path, (*READERS, ".onnx"))(path)
        model = Model(from_tensors(tensors, about, path), about, path)
    options = {"nonlinearity": nonlinearity, "leak": leak, "reset_after": reset_after}
    options = {name: value for name, value in options.items() if value is not None}
    return model._replace(cell=_with_options(model.cell, options)) if options else model


def save(cell, path):
    """Write a cell to an .npz or .safetensors file that :func:`rnncore.load` reads back exactly.

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
    write = _by_suffix(WRITERS, path, WRITERS)
    tensors, about = to_tensors(cell)
    with whole_file(path) as temporary, naming(path):
        write(temporary, tensors, about)


def _suffix(path):
    return os.path.splitext(path)[1].lower()


def _by_suffix(formats, path, known):
    suffix = _suffix(path)
    if suffix in formats:
        return formats[suffix]
    detail = f"unknown suffix {suffix!r}"
    if suffix in (*READERS, ".onnx"):
        detail = f"{suffix} files are read, not written, by this version"
    *first, last = known
    raise FormatError(f"{path}: {detail} (models are {', '.join(first)} or {last} files)")


def _with_options(cell, options):
    layers, unused = [], set(options)
    for layer in cell.layers:
        takes = {name: value for name, value in options.items() if isinstance(layer, _OPTIONS[name])}
        layers.append(layer.replace(**takes) if takes else layer)
        unused -= set(takes)
    if unused:
        name = min(unused)
        raise ValueError(f"{name} given, but the model has no {_OPTIONS[name].__name__} layer to set it on")
    return Chain(layers) if isinstance(cell, Chain) else layers[0]
