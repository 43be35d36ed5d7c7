"""From an RNN, LSTM or GRU node to a cell and the state it starts from."""

import numpy as np

from ...arrays import FLOATS
from ...cells import GRU, LSTM, Elman
from ...errors import FormatError
from .constants import Computed
from .scopes import label

_NONLINEARITIES = {
    "tanh": "tanh",
    "relu": "relu",
    "sigmoid": "sigmoid",
    "elu": "elu",
    "softplus": "softplus",
    "affine": "identity",
}
# what may be given of an RNN's activation; Affine without a slope is zero to onnxruntime, the identity to ONNX
_PARAMETERS = {
    "elu": {"activation_alpha": ([], [1.0])},
    "affine": {"activation_alpha": ([1.0],), "activation_beta": ([], [0.0])},
}
_DEFAULTS = {"RNN": ["Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"]}
_INPUTS = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")
_COMMON = {"activations", "activation_alpha", "activation_beta", "clip", "direction", "hidden_size", "layout"}
_ATTRIBUTES = {
    "RNN": _COMMON | {"output_sequence"},
    "LSTM": _COMMON | {"output_sequence", "input_forget"},
    "GRU": _COMMON | {"output_sequence", "linear_before_reset"},
}
# blocks of rows of ours, by their places in ONNX's: i, f, g, o of i, o, f, c; r, z, n of z, r, h
_ORDERS = {"RNN": [0], "LSTM": [0, 2, 3, 1], "GRU": [1, 0, 2]}
_HALF = ("float16", "bfloat16")


