"""What is no ONNX file, or more than this version reads, says so by name; no file crashes or hangs."""

import os
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import rnncore
from rnncore import FormatError

from .onnx_graphs import GATES, INT64, model, node, recurrent_node, value, weights, write

SIZE, INPUT = 3, 2


@pytest.fixture
def save(tmp_path):
    """Writes a model of one node named "memory" after changes to its arrays."""

    def save(kind, changes=None, *, rng=None, inputs=None, **attributes):
        arrays = weights(kind, SIZE, INPUT, np.random.default_rng(0)) | (changes or {})
        arrays = {name: array for name, array in arrays.items() if array is not None}
        one = recurrent_node(kind, arrays, name="memory", inputs=inputs, **attributes)
        return write(tmp_path / "m.onnx", model([one], arrays))

    return save


def assert_refused(path, message):
    with pytest.raises(FormatError, match=message) as error:
        rnncore.load(path)
    assert str(path) in str(error.value)


REFUSED = [
    ("RNN", {"direction": "reverse"}, "direction=reverse"),
    ("GRU", {"direction": "bidirectional"}, "direction=bidirectional"),
    ("LSTM", {"direction": "bidirectional"}, "direction=bidirectional"),
    ("LSTM", {"clip": 3.0}, "clip=3"),
    ("GRU", {"clip": 0.5}, r"clip=0\.5"),
    ("LSTM", {"input_forget": 1}, "input_forget=1"),
    ("LSTM", {"layout": 2}, "layout=2"),
    ("GRU", {"linear_before_reset": 2}, "linear_before_reset=2"),
    ("RNN", {"activations": ["LeakyRelu"]}, "activations=LeakyRelu; this version reads one of tanh, relu"),
    ("RNN", {"activations": ["Tanh", "Tanh"]}, "activations=Tanh, Tanh"),
    ("LSTM", {"activations": ["HardSigmoid", "Tanh", "Tanh"]}, "activations=HardSigmoid, Tanh, Tanh.*Sigmoid, Tanh"),
    ("LSTM", {"activations": ["Sigmoid", "Relu", "Relu"]}, "activations=Sigmoid, Relu, Relu"),
    ("LSTM", {"activations": ["Sigmoid", "Tanh"]}, "activations=Sigmoid, Tanh"),
    ("GRU", {"activations": ["Sigmoid", "Softsign"]}, "activations=Sigmoid, Softsign"),
    ("RNN", {"activation_alpha": [0.5]}, r"activation_alpha=0\.5, which is not read"),
    ("LSTM", {"activation_beta": [0.5, 1.0]}, r"activation_beta=0\.5, 1, which is not read"),
    ("RNN", {"activations": ["Elu"], "activation_alpha": [0.5]}, r"activation_alpha=0\.5 for Elu; expected 1"),
    ("RNN", {"activations": ["Affine"]}, "activation_alpha=nothing for Affine; expected 1"),
    (
        "RNN",
        {"activations": ["Affine"], "activation_alpha": [1.0], "activation_beta": [2.0]},
        "activation_beta=2 for Affine; expected 0",
    ),
    ("GRU", {"input_forget": 0}, "the attribute input_forget"),
    ("RNN", {"momentum": 1.0}, "the attribute momentum"),
    ("GRU", {"hidden_size": 4}, r"hidden_size=4, but R of shape \(1, 9, 3\)"),
]


@pytest.mark.parametrize("kind, attributes, message", REFUSED)
def test_attributes_are_refused_by_name_with_the_nodes(kind, attributes, message, save):
    assert_refused(save(kind, **attributes), f"m.onnx: {kind} 'memory' has {message}")


@pytest.mark.parametrize(
    "kind, attributes",
    [
        ("LSTM", {"direction": "forward", "input_forget": 0, "layout": 0, "activations": ["Sigmoid", "Tanh", "Tanh"]}),
        ("GRU", {"activations": ["Sigmoid", "Tanh"], "linear_before_reset": 0}),
        ("RNN", {"activations": ["Elu"]}),
    ],
)
def test_attributes_that_ask_for_nothing_special_are_read(kind, attributes, save):
    assert rnncore.load(save(kind, **attributes)).output_size == SIZE


