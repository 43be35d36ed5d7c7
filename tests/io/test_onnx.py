"""Recurrent layers of ONNX graphs compute what onnxruntime and torch compute."""

import json
import subprocess
import sys
import warnings

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import rnncore
from rnncore import GRU, LSTM, Chain, Elman, FormatError
from rnncore.io import read_model

from .onnx_graphs import GATES, INT64, constants, model, node, recurrent_node, run, value, weights, with_outputs, write

STEPS, BATCH, SIZE, INPUT = 23, 3, 6, 4
# z is a sum of n + n_in + 2 terms and below 5; the gates' ‖R‖_∞ <= 1/2 and slopes <= 1 let rounding errors at most
# double along the run, peepholes and the cell's sum some times more
CLOSE = {"rtol": 0, "atol": 8 * (SIZE + INPUT + 2) * 5 * np.finfo(np.float32).eps}


def simulate(found, inputs):
    return rnncore.simulate(found.cell, inputs, state=found.state, backend="reference")


def inputs(rng, *shape):
    return rng.uniform(-1, 1, shape or (STEPS, BATCH, INPUT)).astype(np.float32)


def arrays_of(cell):
    return {name: array.tobytes() for name, array in cell.parameters.items()}


@pytest.mark.parametrize("number", range(60))
def test_a_node_computes_what_onnxruntime_computes(number, tmp_path):
    rng = np.random.default_rng(number)
    kind = ("RNN", "LSTM", "GRU")[number % 3]
    n, n_in, batch = (int(size) for size in rng.integers(1, 8, 3))
    yes = lambda: bool(rng.integers(2))  # noqa: E731
    arrays = weights(kind, n, n_in, rng, bias=yes(), peepholes=kind == "LSTM" and yes())
    for name in ("initial_h", "initial_c")[: 1 + (kind == "LSTM")]:
        if yes():
            arrays[name] = inputs(rng, 1, batch, n)
    attributes = {"linear_before_reset": int(yes())} if kind == "GRU" else {}
    if kind == "RNN":
        attributes = [
            {},
            {"activations": ["Relu"]},
            {"activations": ["Sigmoid"]},
            {"activations": ["Softplus"]},
            {"activations": ["Elu"], "activation_alpha": [1.0]},
            {"activations": ["Affine"], "activation_alpha": [1.0], "activation_beta": [0.0]},
        ][rng.integers(6)]
    proto = model(
        [recurrent_node(kind, arrays, **attributes)], arrays, ("Y", "Y_h", "Y_c") if kind == "LSTM" else ("Y", "Y_h")
    )
    signal = inputs(rng, STEPS, batch, n_in)
    expected = run(proto, X=signal)
    found = read_model(write(tmp_path / "m.onnx", proto))
    got = simulate(found, signal)
    np.testing.assert_allclose(got.outputs, expected["Y"][:, 0], **CLOSE)
    final = [expected[name][0] for name in ("Y_h", "Y_c") if name in expected]
    np.testing.assert_allclose(got.final_state, np.concatenate(final, axis=-1), **CLOSE)
    assert found.cell.dtype == np.float32


@pytest.mark.parametrize("kind", GATES)
def test_float64_stays_float64(kind, rng, tmp_path):
    arrays = weights(kind, SIZE, INPUT, rng, dtype=np.float64)
    proto = model([recurrent_node(kind, arrays)], arrays)
    signal = inputs(rng).astype(np.float64)
    (expected,) = ReferenceEvaluator(proto).run(None, {"X": signal})  # onnxruntime runs these nodes in float32 alone
    found = read_model(write(tmp_path / "m.onnx", proto))
    assert found.cell.dtype == np.float64
    ulps = CLOSE["atol"] / np.finfo(np.float32).eps
    outputs = simulate(found, signal).outputs
    np.testing.assert_allclose(outputs, expected[:, 0], rtol=0, atol=ulps * np.finfo(np.float64).eps)


@pytest.mark.parametrize("kind", GATES)
def test_batch_first_layout_changes_nothing_but_axes(kind, rng, tmp_path):
    arrays = weights(kind, SIZE, INPUT, rng) | {"initial_h": inputs(rng, 1, BATCH, SIZE)}
    plain = read_model(write(tmp_path / "m.onnx", model([recurrent_node(kind, arrays)], arrays)))
    arrays["initial_h"] = arrays["initial_h"].swapaxes(0, 1)
    proto = model([recurrent_node(kind, arrays, layout=1)], arrays, inputs={"X": ["B", "T", INPUT]})
    found = read_model(write(tmp_path / "b.onnx", proto))
    assert arrays_of(found.cell) == arrays_of(plain.cell)
    np.testing.assert_array_equal(found.state, plain.state)


