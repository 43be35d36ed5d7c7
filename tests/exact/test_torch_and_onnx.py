"""Elman equals torch.nn.RNN and onnxruntime's RNN node."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from rnncore import Chain, Elman, simulate

STEPS, SIZE, INPUT = 60, 24, 3

torch.set_num_threads(1)  # threads that wait for each other take longer than these small networks


def networks(kind, layers, dtype, seed=7):
    """A torch RNN and the same network as a Chain, contracting: ‖W_hh‖_∞ <= 1/2, ‖W_ih‖_∞ <= 1."""
    torch.manual_seed(seed)
    network = torch.nn.RNN(INPUT, SIZE, layers, nonlinearity=kind, dtype=getattr(torch, dtype.name))
    with torch.no_grad():
        for name, weights in network.named_parameters():
            if name.startswith("weight"):
                norm = 0.5 if "hh" in name else 1.0
                weights *= norm / weights.abs().sum(dim=1, keepdim=True)
    state = network.state_dict()
    names = ("weight_hh", "weight_ih", "bias_ih", "bias_hh")
    cells = [Elman(*(state[f"{name}_l{layer}"] for name in names), nonlinearity=kind) for layer in range(layers)]
    return network, Chain(cells)


def agreement(layers, dtype):
    """Both sides round sums of SIZE + SIZE + 2 products of |z| < 2.5, tanh to a few ULP; ‖W_hh‖_∞ = 1/2 doubles it and
    every layer passes it on with a gain of at most 2."""
    return 2 * 2.0**layers * (2 * SIZE + 10) * 2.5 * np.finfo(dtype).eps


@pytest.mark.parametrize("kind", ["tanh", "relu"])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("batch", [None, 5])
def test_elman_equals_torch(kind, layers, batch, backend, dtype, rng):
    network, chain = networks(kind, layers, dtype)
    lead = () if batch is None else (batch,)
    inputs = rng.uniform(-1, 1, (STEPS, *lead, INPUT)).astype(dtype)
    start = rng.uniform(-1, 1, (layers, *lead, SIZE)).astype(dtype)
    with torch.no_grad():
        outputs, final = network(torch.tensor(inputs), torch.tensor(start))
    state = np.concatenate(list(start), axis=-1)
    got = simulate(chain, inputs, state=state, backend=backend)
    np.testing.assert_allclose(got.outputs, outputs.numpy(), rtol=0, atol=agreement(layers, dtype))
    want = np.concatenate(list(final.numpy()), axis=-1)
    np.testing.assert_allclose(got.final_state, want, rtol=0, atol=agreement(layers, dtype))


@pytest.mark.parametrize("kind", ["tanh", "relu"])
def test_elman_equals_torchs_single_cell(kind, backend, dtype, rng):
    torch.manual_seed(3)
    cell = torch.nn.RNNCell(INPUT, SIZE, nonlinearity=kind, dtype=getattr(torch, dtype.name))
    inputs, state = rng.uniform(-1, 1, (8, INPUT)).astype(dtype), rng.uniform(-1, 1, (8, SIZE)).astype(dtype)
    with torch.no_grad():
        want = cell(torch.tensor(inputs), torch.tensor(state)).numpy()
    ours = Elman(**{name: weights.detach() for name, weights in cell.named_parameters()}, nonlinearity=kind)
    got = simulate(ours, inputs[None], state=state, backend=backend).outputs[0]
    # One step: torch draws weights within 1/sqrt(24), so |z| <= (24 + 3 + 2) / sqrt(24) < 6, of 29 products.
    np.testing.assert_allclose(got, want, rtol=0, atol=2 * (29 + 4) * 6 * np.finfo(dtype).eps)


@pytest.mark.parametrize("kind", ["tanh", "relu"])
def test_elman_equals_onnxruntime(kind, backend, rng):
    dtype = np.dtype(np.float32)  # the only type onnxruntime runs the RNN node in
    _, chain = networks(kind, 1, dtype)
    batch = 4
    inputs = rng.uniform(-1, 1, (STEPS, batch, INPUT)).astype(dtype)
    start = rng.uniform(-1, 1, (batch, SIZE)).astype(dtype)
    session = onnxruntime.InferenceSession(onnx_model(chain.layers[0], kind).SerializeToString())
    outputs, final = session.run(None, {"X": inputs, "initial_h": start[None]})
    got = simulate(chain, inputs, state=start, backend=backend)
    np.testing.assert_allclose(got.outputs, outputs[:, 0], rtol=0, atol=agreement(1, dtype))
    np.testing.assert_allclose(got.final_state, final[0], rtol=0, atol=agreement(1, dtype))


def onnx_model(cell, kind):
    weights = cell.parameters
    constants = {
        "W": weights["weight_ih"][None],
        "R": weights["weight_hh"][None],
        "B": np.concatenate([weights["bias_ih"], weights["bias_hh"]])[None],
    }
    node = onnx.helper.make_node(
        "RNN",
        ["X", "W", "R", "B", "", "initial_h"],
        ["Y", "Y_h"],
        hidden_size=SIZE,
        activations=[{"tanh": "Tanh", "relu": "Relu"}[kind]],
    )
    free = lambda name: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)  # noqa: E731
    graph = onnx.helper.make_graph(
        [node],
        "rnn",
        [
            onnx.helper.make_tensor_value_info("X", onnx.TensorProto.FLOAT, ["T", "B", INPUT]),
            onnx.helper.make_tensor_value_info("initial_h", onnx.TensorProto.FLOAT, [1, "B", SIZE]),
        ],
        [free("Y"), free("Y_h")],
        [onnx.numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in constants.items()],
    )
    # the oldest versions that hold the node: any onnxruntime of the last years reads them
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 14)], ir_version=8)