HALF = np.zeros((1, 12, SIZE), np.float16)
BAD_ARRAYS = [
    ("LSTM", {"R": HALF}, "has R in float16; convert the weights to float32 or float64 first"),
    ("LSTM", {"W": np.zeros((1, 12, INPUT), np.int32)}, "has W in int32, expected float32 or float64"),
    ("LSTM", {"R": np.zeros((1, 9, SIZE), np.float32)}, r"needs R of shape \(1, 4n, n\), got \(1, 9, 3\)"),
    ("GRU", {"R": np.zeros((9, SIZE), np.float32)}, r"needs R of shape \(1, 3n, n\), got \(9, 3\)"),
    ("GRU", {"R": np.zeros((2, 9, SIZE), np.float32)}, r"needs R of shape \(1, 3n, n\), got \(2, 9, 3\)"),
    ("RNN", {"R": np.zeros((1, 0, 0), np.float32)}, "0"),
    ("GRU", {"W": np.zeros((1, 12, 2), np.float32)}, r"needs W of shape \(1, 3n, n_in\) with n = 3, got \(1, 12, 2\)"),
    ("LSTM", {"B": np.zeros((1, 12), np.float32)}, r"needs B of shape \(1, 8n\) with n = 3, got \(1, 12\)"),
    ("LSTM", {"P": np.zeros((1, 3), np.float32)}, r"needs P of shape \(1, 3n\) with n = 3, got \(1, 3\)"),
    ("GRU", {"W": np.full((1, 9, 2), np.nan, np.float32)}, "weight_ih.*nan"),
    ("RNN", {"W": np.zeros((1, 3, 2))}, "float32.*float64|float64.*float32"),
    ("GRU", {"initial_h": np.zeros((1, 3), np.float32)}, r"needs initial_h of shape \(1, B, 3\), got \(1, 3\)"),
    ("LSTM", {"initial_c": np.zeros((2, 1, 3), np.float32)}, r"needs initial_c of shape \(1, B, 3\), got \(2, 1, 3\)"),
    ("LSTM", {"initial_c": np.zeros((1, 0, 3), np.float32)}, r"needs initial_c of shape \(1, B, 3\), got \(1, 0, 3\)"),
    ("GRU", {"initial_h": np.full((1, 1, 3), np.inf, np.float32)}, "initial_h with values that are not finite"),
    ("GRU", {"initial_h": np.zeros((1, 1, 3), np.float16)}, "initial_h in float16"),
    ("LSTM", {"W": None}, "has no W"),
]


@pytest.mark.parametrize("kind, changes, message", BAD_ARRAYS)
def test_arrays_that_do_not_fit_are_named(kind, changes, message, save):
    assert_refused(save(kind, changes), f"m.onnx: {kind} 'memory' .*{message}")


def test_weights_that_only_a_run_knows_are_named(save, tmp_path):
    assert_refused(save("GRU", inputs={"R": "X"}), "GRU 'memory' needs R as a constant.*depends on the input 'X'")
    assert_refused(save("GRU", inputs={"B": "nowhere"}), "needs B as a constant.*'nowhere', which nothing computes")
    arrays = weights("RNN", SIZE, INPUT, np.random.default_rng(0))
    nodes = [
        node("MatMul", "X X", "product", name="mixing"),
        node("Transpose", "product", "R", perm=[0, 2, 1]),
        recurrent_node("RNN", arrays, name="memory"),
    ]
    del arrays["R"]
    path = write(tmp_path / "m.onnx", model(nodes, arrays))
    assert_refused(path, "RNN 'memory' needs R as a constant of the file, but it depends on the MatMul 'mixing'")


def test_bfloat16_is_refused(save, tmp_path):
    proto = onnx.load(save("RNN"))
    for tensor in proto.graph.initializer:
        count = int(np.prod(tensor.dims))
        tensor.CopyFrom(helper.make_tensor(tensor.name, TensorProto.BFLOAT16, tensor.dims, [1.0] * count))
    assert_refused(write(tmp_path / "m.onnx", proto), "has W in bfloat16; convert the weights to float32 or float64")


# ---- files


def test_a_graph_without_recurrent_layers_says_what_it_has(tmp_path):
    nodes = [node("Relu", "X", "a"), node("Relu", "a", "b"), node("Softmax", "b", "Y")]
    nodes.append(helper.make_node("DynamicQuantizeLSTM", ["X"], ["q"], domain="com.microsoft"))
    path = write(tmp_path / "m.onnx", model(nodes, {}))
    assert_refused(
        path, r"no RNN, LSTM or GRU .* Relu \(2\), Softmax, com.microsoft.DynamicQuantizeLSTM \(a recurrence"
    )
    assert_refused(write(tmp_path / "m.onnx", model([], {})), "it has no operators")