def test_classes_and_options(rng, tmp_path):
    def load(kind, attributes, **options):
        arrays = weights(kind, 3, 2, rng, **options)
        return rnncore.load(write(tmp_path / "m.onnx", model([recurrent_node(kind, arrays, **attributes)], arrays)))

    assert load("RNN", {"activations": ["Relu"]}).options == {"nonlinearity": "relu", "leak": 1.0}
    assert load("GRU", {"linear_before_reset": 1}).options == {"reset_after": True}
    assert load("GRU", {}).options == {"reset_after": False}
    assert type(load("LSTM", {})) is LSTM
    assert set(load("LSTM", {}, bias=False).parameters) == {"weight_hh", "weight_ih"}
    assert {"weight_ci", "weight_cf", "weight_co"} < set(load("LSTM", {}, peepholes=True).parameters)


# ---- what torch exports


def export(network, path, *, shape=(STEPS, BATCH, INPUT), dynamic=True, fold=True):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's: of its own deprecated exporter, and of batch sizes
        torch.onnx.export(
            network.eval(),
            (torch.zeros(shape),),
            str(path),
            dynamo=False,
            input_names=["x"],
            dynamic_axes={"x": {0: "first", 1: "second"}} if dynamic else None,
            do_constant_folding=fold,
        )
    return path


class First(torch.nn.Module):
    """The outputs of a recurrent network without its states."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return self.network(x)[0]


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("dynamic", [True, False])
@pytest.mark.parametrize("fold", [True, False])
def test_torch_exports_give_the_same_outputs(kind, layers, dynamic, fold, rng, tmp_path):
    torch.manual_seed(layers)
    network = getattr(torch.nn, kind)(INPUT, SIZE, layers, bias=fold or layers == 1)
    path = export(First(network), tmp_path / "m.onnx", dynamic=dynamic, fold=fold)
    signal = inputs(rng)
    with torch.no_grad():
        expected = network(torch.tensor(signal))[0].numpy()
    found = read_model(path)
    assert [type(layer) for layer in found.cell.layers] == layers * [{"RNN": Elman, "LSTM": LSTM, "GRU": GRU}[kind]]
    assert found.state is None
    np.testing.assert_allclose(simulate(found, signal).outputs, expected, **CLOSE)


@pytest.mark.parametrize("fold", [True, False])
def test_batch_first_torch_networks_of_two_layers_are_chains(fold, rng, tmp_path):
    torch.manual_seed(0)
    network = torch.nn.LSTM(INPUT, SIZE, 2, batch_first=True)
    found = read_model(export(First(network), tmp_path / "m.onnx", fold=fold))
    signal = inputs(rng)
    with torch.no_grad():
        expected = network(torch.tensor(signal.swapaxes(0, 1)))[0].numpy().swapaxes(0, 1)
    np.testing.assert_allclose(simulate(found, signal).outputs, expected, **CLOSE)


class Learned(torch.nn.Module):
    """Starts from a state that was learnt, the same for every sequence."""

    def __init__(self):
        super().__init__()
        self.convolution = torch.nn.Conv1d(INPUT, INPUT, 3, padding=1)
        self.network = torch.nn.LSTM(INPUT, SIZE, 2)
        self.h, self.c = (torch.nn.Parameter(torch.randn(2, 1, SIZE)) for _ in range(2))

    def forward(self, x):
        x = self.convolution(x.permute(1, 2, 0)).permute(2, 0, 1)
        return self.network(x, (self.h.expand(-1, x.shape[1], -1).contiguous(), self.c.repeat(1, x.shape[1], 1)))[0]


@pytest.mark.parametrize("fold", [True, False])
def test_a_learnt_initial_state_comes_with_the_model(fold, tmp_path):
    torch.manual_seed(1)
    network = Learned()
    path = export(network, tmp_path / "m.onnx", fold=fold)
    found = read_model(path)
    h, c = network.h.detach().numpy()[:, 0], network.c.detach().numpy()[:, 0]
    np.testing.assert_array_equal(found.state, np.concatenate([h[0], c[0], h[1], c[1]]))
    with pytest.warns(UserWarning, match=r"m\.onnx: .*starts from a state of its own"):
        assert arrays_of(rnncore.load(path)) == arrays_of(found.cell)


def test_diagnose_starts_from_the_files_state(rng, tmp_path):
    arrays = weights("LSTM", SIZE, INPUT, rng) | {"initial_h": inputs(rng, 1, 1, SIZE)}
    path = write(tmp_path / "m.onnx", model([recurrent_node("LSTM", arrays)], arrays))
    found, signal = read_model(path), np.zeros((2, INPUT))

    def largest(model, **options):
        return rnncore.diagnose(model, signal, backend="reference", **options).boundedness.largest

    assert largest(path) == largest(found.cell, state=found.state) != largest(found.cell)
    assert largest(path, state=np.zeros(2 * SIZE)) == largest(found.cell)


# ---- how other exporters and optimisers lay it out


def zeros_of_the_batchs_size(kind, outputs):
    """As keras has it: the batch's size out of the input's shape, cast about, and zeros expanded to it."""
    arrays = {"one": np.array([1]), "two": np.array([2]), "n": np.array([SIZE]), "zero": np.float32(0), "axis": [0]}
    nodes = [
        node("Shape", "X", "shape"),
        node("Cast", "shape", "shape32", to=onnx.TensorProto.INT32),
        node("Slice", "shape32 one two", "batch"),
        node("Cast", "n", "n32", to=onnx.TensorProto.INT32),
        node("Concat", "batch n32", "wanted32", axis=0),
        node("Cast", "wanted32", "wanted", to=INT64),
        node("Expand", "zero wanted", "flat"),
        node("Unsqueeze", "flat axis", "zeros"),
    ]
    return nodes, {name: np.asarray(array) for name, array in arrays.items()}


def test_kerass_stack_with_transposes_that_cancel_is_a_chain(rng, tmp_path):
    one, two = weights("LSTM", SIZE, INPUT, rng), weights("LSTM", SIZE, SIZE, rng)
    nodes, arrays = zeros_of_the_batchs_size("LSTM", "zeros")
    start = {"initial_h": "zeros", "initial_c": "zeros"}
    second = {name: f"{name}2" for name in two} | {"X": "x2"}
    nodes += [
        recurrent_node("LSTM", one, outputs=("y1", "", ""), inputs=start, name="a"),
        node("Squeeze", "y1 one", "s1"),
        node("Transpose", "s1", "t1", perm=[1, 0, 2]),
        node("Transpose", "t1", "x2", perm=[1, 0, 2]),
        recurrent_node("LSTM", two, outputs=("Y", "", ""), inputs=second | start, name="b"),
    ]
    arrays |= one | {f"{name}2": array for name, array in two.items()}
    proto = model(nodes, arrays)
    found = read_model(write(tmp_path / "m.onnx", proto))
    signal = inputs(rng)
    assert len(found.cell.layers) == 2 and found.state is None and found.about == {}
    np.testing.assert_allclose(simulate(found, signal).outputs, run(proto, X=signal)["Y"][:, 0], **CLOSE)


def between_of_torchs_new_exporter(source, result):
    """Directions and units are merged by a shape worked out of the outputs' own; ``at`` are 0 … 4."""
    return [
        node("Transpose", source, "t", perm=[0, 2, 1, 3]),
        node("Shape", "t", "sizes", start=0),
        node("Slice", "sizes at0 at1", "size0"),
        node("Slice", "sizes at1 at2", "size1"),
        node("Slice", "sizes at2 at3", "size2"),
        node("Slice", "sizes at3 at4", "size3"),
        node("Mul", "size2 size3", "merged"),
        node("Reshape", "merged minus", "last", allowzero=0),
        node("Concat", "size0 size1 last", "wanted", axis=0),
        node("Reshape", "t wanted", result, allowzero=0),
    ]


