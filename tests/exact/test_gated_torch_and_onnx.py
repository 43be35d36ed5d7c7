"""LSTM and GRU equal torch's, along runs and step by step from the same states, and so do their Jacobians; with
peepholes and with either place of the reset gate they equal onnxruntime's nodes."""

import numpy as np
import pytest
import torch

from rnncore import GRU, LSTM, Chain, jacobian, simulate

from ..contract.examples import tolerance
from ..io.onnx_graphs import model, recurrent_node, run

STEPS, SIZE, INPUT = 60, 24, 3
KINDS = {"LSTM": (LSTM, torch.nn.LSTM, torch.nn.LSTMCell), "GRU": (GRU, torch.nn.GRU, torch.nn.GRUCell)}
NAMES = ("weight_hh", "weight_ih", "bias_ih", "bias_hh")
CLOSING = slice(SIZE, 2 * SIZE)  # rows of an LSTM's forget gate, and of a GRU's update gate

torch.set_num_threads(1)  # threads that wait for each other take longer than these small networks


def networks(kind, layers, dtype, bias=True, seed=7):
    """A torch network and the same as a Chain, contracting as the contract's examples are: see their ``tolerance``."""
    torch.manual_seed(seed)
    network = KINDS[kind][1](INPUT, SIZE, layers, bias=bias, dtype=getattr(torch, dtype.name))
    with torch.no_grad():
        for name, weights in network.named_parameters():
            if name.startswith("weight"):
                norm = 1 / 8 if "hh" in name else 1 / 2
                weights *= norm / weights.abs().sum(dim=1, keepdim=True)
            else:
                weights[CLOSING] -= 2
    state = network.state_dict()
    cells = [KINDS[kind][0](*(state.get(f"{name}_l{layer}") for name in NAMES)) for layer in range(layers)]
    return network, Chain(cells)