def test_several_layers_are_listed_with_their_directions(tmp_path):
    """Two bidirectional layers, the second on the outputs of the first as torch exports them: no chain."""
    arrays = {
        f"{name}{i}": np.concatenate([array, array])
        for i in "12"
        for name, array in weights("GRU", SIZE, INPUT if i == "1" else 2 * SIZE, np.random.default_rng(0)).items()
    }
    names = [{name: f"{name}{i}" for name in "WRB"} for i in "12"]
    both = {"hidden_size": SIZE, "direction": "bidirectional"}
    nodes = [
        recurrent_node("GRU", {}, outputs=("y", ""), inputs=names[0], name="low", **both),
        node("Transpose", "y", "t", perm=[0, 2, 1, 3]),
        node("Reshape", "t kept", "x"),
        recurrent_node("GRU", {}, inputs=names[1] | {"X": "x"}, name="high", **both),
    ]
    path = write(tmp_path / "m.onnx", model(nodes, arrays | {"kept": np.array([0, 0, -1])}))
    assert_refused(path, r"2 recurrent layers.*GRU 'low' \(2 → 3, bidirectional\), GRU 'high' \(6 → 3, bidirectional\)")


def test_nodes_of_other_domains_are_not_taken_for_onnxs(tmp_path):
    arrays = weights("LSTM", SIZE, INPUT, np.random.default_rng(0))
    one = recurrent_node("LSTM", arrays)
    one.domain = "own"
    assert_refused(write(tmp_path / "m.onnx", model([one], arrays)), r"operators are own\.LSTM")


def test_every_truncation_is_an_error_with_the_files_name(save, tmp_path):
    whole = save("LSTM").read_bytes()
    path = tmp_path / "cut.onnx"
    for length in range(0, len(whole)):
        path.write_bytes(whole[:length])
        assert_refused(path, r"cut\.onnx: (truncated|the file is empty)")


def test_damaged_bytes_are_an_error_or_another_model(save, tmp_path):
    whole = save("GRU", {"initial_h": np.ones((1, 1, SIZE), np.float32)}).read_bytes()
    rng, path = np.random.default_rng(1), tmp_path / "damaged.onnx"
    refused = 0
    for _ in range(1500):
        damaged = bytearray(whole)
        for place in rng.integers(len(whole), size=rng.integers(1, 4)):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            rnncore.io.read_model(path)
        except FormatError as error:
            assert str(path) in str(error)
            refused += 1
    assert refused > 500


@pytest.mark.parametrize("content", [b"\x80\x04K\x01.", b"PK\x03\x04" + bytes(100), b"ir_version: 8\n", bytes(64)])
def test_other_files_are_no_onnx(content, tmp_path):
    (tmp_path / "m.onnx").write_bytes(content)
    assert_refused(tmp_path / "m.onnx", "no ONNX file")


def test_a_missing_file_is_the_usual_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="none"):
        rnncore.load(tmp_path / "none.onnx")
    with pytest.raises(OSError, match="onnx"):
        (tmp_path / "folder.onnx").mkdir()
        rnncore.load(tmp_path / "folder.onnx")


@pytest.mark.parametrize(
    "dims, message",
    [
        ([1 << 40, 1 << 20, 4], "tensor 'R'"),
        ([1 << 62, 1 << 62], "tensor 'R'"),
        ([-1, 9, 3], r"tensor 'R' has the shape \[-1, 9, 3\]"),
        ([1, 9, 4], "tensor 'R'"),
    ],
)
def test_tensors_that_promise_more_than_they_hold(dims, message, save, tmp_path):
    proto = onnx.load(save("GRU"))
    (tensor,) = (tensor for tensor in proto.graph.initializer if tensor.name == "R")
    del tensor.dims[:]
    tensor.dims.extend(dims)
    assert_refused(write(tmp_path / "m.onnx", proto), message)


def join_a_thousand(name, result):
    return node("Concat", " ".join([name] * 1000), result, axis=0)


VAST = {
    "filled": [node("ConstantOfShape", "vast", "R")],
    "expanded": [node("Expand", "one vast", "R")],
    "tiled": [node("Tile", "square vast", "R")],
    "joined": [join_a_thousand("square", "a"), join_a_thousand("a", "b"), join_a_thousand("b", "R")],
    "gathered": [
        node("ConstantOfShape", "many", "zeros", value=helper.make_tensor("v", INT64, [1], [0])),
        node("Gather", "square zeros", "a"),
        node("Gather", "a zeros", "R"),
    ],
    "multiplied": [node("ConstantOfShape", "many", "a"), node("Unsqueeze", "a last", "b"), node("Add", "a b", "R")],
}