SQUEEZED = node("Squeeze", "y1 at1", "a")
BETWEEN = {  # and whether the second layer then takes the outputs of the first as they are
    "torch's new exporter": (between_of_torchs_new_exporter("y1", "x2"), True),
    "squeeze": ([node("Squeeze", "y1 at1", "x2")], True),
    "reshape with zeros": ([node("Transpose", "y1", "t", perm=[0, 2, 1, 3]), node("Reshape", "t kept", "x2")], True),
    "identity and dropout": ([SQUEEZED, node("Identity", "a", "b"), node("Dropout", "b", "x2")], True),
    "flattened and back": (
        [
            node("Flatten", "y1", "a", axis=3),
            node("Shape", "X", "s"),
            node("Slice", "s at0 at2", "lead"),
            node("Concat", "lead n", "wanted", axis=0),
            node("Reshape", "a wanted", "x2"),
        ],
        False,  # it does, but axes that were merged are not followed
    ),
    "time and batch exchanged": ([SQUEEZED, node("Transpose", "a", "x2", perm=[1, 0, 2])], False),
    "an activation": ([SQUEEZED, node("Relu", "a", "x2")], False),
    "a residual": ([SQUEEZED, node("Add", "a X", "x2")], False),
    "lower precision": ([SQUEEZED, node("Cast", "a", "b", to=10), node("Cast", "b", "x2", to=1)], False),
    "scrambled": ([node("Reshape", "y1 scrambled", "x2")], False),
    "every second step": ([SQUEEZED, node("Slice", "a at0 end at0 at2", "x2")], False),
}