def flat(kind, parts):
    """torch's states, (layers, …, n) each, as one vector: layer after layer, h before c."""
    parts = parts if kind == "LSTM" else (parts,)
    return np.concatenate([part[layer].numpy() for layer in range(len(parts[0])) for part in parts], axis=-1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("batch", [None, 5])
def test_runs_equal_torchs(kind, layers, batch, backend, dtype, rng):
    network, chain = networks(kind, layers, dtype)
    lead = () if batch is None else (batch,)
    inputs = rng.uniform(-1, 1, (STEPS, *lead, INPUT)).astype(dtype)
    start = torch.tensor(rng.uniform(-1, 1, (2, layers, *lead, SIZE)).astype(dtype))
    start = tuple(start) if kind == "LSTM" else start[0]
    with torch.no_grad():
        outputs, final = network(torch.tensor(inputs), start)
    got = simulate(chain, inputs, state=flat(kind, start), backend=backend)
    close = tolerance(chain, outputs.numpy(), got.final_state)
    np.testing.assert_allclose(got.outputs, outputs.numpy(), rtol=0, atol=close)
    np.testing.assert_allclose(got.final_state, flat(kind, final), rtol=0, atol=close)


@pytest.mark.parametrize("kind", KINDS)
def test_runs_without_biases_equal_torchs(kind, backend, rng):
    dtype = np.dtype("float64")
    network, chain = networks(kind, 1, dtype, bias=False)
    inputs = rng.uniform(-1, 1, (STEPS, INPUT))
    with torch.no_grad():
        outputs, _ = network(torch.tensor(inputs))
    got = simulate(chain, inputs, backend=backend).outputs
    # Gates around 1/2 make the errors of the state last: 1e-13 is 450 eps.
    np.testing.assert_allclose(got, outputs.numpy(), rtol=0, atol=1e-13)


def strong(kind, dtype, rng):
    """A torch cell with gates from closed to open, the same of ours, inputs, and the states of a run: x_0 … x_T."""
    cell = KINDS[kind][2](INPUT, SIZE, dtype=getattr(torch, dtype.name))
    with torch.no_grad():
        for name, weights in cell.named_parameters():
            scale = 2.5 if name.startswith("bias") else 3 / np.sqrt(weights.shape[1])
            weights[...] = torch.tensor(rng.normal(scale=scale, size=weights.shape))
    ours = KINDS[kind][0](**{name: weights.detach() for name, weights in cell.named_parameters()})
    inputs = torch.tensor(rng.normal(size=(STEPS, 1, INPUT)).astype(dtype))
    states = [torch.tensor(rng.normal(size=(1, ours.state_size)).astype(dtype))]
    with torch.no_grad():
        for x in inputs:
            states.append(torch_step(cell, x, states[-1]))
    return cell, ours, inputs[:, 0], torch.cat(states)


def torch_step(cell, x, state):
    if isinstance(cell, torch.nn.GRUCell):
        return cell(x, state)
    h, c = state.split(SIZE, dim=-1)
    return torch.cat(cell(x, (h, c)), dim=-1)


def magnitudes(cell, inputs, states):
    """The largest sum of magnitudes in a gate's argument."""
    weights = {name: abs(array) for name, array in cell.parameters.items()}
    h = abs(states[:-1, :SIZE])
    z = h @ weights["weight_hh"].T + abs(inputs) @ weights["weight_ih"].T + weights["bias_ih"] + weights["bias_hh"]
    return z.max()


@pytest.mark.parametrize("kind", KINDS)
def test_single_steps_of_strong_networks_equal_torchs(kind, backend, dtype, rng):
    _, cell, inputs, states = strong(kind, dtype, rng)
    inputs, states = inputs.numpy(), states.numpy()
    got = simulate(cell, inputs[None], state=states[:-1], keep="states", backend=backend).states[0]
    # A gate's argument sums SIZE + INPUT + 2 terms and is known to that many eps of their magnitudes. Slopes of σ are
    # 1/4, and what they multiply, c or W_hn h + b_hn, is no larger than the magnitudes or the state.
    largest = magnitudes(cell, inputs, states)
    error = (SIZE + INPUT + 6) * np.finfo(dtype).eps * largest
    np.testing.assert_allclose(got, states[1:], rtol=0, atol=2 * error * (2 + max(largest, abs(states).max()) / 4))
    # Some gates do saturate: float32 holds units at ±1.
    assert (abs(got[:, :SIZE]) > 0.99).any() and (abs(got[:, :SIZE]) < 0.01).any()


@pytest.mark.parametrize("kind", KINDS)
def test_jacobians_of_the_whole_state_equal_autograds(kind, backend, rng):
    torch_cell, cell, inputs, states = strong(kind, np.dtype("float64"), rng)
    got = {
        wrt: jacobian(cell, states[:-1].numpy(), inputs.numpy(), wrt=wrt, backend=backend) for wrt in ("state", "input")
    }
    for index, (x, state) in enumerate(zip(inputs, states)):
        by_input, by_state = torch.func.jacrev(lambda x, s: torch_step(torch_cell, x[None], s[None])[0], (0, 1))(
            x, state
        )
        # Sums of at most 4 products of numbers up to 10, whose arguments are known to some 30 eps of 30.
        np.testing.assert_allclose(got["state"][index], by_state.detach().numpy(), rtol=0, atol=1e-12)
        np.testing.assert_allclose(got["input"][index], by_input.detach().numpy(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("peepholes", [False, True])
def test_the_lstm_equals_onnxruntimes(peepholes, backend, rng):
    cell = networks("LSTM", 1, np.dtype("float32"))[1].layers[0]
    if peepholes:
        names = ("weight_ci", "weight_cf", "weight_co")
        cell = cell.replace(**{name: rng.uniform(-1 / 8, 1 / 8, SIZE).astype(np.float32) for name in names})
    parts = {name: np.split(array, 4) for name, array in cell.parameters.items() if name in NAMES}
    onnx_order = {name: np.concatenate([i, o, f, g]) for name, (i, f, g, o) in parts.items()}
    arrays = onnx_arrays(onnx_order)
    if peepholes:
        arrays["P"] = np.concatenate([cell.parameters[f"weight_c{gate}"] for gate in "iof"])[None]
    start = rng.uniform(-1, 1, (2, 1, 4, SIZE)).astype(np.float32)
    check_against_onnxruntime("LSTM", cell, arrays, {"initial_h": start[0], "initial_c": start[1]}, backend, rng)


@pytest.mark.parametrize("reset_after", [False, True])
def test_the_gru_equals_onnxruntimes(reset_after, backend, rng):
    cell = networks("GRU", 1, np.dtype("float32"))[1].layers[0].replace(reset_after=reset_after)
    parts = {name: np.split(array, 3) for name, array in cell.parameters.items()}
    arrays = onnx_arrays({name: np.concatenate([z, r, n]) for name, (r, z, n) in parts.items()})
    start = {"initial_h": rng.uniform(-1, 1, (1, 4, SIZE)).astype(np.float32)}
    check_against_onnxruntime("GRU", cell, arrays, start, backend, rng, linear_before_reset=int(reset_after))
    other = simulate(cell.replace(reset_after=not reset_after), np.ones((5, INPUT))).outputs
    assert abs(other - simulate(cell, np.ones((5, INPUT))).outputs).max() > 1e-4  # the conventions do differ


def onnx_arrays(named):
    biases = np.concatenate([named["bias_ih"], named["bias_hh"]])
    return {"W": named["weight_ih"][None], "R": named["weight_hh"][None], "B": biases[None]}


def check_against_onnxruntime(kind, cell, arrays, start, backend, rng, **attributes):
    """In float32, the only type onnxruntime runs these nodes in."""
    inputs = rng.uniform(-1, 1, (STEPS, 4, INPUT)).astype(np.float32)
    finals = [name.replace("initial", "Y") for name in start]
    node = recurrent_node(kind, arrays | start, outputs=["Y", *finals], **attributes)
    shapes = {"X": ["T", "B", INPUT]} | {name: [1, "B", SIZE] for name in start}
    want = run(model([node], arrays, ["Y", *finals], shapes), X=inputs, **start)
    got = simulate(cell, inputs, state=np.concatenate([part[0] for part in start.values()], axis=1), backend=backend)
    # onnxruntime's σ and tanh are rational functions that are right to some 1e-7, two or three more roundings.
    close = tolerance(cell, want["Y"]) + 4 * np.finfo(np.float32).eps
    np.testing.assert_allclose(got.outputs, want["Y"][:, 0], rtol=0, atol=close)
    last = np.concatenate([want[name][0] for name in finals], axis=1)
    np.testing.assert_allclose(got.final_state, last, rtol=0, atol=close)
