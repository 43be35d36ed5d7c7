"""Every cell against torch's automatic differentiation in float64."""

import numpy as np
import pytest
import scipy.sparse
import torch

from rnncore import GRU, LSTM, Chain, Elman, gradients

from ..contract.examples import EXAMPLES, KINDS, STEPS, experiment
from .torch_cells import TorchRun

FLOAT64 = np.dtype("float64")


def drawn(case, seed=5):
    rng = np.random.default_rng(seed)
    lead = case.state.shape[:-1]
    return rng.normal(size=(case.steps, *lead, case.cell.output_size)), rng.normal(size=case.state.shape)


def torch_run(case, **options):
    width = 1 if case.state.ndim == 1 else len(case.state)
    inputs = None if case.inputs is None else case.inputs.reshape(case.steps, width, -1)
    return TorchRun(case.cell, inputs, case.state.reshape(width, case.cell.state_size), case.steps, **options)


def compare(found, want, case):
    """To 1e-10 of the largest entry."""
    for name, gradient in named(found, case).items():
        wanted = want.pop(name).reshape(gradient.shape)
        np.testing.assert_allclose(gradient, wanted, rtol=0, atol=1e-10 * max(1e-3, np.abs(wanted).max(initial=0)))
    assert not want


def named(found, case):
    by_name = {} if found.inputs is None else {"inputs": found.inputs}
    by_name["state"] = found.state
    for name, gradient in found.parameters.items():
        entries = gradient.data if scipy.sparse.issparse(gradient) else gradient
        by_name[name if isinstance(case.cell, Chain) else f"0.{name}"] = entries
    return by_name


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("batch", [None, 3])
def test_every_cell(name, batch, backend):
    case = experiment(name, FLOAT64, size=6, input_size=3, batch=batch)
    cotangent, final = drawn(case)
    want = torch_run(case).gradients(cotangent.reshape(STEPS, -1, case.cell.output_size), final)
    found = gradients(
        case.cell, case.inputs, cotangent, steps=STEPS, state=case.state, final_state_cotangent=final, backend=backend
    )
    compare(found, want, case)


@pytest.mark.parametrize("name", KINDS)
def test_the_last_output_alone(name, backend):
    case = experiment(name, FLOAT64, size=5, batch=2)
    cotangent = drawn(case)[0]
    cotangent[:-1] = 0
    want = torch_run(case).gradients(cotangent)
    found = gradients(case.cell, case.inputs, cotangent[-1], steps=STEPS, state=case.state, at="last", backend=backend)
    compare(found, want, case)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("truncation", [1, 4, STEPS - 1])
def test_truncation_is_a_detached_state(name, truncation, backend):
    case = experiment(name, FLOAT64, size=5, batch=2)
    cotangent, final = drawn(case)
    first_of_stretches = range(STEPS - truncation + 1, 1, -truncation)
    want = torch_run(case, detach=first_of_stretches).gradients(cotangent, final)
    found = gradients(
        case.cell, case.inputs, cotangent, steps=STEPS, state=case.state,
        final_state_cotangent=final, truncation=truncation, backend=backend,
    )  # fmt: skip
    compare(found, want, case)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_torch_own_layers_over_many_blocks_of_steps(kind, backend):
    torch.manual_seed(0)
    module = getattr(torch.nn, kind)(3, 8, num_layers=2, dtype=torch.float64)
    cells = {"RNN": Elman, "LSTM": LSTM, "GRU": GRU}
    names = ["weight_hh", "weight_ih", "bias_ih", "bias_hh"]
    layers = [
        cells[kind](**{name: getattr(module, f"{name}_l{layer}").detach().numpy() for name in names})
        for layer in range(2)
    ]
    inputs = torch.randn(1000, 4, 3, dtype=torch.float64, requires_grad=True)
    cotangent = torch.randn(1000, 4, 8, dtype=torch.float64)
    module(inputs)[0].backward(cotangent)
    found = gradients(Chain(layers), inputs.detach(), cotangent, backend=backend)
    # Sums over 4 000 terms whose magnitudes lie within a factor of 100 of the sum's.
    np.testing.assert_allclose(found.inputs, inputs.grad.numpy(), rtol=0, atol=1e-11)
    for name, gradient in found.parameters.items():
        layer, name = name.split(".")
        want = getattr(module, f"{name}_l{layer}").grad.numpy()
        np.testing.assert_allclose(gradient, want, rtol=0, atol=1e-10 * np.abs(want).max())