@pytest.mark.parametrize("name", BETWEEN)
def test_layers_are_a_chain_where_outputs_are_only_rearranged(name, rng, tmp_path):
    between, is_chain = BETWEEN[name]
    one, two = weights("GRU", SIZE, SIZE, rng), weights("LSTM", SIZE, SIZE, rng)
    second = {name: f"{name}2" for name in two} | {"X": "x2"}
    nodes = [
        recurrent_node("GRU", one, outputs=("y1", ""), name="low"),
        *between,
        recurrent_node("LSTM", two, outputs=("Y", "", ""), inputs=second, name="high"),
    ]
    numbers = {f"at{i}": [i] for i in range(5)} | {"minus": [-1], "kept": [0, 0, -1], "n": [SIZE], "end": [1 << 40]}
    numbers["scrambled"] = [BATCH, -1, SIZE]
    arrays = one | {f"{key}2": array for key, array in two.items()}
    arrays |= {key: np.array(number) for key, number in numbers.items()}
    proto = model(nodes, arrays, ("Y",), {"X": ["T", "B", SIZE]}, opset=15)
    path = write(tmp_path / "m.onnx", proto)
    signal = inputs(rng, STEPS, BATCH, SIZE)
    if is_chain:
        found = read_model(path)
        assert [type(layer) for layer in found.cell.layers] == [GRU, LSTM]
        np.testing.assert_allclose(simulate(found, signal).outputs, run(proto, X=signal)["Y"][:, 0], **CLOSE)
        return
    with pytest.raises(FormatError, match=r"2 recurrent layers.*GRU 'low' \(6 → 6\), LSTM 'high' \(6 → 6\)"):
        read_model(path)
    with pytest.raises(ValueError, match="'high' does not directly take the outputs of 'low'"):
        read_model(path, layer=["low", "high"])
    high = read_model(path, layer="high")
    expected = run(with_outputs(proto, "x2"), X=signal)
    np.testing.assert_allclose(simulate(high, expected["x2"]).outputs, expected["Y"][:, 0], **CLOSE)


def test_layers_are_picked_by_name(rng, tmp_path):
    path = stack_of_three(rng, tmp_path)
    assert len(read_model(path).cell.layers) == 3
    assert read_model(path, layer="two").cell.input_size == 5
    picked = read_model(path, layer=["two", "three"])
    assert isinstance(picked.cell, Chain) and [layer.output_size for layer in picked.cell.layers] == [4, 3]
    assert picked.source == f"{path}: GRU 'two', GRU 'three'"
    with pytest.raises(ValueError, match=r"m\.onnx, got 'four': GRU 'one' \(2 → 5\), GRU 'two' \(5 → 4\)"):
        read_model(path, layer="four")
    with pytest.raises(ValueError, match="'three' does not directly take the outputs of 'one'"):
        read_model(path, layer=["one", "three"])
    for wrong in (1, [None], b"two"):
        with pytest.raises(TypeError, match="layer must be a name or a list of names, got"):
            read_model(path, layer=wrong)
    with pytest.raises(ValueError, match=r"layer names no layer"):
        read_model(path, layer=[])
    with pytest.raises(ValueError, match=r"layer='two' is for \.onnx files"):
        rnncore.load(tmp_path / "m.npz", layer="two")


def stack_of_three(rng, tmp_path):
    nodes, arrays, feed = [], {"one": np.array([1])}, "X"
    for name, (n, n_in) in {"one": (5, 2), "two": (4, 5), "three": (3, 4)}.items():
        own = weights("GRU", n, n_in, rng)
        given = {key: f"{name}.{key}" for key in own} | {"X": feed}
        nodes.append(recurrent_node("GRU", own, outputs=(f"{name}.Y", ""), inputs=given, name=name))
        nodes.append(node("Squeeze", f"{name}.Y one", f"{name}.S"))
        arrays |= {f"{name}.{key}": array for key, array in own.items()}
        feed = f"{name}.S"
    return write(tmp_path / "m.onnx", model(nodes, arrays, ("three.S",)))


def test_between_convolutions_the_layer_is_analysed_alone(rng, tmp_path):
    arrays = weights("LSTM", SIZE, 5, rng, peepholes=True)
    kernel, dense = {"K": inputs(rng, 5, INPUT, 3)}, {"G": inputs(rng, SIZE, 2), "axis": np.array([0])}
    nodes = [
        node("Conv", "signal K", "features", pads=[1, 1]),
        node("Transpose", "features", "X", perm=[2, 0, 1]),
        recurrent_node("LSTM", arrays, name="memory", inputs={}),
        node("Squeeze", "Y_h axis", "last"),
        node("Gemm", "last G", "classes"),
    ]
    proto = model(nodes, arrays | kernel | dense, ("classes",), {"signal": ["B", INPUT, "T"]})
    path = write(tmp_path / "m.onnx", proto)
    found = read_model(path)
    assert found.source == f"{path}: LSTM 'memory'"
    seen = run(with_outputs(proto, "X", "Y"), signal=inputs(rng, BATCH, INPUT, STEPS))
    np.testing.assert_allclose(simulate(found, seen["X"]).outputs, seen["Y"][:, 0], **CLOSE)


