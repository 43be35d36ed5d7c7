"""Gradients by layer against autograd and closed forms; how they concentrate; bad arguments."""

import importlib.util
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from rnncore import Chain, Dense, Elman, NonFiniteError, layer_gradients
from rnncore.gradient_flow.concentration import concentration

PHI = {
    "identity": lambda z: z,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "elu": torch.nn.functional.elu,
    "softplus": torch.nn.functional.softplus,
}


def net(rng, nonlinearity, *, bias=True, dtype=np.float64):
    widths = [3, 5, 4, 2]
    layers = [
        Dense(rng.normal(size=(after, before)), rng.normal(size=after) if bias else None, nonlinearity=nonlinearity)
        for before, after in pairwise(widths)
    ]
    return Chain(layers).astype(dtype)


def by_autograd(cell, inputs, cotangent):
    parameters = {name: torch.tensor(array, requires_grad=True) for name, array in cell.parameters.items()}
    y = torch.tensor(inputs, requires_grad=True)
    outputs = [y]
    for index, layer in enumerate(cell.layers):
        z = outputs[-1] @ parameters[f"{index}.weight"].T + parameters.get(f"{index}.bias", 0)
        outputs.append(PHI[layer.nonlinearity](z))
        outputs[-1].retain_grad()
    outputs[-1].backward(torch.tensor(cotangent))
    return {name: p.grad.numpy() for name, p in parameters.items()}, [o.grad.numpy() for o in outputs]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("nonlinearity", PHI)
def test_gradients_are_those_of_autograd(nonlinearity, bias, rng):
    cell, inputs, cotangent = net(rng, nonlinearity, bias=bias), rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
    found = layer_gradients(cell, inputs, cotangent)
    parameters, outputs = by_autograd(cell, inputs, cotangent)
    assert found.parameters.keys() == parameters.keys()
    # Sums of up to 20 products of numbers near 1, in float64.
    for name, gradient in parameters.items():
        np.testing.assert_allclose(found.parameters[name], gradient, atol=1e-13)
    for mine, theirs in zip([found.inputs, *found.neurons], outputs):
        np.testing.assert_allclose(mine, theirs, atol=1e-13)


def test_a_batch_is_the_sum_of_its_inputs(rng):
    cell, inputs, cotangent = net(rng, "elu"), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    batch = layer_gradients(cell, inputs, cotangent)
    singles = [layer_gradients(cell, x, v) for x, v in zip(inputs, cotangent)]
    for name, gradient in batch.parameters.items():
        np.testing.assert_allclose(gradient, sum(single.parameters[name] for single in singles), atol=1e-13)
    for index, single in enumerate(singles):
        assert single.neurons[0].shape == (5,) and single.inputs.shape == (3,)
        np.testing.assert_allclose(single.norms, batch.single_norms[index])
        np.testing.assert_allclose(single.single_norms[0], single.norms)
        np.testing.assert_allclose(single.neuron_norms[0], batch.neuron_norms[index])


def test_norms_are_those_of_all_parameters_of_a_layer(rng):
    found = layer_gradients(net(rng, "tanh"), rng.normal(size=(6, 3)), rng.normal(size=(6, 2)))
    for layer, count in enumerate((20, 24, 10)):
        flat = np.concatenate([found.parameters[f"{layer}.{name}"].ravel() for name in ("weight", "bias")])
        assert found.sizes[layer] == len(flat) == count
        assert found.norms[layer] == pytest.approx(np.linalg.norm(flat))
        assert found.root_mean_squares[layer] == pytest.approx(np.sqrt(np.mean(flat**2)))


def test_float32_gradients_do_not_underflow():
    cell = Chain([Dense(np.full((1, 1), 1e-9, np.float32)) for _ in range(9)])
    found = layer_gradients(cell, [1.0], [1.0])
    # float32 ends at 1e-45.
    np.testing.assert_allclose(found.neuron_norms[0], 1e-9 ** np.arange(8.0, -1, -1), rtol=1e-6)