@pytest.mark.parametrize("name", VAST)
def test_operators_that_make_vast_constants_of_small_ones(name, tmp_path):
    """Memory stays small: the process may have 4 GiB of it."""
    arrays = weights("RNN", SIZE, INPUT, np.random.default_rng(0))
    numbers = {"vast": np.array([1 << 20, 1 << 20]), "many": np.array([50_000_000]), "last": np.array([1])}
    stored = {"W": arrays["W"], "square": arrays["R"][0], "one": np.zeros(1, np.float32)} | numbers
    path = write(tmp_path / "m.onnx", model([*VAST[name], recurrent_node("RNN", arrays, name="memory")], stored))
    script = (
        "import resource, sys, rnncore\n"
        "resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))\n"
        "try:\n    rnncore.load(sys.argv[1])\nexcept rnncore.FormatError as error:\n    print(error)\n"
    )
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, encoding="utf-8", env=environment, check=False
    )
    assert "RNN 'memory' needs R as a constant" in done.stdout, done


def test_long_chains_of_operators_need_no_deep_stack(tmp_path):
    arrays = weights("RNN", SIZE, INPUT, np.random.default_rng(0))
    nodes = [node("Identity", "R" if i == 0 else f"R{i}", f"R{i + 1}") for i in range(20_000)]
    nodes.append(recurrent_node("RNN", arrays, inputs={"R": "R20000"}))
    assert rnncore.load(write(tmp_path / "m.onnx", model(nodes, arrays))).output_size == SIZE


def test_results_that_depend_on_themselves(tmp_path):
    arrays = weights("RNN", SIZE, INPUT, np.random.default_rng(0))
    nodes = [node("Identity", "a", "b"), node("Identity", "b", "a"), recurrent_node("RNN", arrays, inputs={"R": "a"})]
    assert_refused(write(tmp_path / "m.onnx", model(nodes, arrays)), "needs R as a constant")


def nested(function_body, depth):
    """Functions f0, f1, … each with a body of calls of the next."""
    return [
        helper.make_function("own", f"f{i}", ["x"], ["y"], function_body(i), [helper.make_opsetid("own", 1)])
        for i in range(depth)
    ]


def call(function, given="x", result="y"):
    return helper.make_node(function, [given], [result], domain="own")


@pytest.mark.parametrize(
    "functions",
    [
        nested(lambda i: [call("f0")], 1),  # calls itself
        nested(lambda i: [call(f"f{i + 1}")], 500),
        nested(lambda i: [call(f"f{i + 1}", "x", "a"), call(f"f{i + 1}", "a", "y")], 40),  # 2⁴⁰ calls
    ],
)
def test_functions_within_functions_without_end(functions, tmp_path):
    proto = model([call("f0", "X", "Y")], {}, functions=functions)
    assert_refused(write(tmp_path / "m.onnx", proto), "graphs within graphs")


def test_graphs_nested_as_deep_as_the_format_allows(tmp_path):
    arrays = weights("RNN", SIZE, INPUT, np.random.default_rng(0))
    body = helper.make_graph([recurrent_node("RNN", arrays, outputs=("Y", ""), name="deep")], "b", [], [value("Y")])
    for _ in range(30):  # protobuf itself ends near 100 messages, three a level
        body = helper.make_graph([helper.make_node("If", ["yes"], ["Y"], then_branch=body)], "b", [], [value("Y")])
    proto = model([helper.make_node("If", ["yes"], ["Y"], then_branch=body)], arrays)
    assert rnncore.load(write(tmp_path / "m.onnx", proto)).output_size == SIZE


def test_without_the_onnx_package_the_error_says_what_to_install(save, tmp_path):
    path = save("RNN")
    (tmp_path / "onnx.py").write_text("raise ImportError('not here')")
    search = os.pathsep.join([str(tmp_path), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    done = subprocess.run(
        [sys.executable, "-m", "rnncore", "simulate", path, "--steps", "3", "--out", tmp_path / "x.npy"],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": search},
        check=False,
    )
    assert done.returncode == 1 and "needs onnx: pip install 'rnncore[onnx]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", GATES)
def test_writing_is_refused(kind, save, tmp_path):
    with pytest.raises(FormatError, match=r"out\.onnx: \.onnx files are read, not written"):
        rnncore.save(rnncore.load(save(kind)), tmp_path / "out.onnx")