def constant_nodes(arrays):
    nodes = [
        helper.make_node("Constant", [], [name], value=numpy_helper.from_array(array)) for name, array in arrays.items()
    ]
    return nodes, {}


def transposed(arrays):
    """As frameworks keep them that multiply from the left."""
    nodes = [node("Transpose", f"{name}t", name, perm=[0, 2, 1]) for name in ("W", "R")]
    stored = {f"{name}t": np.ascontiguousarray(arrays[name].swapaxes(1, 2)) for name in ("W", "R")}
    return nodes, stored | {name: array for name, array in arrays.items() if name not in ("W", "R")}


def in_pieces(arrays):
    """As torch has it without folding: gates sliced out of other orders and put together, axes added."""
    gates = np.split(arrays["W"][0], GATES["LSTM"])
    stored = {"gates": np.concatenate([gates[3], *gates[:3]]), "axis": np.array([0])}
    stored |= {f"at{i}": np.array([i * SIZE]) for i in range(5)}
    nodes = [
        node("Slice", "gates at1 at4 axis", "first"),
        node("Slice", "gates at0 at1 axis", "second"),
        node("Concat", "first second", "joined", axis=0),
        node("Unsqueeze", "joined axis", "W"),
        node("Split", "both", "Bi Bh", axis=0),
        node("Concat", "Bi Bh", "flat", axis=0),
        node("Reshape", "flat shape", "B"),
        node("Gather", "stacked zero", "R", axis=0),
    ]
    stored |= {"both": arrays["B"][0], "shape": np.array([1, -1]), "stacked": arrays["R"][None], "zero": np.array(0)}
    return nodes, stored | {"P": arrays["P"]}


def computed(arrays):
    """A little arithmetic, and a cast from float64."""
    stored = {"half": arrays["R"] / 2, "two": np.float32(2), "Z": 0 * arrays["B"], "B1": arrays["B"], "P": arrays["P"]}
    stored["W64"] = arrays["W"].astype(np.float64)
    nodes = [
        node("Cast", "W64", "W", to=onnx.TensorProto.FLOAT),
        node("Mul", "half two", "R"),
        node("Add", "B1 Z", "B0"),
        node("Identity", "B0", "B"),
    ]
    return nodes, {name: np.asarray(array) for name, array in stored.items()}


@pytest.mark.parametrize("arrange", [constant_nodes, transposed, in_pieces, computed])
def test_weights_are_found_behind_operators(arrange, rng, tmp_path):
    arrays = weights("LSTM", SIZE, INPUT, rng, peepholes=True)
    plain = rnncore.load(write(tmp_path / "plain.onnx", model([recurrent_node("LSTM", arrays)], arrays)))
    nodes, stored = arrange(arrays)
    proto = model([*nodes, recurrent_node("LSTM", arrays)], stored)
    run(proto, X=inputs(rng))  # onnxruntime takes it
    found = rnncore.load(write(tmp_path / "m.onnx", proto))
    assert arrays_of(found) == arrays_of(plain)


@pytest.mark.parametrize("opset", [7, 11, 13, 21])
def test_axes_and_bounds_as_attributes_or_inputs(opset, rng, tmp_path):
    arrays = weights("GRU", SIZE, INPUT, rng)
    stored = {"W0": np.concatenate([arrays["W"][0], arrays["W"][0]]), "R0": arrays["R"][..., None], "B": arrays["B"]}
    numbers = {"zero": [0], "end": [3 * SIZE], "last": [-1]}
    old = opset < 10
    nodes = [
        node("Slice", "W0", "W1", starts=[0], ends=[3 * SIZE], axes=[0]) if old else node("Slice", "W0 zero end", "W1"),
        node("Unsqueeze", "W1", "W", axes=[0]) if opset < 13 else node("Unsqueeze", "W1 zero", "W"),
        node("Squeeze", "R0", "R", axes=[-1]) if opset < 13 else node("Squeeze", "R0 last", "R"),
        recurrent_node("GRU", arrays),
    ]
    proto = model(nodes, stored | {name: np.array(number) for name, number in numbers.items()}, opset=opset)
    signal = inputs(rng)
    found = read_model(write(tmp_path / "m.onnx", proto))
    np.testing.assert_allclose(simulate(found, signal).outputs, run(proto, X=signal)["Y"][:, 0], **CLOSE)