class Layer:
    """A recurrent node of a file.

    Attributes
    ----------
    scope : Scope
    node : onnx.NodeProto
    kind : {"RNN", "LSTM", "GRU"}
    name : str
        Unique in the file; set by :func:`layers.find_layers`.
    """

    def __init__(self, evaluator, scope, node):
        self.scope, self.node, self.kind, self.name = scope, node, node.op_type, label(node)
        self._evaluator = evaluator

    def __str__(self):
        return f"{self.kind} {self.name!r}"

    def error(self, message):
        return FormatError(f"{self._evaluator.file.path}: {self} {message}")

    def input(self, name):
        """An array, a Computed, or None where it is left out."""
        index = _INPUTS.index(name)
        given = self.node.input[index] if index < len(self.node.input) else ""
        return self._evaluator.value(self.scope, given)

    def attribute(self, name):
        return self.scope.attribute(self.node, name)

    def is_batch_first(self):
        attribute = self.attribute("layout")
        return attribute is not None and attribute.i == 1

    def predecessor(self):
        """The ``(scope, node)`` whose outputs, time for time and unit for unit, are this layer's inputs; or None."""
        value = self.input("X")
        if not isinstance(value, Computed) or value.layer is None:
            return None
        wanted = ("batch", "time", "unit") if self.is_batch_first() else ("time", "batch", "unit")
        wanted = tuple(None if size == 1 else axis for size, axis in zip(value.sizes, wanted))
        return value.layer if value.axes == wanted else None

    def cell(self):
        """``(cell, start, notes)``: see :func:`_start`."""
        nonlinearity = self._check_attributes()
        self._check_lengths()
        arrays = self._weights()
        try:
            cell = self._build(arrays, nonlinearity)
        except (ValueError, TypeError) as error:
            raise self.error(f"is no valid layer: {error}") from None
        return cell, *self._start(cell)

    def sizes(self):
        """Of inputs and outputs, as far as the file says without trouble: "3 → 5", or ""."""
        try:
            shape, attribute = getattr(self.input("W"), "shape", ()), self.attribute("hidden_size")
        except FormatError:
            return ""
        return f"{shape[2]} → {attribute.i}" if len(shape) == 3 and attribute is not None else ""

    def direction(self):
        attribute = self.attribute("direction")
        return "forward" if attribute is None else attribute.s.decode(errors="replace")

    def _check_attributes(self):
        """What cannot be read is refused; gives the nonlinearity of an RNN."""
        for attribute in self.node.attribute:
            if attribute.name not in _ATTRIBUTES[self.kind]:
                raise self.error(f"has the attribute {attribute.name}, which is not read by this version")
        if self.direction() != "forward":
            raise self.error(f"has direction={self.direction()}; only forward is read by this version")
        if self.attribute("clip") is not None:
            raise self.error(f"has clip={self.attribute('clip').f:g}, which is not read by this version")
        for name, allowed in {"input_forget": (0,), "layout": (0, 1), "linear_before_reset": (0, 1)}.items():
            attribute = self.attribute(name)
            if attribute is not None and attribute.i not in allowed:
                raise self.error(f"has {name}={attribute.i}, which is not read by this version")
        return self._check_activations()

    def _check_activations(self):
        attribute, default = self.attribute("activations"), _DEFAULTS[self.kind]
        given = [name.decode(errors="replace") for name in attribute.strings] if attribute is not None else []
        names = [name.lower() for name in given or default]  # case does not matter
        if self.kind == "RNN":
            readable, known = len(names) == 1 and names[0] in _NONLINEARITIES, "one of " + ", ".join(_NONLINEARITIES)
        else:
            readable, known = names == [name.lower() for name in default], "only " + ", ".join(default)
        if not readable:
            raise self.error(f"has activations={', '.join(given)}; this version reads {known}")
        for parameter in ("activation_alpha", "activation_beta"):
            attribute = self.attribute(parameter)
            values = [] if attribute is None else list(attribute.floats)
            allowed = _PARAMETERS.get(names[0], {}).get(parameter, ([],)) if self.kind == "RNN" else ([],)
            if values not in allowed:
                listed = ", ".join(f"{value:g}" for value in values) or "nothing"
                expected = f" for {given[0]}; expected {allowed[-1][0]:g}" if allowed[-1] else ", which is not read"
                raise self.error(f"has {parameter}={listed}{expected}")
        return _NONLINEARITIES[names[0]] if self.kind == "RNN" else None

    def _check_lengths(self):
        """``sequence_lens`` may only say that every sequence is as long as the input."""
        lengths = self.input("sequence_lens")
        if lengths is None:
            return
        self.input("X")
        time = self._evaluator.sizes_of_inputs(self.scope, self.node)[1 if self.is_batch_first() else 0]
        if isinstance(lengths, np.ndarray) and (lengths == time).all():
            return
        given = f" ({lengths.why})" if isinstance(lengths, Computed) else ""
        raise self.error(
            f"takes sequence_lens{given}: sequences of different lengths in a batch are not read by this version"
        )

    def _weights(self):
        """The arrays without the axis of directions: W, R, B, and P where the node has them."""
        arrays = {name: self._weight(name) for name in ("W", "R", "B", *(["P"] if self.kind == "LSTM" else []))}
        for name in ("W", "R"):
            if arrays[name] is None:
                raise self.error(f"has no {name}")
        gates, units = len(_ORDERS[self.kind]), arrays["R"].shape[-1] if arrays["R"].ndim else 0
        rows = "n" if gates == 1 else f"{gates}n"
        shapes = {
            "R": ((1, gates * units, units), f"(1, {rows}, n)"),
            "W": ((1, gates * units, None), f"(1, {rows}, n_in)"),
            "B": ((1, 2 * gates * units), f"(1, {2 * gates}n)"),
            "P": ((1, 3 * units), "(1, 3n)"),
        }
        for name, (shape, text) in shapes.items():
            array = arrays.get(name)
            if array is None:
                continue
            if array.ndim != len(shape) or any(size not in (None, got) for size, got in zip(shape, array.shape)):
                of = "" if name == "R" else f" with n = {units}"
                raise self.error(f"needs {name} of shape {text}{of}, got {array.shape}")
        attribute = self.attribute("hidden_size")
        if attribute is not None and attribute.i != units:
            raise self.error(f"has hidden_size={attribute.i}, but R of shape {arrays['R'].shape}")
        return {name: array[0] for name, array in arrays.items() if array is not None}

    def _weight(self, name):
        value = self.input(name)
        if isinstance(value, Computed):
            raise self.error(f"needs {name} as a constant of the file, but it depends on {value.why}")
        if value is not None:
            self._check_dtype(name, value)
        return value

    def _check_dtype(self, name, array):
        if array.dtype.name in _HALF:
            raise self.error(f"has {name} in {array.dtype}; convert the weights to float32 or float64 first")
        if array.dtype not in FLOATS:
            raise self.error(f"has {name} in {array.dtype}, expected float32 or float64")

    def _build(self, arrays, nonlinearity):
        order = _ORDERS[self.kind]
        named = {"weight_hh": _blocks(arrays["R"], order), "weight_ih": _blocks(arrays["W"], order)}
        if "B" in arrays:
            named["bias_ih"], named["bias_hh"] = (_blocks(half, order) for half in np.split(arrays["B"], 2))
        if self.kind == "RNN":
            return Elman(**named, nonlinearity=nonlinearity)
        if self.kind == "GRU":
            attribute = self.attribute("linear_before_reset")
            return GRU(**named, reset_after=attribute is not None and attribute.i == 1)
        if "P" in arrays:  # i, o, f
            named |= zip(("weight_ci", "weight_co", "weight_cf"), np.split(arrays["P"], 3))
        return LSTM(**named)

    def _start(self, cell):
        """``(state, notes)``: the constant state that the node starts from, and what of it only a run would know.

        The state is (state_size,), or (B, state_size) where the sequences of a batch start differently; None is zero.
        """
        parts, notes = [], {}
        for name in ("initial_h", "initial_c") if self.kind == "LSTM" else ("initial_h",):
            value = self.input(name)
            if isinstance(value, Computed):
                notes[name] = f"given by {value.why} when the model runs; zero here"
            parts.append(self._initial(name, value, cell) if isinstance(value, np.ndarray) else None)
        zero = np.zeros(cell.output_size, cell.dtype)
        parts = np.broadcast_arrays(*(zero if part is None else part for part in parts))
        state = np.concatenate(parts, axis=-1)
        return (state if state.any() else None), notes

    def _initial(self, name, value, cell):
        self._check_dtype(name, value)
        axis = 1 if self.is_batch_first() else 0
        if value.ndim != 3 or value.shape[axis] != 1 or value.shape[2] != cell.output_size or value.shape[1 - axis] < 1:
            expected = f"(B, 1, {cell.output_size})" if axis else f"(1, B, {cell.output_size})"
            raise self.error(f"needs {name} of shape {expected}, got {value.shape}")
        rows = value.squeeze(axis)
        if not np.isfinite(rows).all():
            raise self.error(f"has {name} with values that are not finite")
        same = (rows == rows[0]).all()
        return rows[0] if same else rows


def _blocks(array, order):
    """The blocks of rows of one gate each, in another order."""
    blocks = np.split(array, len(order))
    return np.concatenate([blocks[place] for place in order])
