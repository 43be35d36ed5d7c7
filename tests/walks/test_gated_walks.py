"""Walks over gated cells against torch, in which their formulas are written out once more, peepholes included."""

import numpy as np
import pytest
import torch
from torch.autograd import forward_ad

from rnncore import Chain, Dense, gradient_norms, jacobian, jvp, layer_gradients

from ..contract.examples import experiment
from .test_jvp import random_tangents


def lstm_step(weight, x, state):
    h, c = state.chunk(2, dim=-1)
    i, f, g, o = (gate for gate in torch.chunk(drive(weight, x, h), 4, dim=-1))
    i = torch.sigmoid(i + weight.get("weight_ci", 0) * c)
    f = torch.sigmoid(f + weight.get("weight_cf", 0) * c)
    c = f * c + i * torch.tanh(g)
    return torch.cat([torch.sigmoid(o + weight.get("weight_co", 0) * c) * torch.tanh(c), c], dim=-1)


def gru_step(weight, x, h):
    """The reset gate before the product."""
    size = h.shape[-1]
    r, z = torch.sigmoid(drive({k: v[: 2 * size] for k, v in weight.items()}, x, h)).chunk(2, dim=-1)
    n = torch.tanh(drive({k: v[2 * size :] for k, v in weight.items()}, x, r * h))
    return (1 - z) * n + z * h


def gru_after_step(weight, x, h):
    by_input = {name: array for name, array in weight.items() if name.endswith("ih")}
    by_state = {name: array for name, array in weight.items() if name.endswith("hh")}
    (x_r, x_z, x_n), (h_r, h_z, h_n) = (drive(part, x, h).chunk(3, dim=-1) for part in (by_input, by_state))
    z = torch.sigmoid(x_z + h_z)
    return (1 - z) * torch.tanh(x_n + torch.sigmoid(x_r + h_r) * h_n) + z * h


def gated_diagonal_step(weight, x, c):
    return (
        x @ weight["weight_ih"].T
        + weight["bias"]
        + torch.sigmoid(x @ weight["weight_gate"].T + weight["bias_gate"]) * c
    )


def diagonal_step(weight, x, state):
    h = weight["weight_hh"] * torch.view_as_complex(state.unflatten(-1, (-1, 2)))
    h = h + x.to(h.dtype) @ weight["weight_ih"].T + weight["bias"]
    return torch.view_as_real(h).flatten(-2)


def drive(weight, x, h):
    z = 0
    if "weight_hh" in weight:
        z = z + h @ weight["weight_hh"].T
    if "weight_ih" in weight:
        z = z + x @ weight["weight_ih"].T
    for name in ("bias_ih", "bias_hh"):
        if name in weight:
            z = z + weight[name]
    return z