def test_norms_are_of_numbers_of_any_magnitude():
    cell = Chain([Dense([[1e-200], [1e-200]], [0.0, 0.0]), Dense([[1.0, 1.0]])])
    found = layer_gradients(cell, [[3.0]], [[1e-200]])
    np.testing.assert_allclose(found.norms, [np.sqrt(20) * 1e-200, 0], rtol=1e-14)
    np.testing.assert_allclose(found.single_norms, [found.norms], rtol=1e-14)
    np.testing.assert_allclose(found.neuron_norms, [[np.sqrt(2) * 1e-200, 1e-200]], rtol=1e-14)
    spread = layer_gradients(Chain([Dense([[1.0]]), Dense([[1.0]], [0.0])]), [5e-324], [1.0])
    np.testing.assert_array_equal(spread.concentration.negligible_in_net, [1, 0.5])


@pytest.mark.parametrize(
    "cell, inputs, cotangent, where",
    [
        (Chain([Dense([[1e200]]), Dense([[1e200]], nonlinearity="tanh")]), [[1e-9], [0.0]], np.ones((2, 1)), 2),
        (Dense([[1.0]]), [[1.0], [1.0], [1e200]], np.full((3, 1), 1e200), 3),
    ],
)
def test_a_gradient_that_overflows_is_named(cell, inputs, cotangent, where):
    with pytest.raises(NonFiniteError, match=f"tangent is not finite after step {where}, at component 0"):
        layer_gradients(cell, inputs, cotangent)


def test_a_single_layer_has_plain_names():
    found = layer_gradients(Dense([[2.0, 1.0]], [0.0]), [[1.0, 3.0]], [[1.0]])
    np.testing.assert_array_equal(found.parameters["weight"], [[1, 3]])
    np.testing.assert_array_equal(found.parameters["bias"], [1])
    np.testing.assert_array_equal(found.inputs, [[2, 1]])


def test_concentration_counts():
    spike = np.r_[1.0, np.full(99, 1e-4)]
    even = np.full(200, 1e-5)
    found = concentration([spike, even, np.zeros(10)])
    np.testing.assert_allclose(found.of_squares, [1 / (1 + 99e-8), 0.01, np.nan])
    np.testing.assert_allclose(found.of_magnitudes, [1 / (1 + 99e-4), 0.01, np.nan])
    np.testing.assert_allclose(found.negligible_in_layer, [0.99, 0, np.nan])
    np.testing.assert_allclose(found.negligible_in_net, [0.99, 1, 1])


def test_an_output_that_overflows_is_named():
    with pytest.raises(NonFiniteError, match="output is not finite after step 2, at component 1"):
        layer_gradients(Dense([[0.0], [1e300]]), [[1.0], [1e10]], np.ones((2, 2)))


@pytest.mark.parametrize(
    "cell, inputs, cotangent, kind, message",
    [
        (Chain([Dense([[1.0]]), Elman([[1.0]], [[1.0]])]), [1.0], [1.0], TypeError, "layer 1 is Elman"),
        ("net", [1.0], [1.0], TypeError, "cell must be a Dense"),
        (Dense([[1.0, 1.0]]), [1.0], [1.0], ValueError, r"inputs must have shape \(2,\) or \(N, 2\)"),
        (Dense([[1.0]]), np.ones((0, 1)), np.ones((0, 1)), ValueError, "N at least 1"),
        (Dense([[1.0]]), np.ones((3, 1)), [1.0], ValueError, r"outputs' shape \(3, 1\), got \(1,\)"),
        (Dense([[1.0]]), [1.0], [np.inf], ValueError, "cotangent must be finite"),
        (Dense([[1.0]]), [np.nan], [1.0], ValueError, "inputs must be finite"),
    ],
)
def test_wrong_arguments_are_named(cell, inputs, cotangent, kind, message):
    with pytest.raises(kind, match=message):
        layer_gradients(cell, inputs, cotangent)


def test_gradients_of_deep_nets_vanish_towards_the_input(tmp_path, capsys):
    path = Path(__file__).parents[2] / "examples" / "digits_depth.py"
    spec = importlib.util.spec_from_file_location("digits_depth", path)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    example.main(tmp_path / "depth.png", iterations=3)
    assert (tmp_path / "depth.png").read_bytes().startswith(b"\x89PNG")
    told = capsys.readouterr().out
    for nonlinearity, orders in (("elu", 1.5), ("relu", 2), ("sigmoid", 7), ("tanh", 1.5), ("identity", 1.5)):
        rows = [line.split() for line in told[told.index(f"\n{nonlinearity}:") :].splitlines()[4:15]]
        for column in (1, 2):  # all digits, a single one
            assert np.log10(float(rows[-1][column]) / float(rows[0][column])) > orders