def test_weights_in_other_files(rng, tmp_path):
    arrays = weights("LSTM", SIZE, INPUT, rng)
    proto = model([recurrent_node("LSTM", arrays)], arrays)
    plain = rnncore.load(write(tmp_path / "plain.onnx", proto))
    (tmp_path / "deep").mkdir()
    path = tmp_path / "deep" / "m.onnx"
    onnx.save(proto, path, save_as_external_data=True, location="m.data", size_threshold=0)
    assert sorted(file.name for file in path.parent.iterdir()) == ["m.data", "m.onnx"]
    assert arrays_of(rnncore.load(path)) == arrays_of(plain)
    data = (path.parent / "m.data").read_bytes()
    (path.parent / "m.data").write_bytes(data[: len(data) // 2])
    with pytest.raises(FormatError, match=r"tensor '[WRB]', .* bytes at offset .* is not within 'm.data'"):
        rnncore.load(path)
    (path.parent / "m.data").unlink()
    with pytest.raises(FormatError, match=r"tensor 'W' should be in 'm.data' beside it, which is missing"):
        rnncore.load(path)


@pytest.mark.parametrize("location", ["/etc/hostname", "../plain.onnx", "a/../../plain.onnx"])
def test_files_elsewhere_are_not_read(location, rng, tmp_path):
    arrays = weights("GRU", SIZE, INPUT, rng)
    proto = model([recurrent_node("GRU", arrays)], arrays)
    tensor = proto.graph.initializer[0]
    onnx.external_data_helper.set_external_data(tensor, location)
    tensor.ClearField("raw_data")
    with pytest.raises(FormatError, match="only files beside the model are read"):
        rnncore.load(write(tmp_path / "m.onnx", proto))


# ---- branches, loops, functions


def branch(name, nodes, stored, outputs):
    return helper.make_graph(nodes, name, [], [value(output) for output in outputs], constants(stored))


def silero_like(rng, *, alike=True):
    """One LSTM, written once for a state that is given and once for zeros; its weights stand outside."""
    arrays = weights("LSTM", SIZE, INPUT, rng)
    given = {"initial_h": "state", "initial_c": "state"}
    other = weights("LSTM", SIZE, INPUT, rng)
    inner = {} if alike else {name: f"{name}2" for name in other}
    then = branch(
        "then", [recurrent_node("LSTM", arrays, outputs=("y1", "", ""), inputs=given, name="rnn")], {}, ["y1"]
    )
    otherwise = [recurrent_node("LSTM", arrays, outputs=("y2", "", ""), inputs=inner, name="rnn_1")]
    stored = {} if alike else {f"{name}2": array for name, array in other.items()}
    nodes = [
        node("Shape", "state", "s"),
        node("ReduceProd", "s", "count", keepdims=0),
        node("Cast", "count", "any", to=onnx.TensorProto.BOOL),
        helper.make_node(
            "If", ["any"], ["Y"], name="choice",
            then_branch=then, else_branch=branch("else", otherwise, stored, ["y2"]),
        ),
    ]  # fmt: skip
    return model(nodes, arrays, ("Y",), {"X": ["T", "B", INPUT], "state": [1, "B", SIZE]})


def test_a_layer_in_both_branches_is_one_layer(rng, tmp_path):
    proto = silero_like(rng)
    signal, state = inputs(rng), inputs(rng, 1, BATCH, SIZE)
    found = read_model(write(tmp_path / "m.onnx", proto))
    assert found.state is None
    start = np.concatenate([state[0], state[0]], axis=-1)
    got = rnncore.simulate(found.cell, signal, state=start, backend="reference").outputs
    np.testing.assert_allclose(got, run(proto, X=signal, state=state)["Y"][:, 0], **CLOSE)


def test_different_layers_in_two_branches_are_listed(rng, tmp_path):
    path = write(tmp_path / "m.onnx", silero_like(rng, alike=False))
    with pytest.raises(FormatError, match=r"2 recurrent layers.*LSTM 'rnn(_1)?' \(4 → 6\), LSTM 'rnn"):
        read_model(path)
    assert arrays_of(read_model(path, layer="rnn").cell) != arrays_of(read_model(path, layer="rnn_1").cell)


@pytest.mark.parametrize("op_type", ["Loop", "Scan"])
def test_a_layer_in_the_body_of_a_loop(op_type, rng, tmp_path):
    arrays = weights("RNN", SIZE, INPUT, rng)
    inner = recurrent_node("RNN", arrays, outputs=("y", ""), inputs={"R": "outer"}, name="inner")
    out, own = [value("y")], constants({"W": arrays["W"], "B": arrays["B"]})
    if op_type == "Loop":
        ins = [value("i", [], np.int64), value("go", [], np.bool_)]
        body = helper.make_graph(
            [inner, node("Identity", "go", "on")], "body", ins, [value("on", [], np.bool_), *out], own
        )
        nodes = [helper.make_node("Loop", ["times", "yes"], ["Y"], body=body)]
    else:
        body = helper.make_graph([inner], "body", [value("x", [INPUT])], out, own)
        nodes = [helper.make_node("Scan", ["rows"], ["Y"], body=body, num_scan_inputs=1)]
    stored = {"outer": arrays["R"], "times": np.array(2), "yes": np.array(True), "rows": np.zeros((2, 4), np.float32)}
    proto = model(nodes, stored)
    signal = inputs(rng)
    expected = run(proto, X=signal)["Y"][0, :, 0]
    np.testing.assert_allclose(
        simulate(read_model(write(tmp_path / "m.onnx", proto)), signal).outputs, expected, **CLOSE
    )


def test_a_layer_in_a_function_of_the_model(rng, tmp_path):
    """Attributes of the call are attributes inside; names inside mean nothing outside."""
    arrays = weights("GRU", SIZE, INPUT, rng)
    inner = helper.make_node("GRU", ["data", "W", "r", "B"], ["y"], name="inner", hidden_size=SIZE)
    reset = inner.attribute.add()
    reset.name, reset.ref_attr_name, reset.type = "linear_before_reset", "after", onnx.AttributeProto.INT
    transpose = node("Transpose", "recurrent", "r", perm=[0, 2, 1])
    function = helper.make_function(
        "own", "Layer", ["data", "W", "recurrent", "B"], ["y"], [transpose, inner],
        [helper.make_opsetid("", 14)], ["after"],
    )  # fmt: skip
    call = helper.make_node("Layer", ["X", "input weights", "W", "B"], ["Y"], domain="own", after=1)
    stored = {"input weights": arrays["W"], "W": np.ascontiguousarray(arrays["R"].swapaxes(1, 2)), "B": arrays["B"]}
    proto = model([call], stored, functions=[function])
    proto.opset_import.append(helper.make_opsetid("own", 1))
    signal = inputs(rng)
    found = read_model(write(tmp_path / "m.onnx", proto))
    assert found.cell.options == {"reset_after": True}
    np.testing.assert_allclose(simulate(found, signal).outputs, run(proto, X=signal)["Y"][:, 0], **CLOSE)


def test_nodes_without_names_of_their_own_get_some(rng, tmp_path):
    arrays = weights("RNN", SIZE, INPUT, rng)
    other = arrays | {"W": -arrays["W"]}
    stored = arrays | {"V": other["W"]}
    nodes = [
        recurrent_node("RNN", arrays, outputs=("first", "")),
        recurrent_node("RNN", arrays, outputs=("a", ""), inputs={"W": "V"}, name="twin"),
        recurrent_node("RNN", arrays, outputs=("b", ""), name="twin"),
    ]
    path = write(tmp_path / "m.onnx", model(nodes, stored, ("first", "a", "b")))
    with pytest.raises(FormatError, match=r"RNN 'first' \(4 → 6\), RNN 'twin' \(4 → 6\), RNN 'twin#2' \(4 → 6\)"):
        read_model(path)
    np.testing.assert_array_equal(read_model(path, layer="twin").cell.parameters["weight_ih"], -arrays["W"][0])
    np.testing.assert_array_equal(read_model(path, layer="twin#2").cell.parameters["weight_ih"], arrays["W"][0])


# ---- states and lengths


def test_different_constant_states_of_a_batch(rng, tmp_path):
    arrays = weights("LSTM", SIZE, INPUT, rng)
    arrays |= {"initial_h": inputs(rng, 1, BATCH, SIZE), "initial_c": inputs(rng, 1, 1, SIZE)}
    path = write(tmp_path / "m.onnx", model([recurrent_node("LSTM", arrays)], arrays))
    state = read_model(path).state
    np.testing.assert_array_equal(state[:, :SIZE], arrays["initial_h"][0])
    np.testing.assert_array_equal(state[:, SIZE:], np.repeat(arrays["initial_c"][0], BATCH, axis=0))
    with pytest.raises(ValueError, match=r"starts a batch of 3 sequences.*the series has 1; give state="):
        rnncore.diagnose(path, inputs(rng, STEPS, INPUT), backend="reference")


def test_a_constant_state_of_zeros_is_no_state(rng, tmp_path):
    arrays = weights("GRU", SIZE, INPUT, rng) | {"initial_h": np.zeros((1, BATCH, SIZE), np.float32)}
    path = write(tmp_path / "m.onnx", model([recurrent_node("GRU", arrays)], arrays))
    assert read_model(path).state is None
    rnncore.load(path)  # warnings are errors here


LENGTHS = {
    "of the input's shape": ([node("Shape", "X", "s"), node("Gather", "s zero", "t"), node("Gather", "s one", "b"),
                              node("Expand", "t b", "long"), node("Cast", "long", "lens", to=6)], True),
    "constant and full": ([node("Identity", "full", "lens")], True),
    "constant and shorter": ([node("Identity", "shorter", "lens")], False),
    "of an input": ([node("Cast", "given", "lens", to=6)], False),
}  # fmt: skip


@pytest.mark.parametrize("name", LENGTHS)
def test_lengths_of_sequences_must_be_the_inputs(name, rng, tmp_path):
    nodes, is_read = LENGTHS[name]
    arrays = weights("GRU", SIZE, INPUT, rng)
    numbers = {"zero": np.array([0]), "one": np.array([1])}
    numbers |= {"full": np.full(BATCH, STEPS, np.int32), "shorter": np.array([STEPS, 2, 3], np.int32)}
    nodes = [*nodes, recurrent_node("GRU", arrays, inputs={"sequence_lens": "lens"}, name="packed")]
    shapes = {
        "X": [STEPS if "constant" in name else "T", BATCH if "constant" in name else "B", INPUT],
        "given": [BATCH],
    }
    proto = model(nodes, arrays | numbers, inputs=shapes)
    signal = inputs(rng)
    expected = run(proto, X=signal, given=np.array([STEPS, 1, 4], np.float32))["Y"][:, 0]
    path = write(tmp_path / "m.onnx", proto)
    if is_read:
        np.testing.assert_allclose(simulate(read_model(path), signal).outputs, expected, **CLOSE)
    else:
        with pytest.raises(FormatError, match=r"m.onnx: GRU 'packed' takes sequence_lens"):
            read_model(path)


def test_metadata_of_the_model_is_kept(rng, tmp_path):
    arrays = weights("RNN", SIZE, INPUT, rng)
    proto = model([recurrent_node("RNN", arrays)], arrays)
    helper.set_model_props(proto, {"unit": "hours"})
    assert read_model(write(tmp_path / "m.onnx", proto)).about == {"unit": "hours"}


# ---- commands


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "rnncore", *map(str, arguments)], capture_output=True, encoding="utf-8", check=False
    )