STEPS = {
    "lstm": lstm_step,
    "lstm-peepholes": lstm_step,
    "lstm-one-bias-one-peephole": lstm_step,
    "gru": gru_after_step,
    "gru-one-bias": gru_after_step,
    "gru-reset-before": gru_step,
    "gru-reset-before-one-bias": gru_step,
    "gated-diagonal-identity": gated_diagonal_step,
    "diagonal-complex": diagonal_step,
}


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")  # torch itself imports it
@pytest.mark.parametrize("name", STEPS)
def test_tangents_are_torchs_forward_mode(name, backend):
    case = experiment(name, np.dtype("float64"), size=6, input_size=3, steps=30, batch=4)
    tangents = random_tangents(case)
    size = case.cell.output_size
    with forward_ad.dual_level():

        def dual(primal, tangent):
            return forward_ad.make_dual(torch.tensor(primal), torch.tensor(tangent))

        inputs, state = dual(case.inputs, tangents["inputs"]), dual(case.state, tangents["state"])
        weight = {name: dual(array, tangents["parameters"][name]) for name, array in case.cell.parameters.items()}
        outputs = []
        for x in inputs:
            state = STEPS[name](weight, x, state)
            outputs.append(state[..., :size])
        want = forward_ad.unpack_dual(torch.stack(outputs))
    trajectory, got = jvp(case.cell, case.inputs, tangents, state=case.state, backend=backend)
    # 30 contracting steps of sums of ten products of numbers up to 3.
    np.testing.assert_allclose(trajectory.outputs, want.primal, rtol=0, atol=1e-13)
    np.testing.assert_allclose(got, want.tangent, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", STEPS)
def test_jacobians_of_the_whole_state_are_torchs(name, backend):
    case = experiment(name, np.dtype("float64"), size=6, input_size=3, steps=1, batch=4)
    weight = {name: torch.tensor(array) for name, array in case.cell.parameters.items()}
    got = {
        (of, wrt): jacobian(case.cell, case.state, case.inputs[0], of=of, wrt=wrt, backend=backend)
        for of in ("state", "outputs")
        for wrt in ("state", "input")
    }
    for index in range(4):
        x, state = torch.tensor(case.inputs[0, index]), torch.tensor(case.state[index])
        wanted = torch.autograd.functional.jacobian(lambda x, s: STEPS[name](weight, x, s), (x, state))
        for (of, wrt), matrices in got.items():
            rows = slice(None) if of == "state" else slice(case.cell.output_size)
            # Sums of four products of numbers below 2.
            np.testing.assert_allclose(matrices[index], wanted[wrt == "state"][rows], rtol=0, atol=1e-14)


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("of", ["state", "outputs"])
def test_gradients_at_every_lag_are_torchs(name, of, backend, rng):
    case = experiment(name, np.dtype("float64"), size=6, input_size=3, steps=40)
    size = case.cell.output_size if of == "outputs" else case.cell.state_size
    cotangent = rng.normal(size=size)
    weight = {name: torch.tensor(array) for name, array in case.cell.parameters.items()}
    states = [torch.tensor(case.state, requires_grad=True)]
    for x in torch.tensor(case.inputs):
        states.append(STEPS[name](weight, x, states[-1]))
        states[-1].retain_grad()
    states[-1][:size].backward(torch.tensor(cotangent))
    gradients = torch.stack([state.grad for state in reversed(states)]).numpy()
    groups = {"first": [0], "others": slice(1, None)}
    found = gradient_norms(
        case.cell, case.inputs, state=case.state, cotangent=cotangent, groups=groups, backend=backend
    )  # fmt: skip
    # Norms, not logs, err by some eps a step, 40 of them; those of a group relative to the whole.
    np.testing.assert_allclose(found.log2_norms, np.log2(np.linalg.norm(gradients, axis=1)), rtol=0, atol=1e-12)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(found.by_group["first"], np.log2(abs(gradients[:, 0])), rtol=0, atol=1e-10)


def test_a_cotangent_of_the_outputs_is_that_of_their_part_of_the_state(backend, rng):
    for name in ("lstm", "chain-gated-deep", "chain-lstm-last"):
        case = experiment(name, np.dtype("float64"), size=5, batch=2)
        last = case.cell.layers[-1]
        first = case.cell.state_size - last.state_size
        part = slice(first, first + last.output_size)
        cotangent = rng.normal(size=(2, last.output_size))
        whole = np.zeros((2, case.cell.state_size))
        whole[:, part] = cotangent
        got, want = (
            gradient_norms(case.cell, case.inputs, state=case.state, cotangent=given, backend=backend).log2_norms
            for given in (cotangent, whole)
        )
        np.testing.assert_array_equal(got, want)
        single = gradient_norms(case.cell, case.inputs, state=case.state, cotangent=cotangent[0], backend=backend)
        np.testing.assert_array_equal(single.log2_norms[:, 0], want[:, 0])


def test_behind_a_readout_only_the_state_has_a_cotangent(rng):
    case = experiment("chain-gated", np.dtype("float64"), size=5)
    with pytest.raises(ValueError, match=r"cotangent must have shape \(16,\), got \(7,\)"):
        gradient_norms(case.cell, case.inputs, cotangent=np.ones(7))


def test_gradients_of_deep_nets_are_for_layers_without_memory():
    case = experiment("lstm", np.dtype("float64"), size=2)
    with pytest.raises(TypeError, match="layer 1 is LSTM; for layers with memory there is gradient_norms"):
        layer_gradients(Chain([Dense(np.ones((2, 2))), case.cell]), np.ones((3, 2)), np.ones((3, 2)))
