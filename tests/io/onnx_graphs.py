"""Small ONNX graphs, and what onnxruntime makes of them."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

onnxruntime.set_default_logger_severity(4)
GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}
OPSET = 14  # with IR version 8 the oldest that holds all of it: any onnxruntime of the last years reads it


def weights(kind, n, n_in, rng, *, bias=True, peepholes=False, dtype=np.float32):
    """W, R, and B and P where asked for, in ONNX's shapes; ‖R‖_∞ of each gate <= 1/2: rounding does not grow."""
    gates = GATES[kind]
    recurrent = rng.normal(size=(1, gates * n, n))
    recurrent *= 0.5 / np.abs(recurrent).sum(axis=2, keepdims=True)
    arrays = {"W": rng.normal(size=(1, gates * n, n_in)) / n_in, "R": recurrent}
    if bias:
        arrays["B"] = rng.normal(size=(1, 2 * gates * n)) / 2
    if peepholes:
        arrays["P"] = rng.normal(size=(1, 3 * n)) / 2
    return {name: array.astype(dtype) for name, array in arrays.items()}


def recurrent_node(kind, arrays, *, outputs=("Y", "Y_h", "Y_c"), name="", inputs=None, **attributes):
    """A node whose inputs bear ONNX's own names; those that are not among ``arrays`` are left out."""
    order = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")[: 8 if kind == "LSTM" else 6]
    inputs = {name: name for name in (*arrays, "X")} | (inputs or {})
    given = [inputs.get(place, "") for place in order]
    while not given[-1]:
        given.pop()
    size = {"hidden_size": arrays["R"].shape[-1]} if "R" in arrays else {}
    outputs = outputs[: 3 if kind == "LSTM" else 2]
    return helper.make_node(kind, given, outputs, name=name, **(size | attributes))


def constants(arrays):
    return [numpy_helper.from_array(np.array(array, order="C"), name) for name, array in arrays.items()]


def value(name, shape=None, dtype=np.float32):
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)


def model(nodes, arrays, outputs=("Y",), inputs=None, opset=OPSET, **fields):
    """A model of float32 inputs ``{name: shape}``, by default X; ``arrays`` are its initializers."""
    dtype = next((array.dtype for array in arrays.values() if array.dtype.kind == "f"), np.float32)
    inputs = {"X": ["T", "B", None]} if inputs is None else inputs
    graph = helper.make_graph(
        nodes,
        "graph",
        [value(name, shape, dtype) for name, shape in inputs.items()],
        [value(name, None, dtype) for name in outputs],
        constants(arrays),
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8, **fields)


def write(path, proto):
    path.write_bytes(proto.SerializeToString())
    return path


def run(proto, **inputs):
    """All outputs by name, from onnxruntime."""
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs)))


def with_outputs(proto, *names):
    """The model with more of its results among its outputs."""
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    copy.graph.output.extend(value(name) for name in names)
    return copy


def node(op_type, inputs, outputs, **attributes):
    return helper.make_node(op_type, inputs.split(), outputs.split(), **attributes)


INT64 = TensorProto.INT64