@pytest.fixture
def series(rng, tmp_path):
    path = tmp_path / "s.csv"
    np.savetxt(path, rng.normal(size=(300, INPUT)), delimiter=",", header="a,b,c,d", comments="")
    return path


@pytest.mark.parametrize("kind", GATES)
def test_diagnose_names_the_layer_it_found(kind, series, rng, tmp_path):
    torch.manual_seed(2)
    path = export(First(getattr(torch.nn, kind)(INPUT, SIZE)), tmp_path / "m.onnx")
    done = command("diagnose", path, series, "--json", "-")
    assert done.returncode == 0 and not done.stderr, done
    facts = json.loads(done.stdout)
    assert facts["run"]["model"] == f"{path}: {kind} '/network/{kind}'" and facts["run"]["steps"] == 300


def test_commands_take_a_layer(series, tmp_path):
    torch.manual_seed(3)
    network = torch.nn.Sequential(First(torch.nn.RNN(INPUT, SIZE)), torch.nn.ReLU(), First(torch.nn.RNN(SIZE, INPUT)))
    path = export(network, tmp_path / "m.onnx")
    done = command("diagnose", path, series)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "2 recurrent layers; choose one with layer= (--layer): RNN '/0/network/RNN' (4 → 6), RNN" in done.stderr
    done = command("diagnose", path, series, "--layer", "/0/network/RNN")
    assert done.returncode == 0 and "RNN '/0/network/RNN'" in " ".join(done.stdout.split())
    out = tmp_path / "x.npy"
    done = command("simulate", path, series, "--layer", "/0/network/RNN", "--out", out)
    assert done.returncode == 0 and np.load(out).shape == (300, SIZE)
    done = command("simulate", path, series, "--layer", "/2/network/RNN", "--out", out)
    assert done.returncode == 1 and "6" in done.stderr
    done = command("diagnose", "--layer", "a")
    assert done.returncode == 1 and "--layer is for a MODEL" in done.stderr


def test_simulate_starts_from_the_files_state(series, rng, tmp_path):
    arrays = weights("RNN", SIZE, INPUT, rng) | {"initial_h": inputs(rng, 1, 1, SIZE)}
    path = write(tmp_path / "m.onnx", model([recurrent_node("RNN", arrays)], arrays))
    assert command("simulate", path, series, "--out", tmp_path / "x.npy").returncode == 0
    expected = rnncore.simulate(
        read_model(path).cell, np.loadtxt(series, delimiter=",", skiprows=1), state=arrays["initial_h"][0, 0]
    )
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), expected.outputs)
