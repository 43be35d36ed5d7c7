"""Diagonal recursions are sums of powers; GatedDiagonal's are sums of products of gates."""

import numpy as np
import pytest
from scipy.signal import lfilter

from rnncore import Diagonal, Elman, GatedDiagonal, Linear, jacobian_product, simulate

STEPS = 300


def diagonal(rng, dtype, kind, size=7, inputs=3, radius=1.0):
    """|λ| spread from 0 to ``radius``."""
    magnitudes = np.linspace(0, radius, size)
    if kind == "real":
        weights = magnitudes * rng.choice([-1, 1], size), rng.normal(size=(size, inputs)), rng.normal(size=size)
    else:
        weights = (
            magnitudes * np.exp(2j * np.pi * rng.random(size)),
            rng.normal(size=(size, inputs)) + 1j * rng.normal(size=(size, inputs)),
            rng.normal(size=size) + 1j * rng.normal(size=size),
        )
    return Diagonal(*weights).astype(dtype)


def in_double(cell):
    """λ, W_ih and b, in double precision."""
    parameters = cell.parameters
    wide = np.result_type(parameters["weight_hh"], np.float64)
    return [parameters[name].astype(wide) for name in ("weight_hh", "weight_ih", "bias")]


def numbers(cell, array):
    return array.view(np.result_type(array.dtype, np.complex64)) if cell.is_complex else array


@pytest.mark.parametrize("kind", ["real", "complex"])
@pytest.mark.parametrize("batch", [None, 3])
def test_outputs_are_sums_of_powers(kind, batch, backend, dtype, rng):
    cell = diagonal(rng, dtype, kind)
    factor, weight, bias = in_double(cell)
    lead = () if batch is None else (batch,)
    inputs = rng.normal(size=(STEPS, *lead, 3)).astype(dtype)
    state = rng.normal(size=(*lead, cell.state_size)).astype(dtype)
    got = numbers(cell, simulate(cell, inputs, state=state, backend=backend).outputs)
    drive = inputs.astype(np.float64) @ weight.T + bias
    drive[0] += factor * numbers(cell, state)
    lags = np.arange(STEPS)[:, None] - np.arange(STEPS)
    powers = np.where(lags[..., None] >= 0, factor ** np.maximum(lags, 0)[..., None], 0)
    want = np.einsum("tsn,s...n->t...n", powers, drive)
    # Each term passes through up to STEPS products and sums on its way, complex ones of two products each.
    terms = np.einsum("tsn,s...n->t...n", abs(powers), abs(inputs.astype(np.float64)) @ abs(weight).T + abs(bias))
    terms += abs(powers[:, 0]).reshape(STEPS, *(1 for _ in lead), -1) * abs(numbers(cell, state))
    assert np.all(abs(got - want) <= 4 * STEPS * np.finfo(dtype).eps * terms)


@pytest.mark.parametrize("kind", ["real", "complex"])
@pytest.mark.parametrize("threads", [1, 3])
def test_long_runs_are_those_of_a_recursive_filter(kind, threads, backend, rng):
    steps = 20_000
    cell = diagonal(rng, np.float64, kind, size=5, inputs=2, radius=0.999)
    factor, weight, bias = in_double(cell)
    inputs = rng.normal(size=(steps, 2))
    got = numbers(cell, simulate(cell, inputs, backend=backend, threads=threads).outputs)
    drive = inputs @ weight.T + bias
    for unit in range(5):
        want = lfilter([1], [1, -factor[unit]], drive[:, unit])
        # A factor of 0.999 remembers 1 000 steps, each with some roundings of numbers up to 1 000 times the drive.
        np.testing.assert_allclose(got[:, unit], want, rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", ["real", "complex"])
def test_it_equals_the_linear_recursion_with_its_matrix(kind, backend, dtype, rng):
    cell = diagonal(rng, dtype, kind, radius=0.9)
    factor, weight, bias = (cell.parameters[name] for name in ("weight_hh", "weight_ih", "bias"))
    if kind == "complex":
        matrix = np.zeros((14, 14), dtype)
        for unit, (a, b) in enumerate(zip(factor.real, factor.imag)):
            matrix[2 * unit : 2 * unit + 2, 2 * unit : 2 * unit + 2] = [[a, -b], [b, a]]
        weight = np.stack([weight.real, weight.imag], axis=1).reshape(14, 3)
        bias = np.stack([bias.real, bias.imag], axis=1).reshape(14)
    else:
        matrix = np.diag(factor)
    inputs = rng.normal(size=(50, 3)).astype(dtype)
    got, want = (simulate(c, inputs, backend=backend).outputs for c in (cell, Linear(matrix, weight, bias)))
    # Ten steps are remembered, of numbers up to 30, each with some roundings of either sign.
    np.testing.assert_allclose(got, want, rtol=0, atol=500 * np.finfo(dtype).eps)
    got, want = (jacobian_product(c, inputs, backend=backend).to_array() for c in (cell, Linear(matrix, weight, bias)))
    np.testing.assert_allclose(got, want, rtol=0, atol=50 * np.finfo(dtype).eps)


def test_one_complex_parameter_makes_all_complex(backend):
    state, inputs = [1.0, 2.0], [[1.0], [-1.0]]
    for parameters in (([0.5j], [[1.0]], [1.0]), ([0.5], [[1j]], [1.0]), ([0.5], [[1.0]], [1j])):
        cell = Diagonal(*parameters)
        h = 1 + 2j
        for x in (1, -1):
            h = (
                cell.parameters["weight_hh"][0] * h
                + cell.parameters["weight_ih"][0, 0] * x
                + cell.parameters["bias"][0]
            )
        assert (cell.state_size, cell.output_size, cell.dtype) == (2, 2, np.float64)
        run = simulate(cell, inputs, state=state, backend=backend)
        assert run.outputs.view(complex)[-1] == h == cell.split_state(run.final_state)["h"]


def test_powers_of_two_are_exact_far_up_and_down(backend, dtype):
    steps = 100 if dtype == np.float32 else 1000
    cell = Diagonal(np.array([2, -2, 0.5, 1, 0], dtype))
    outputs = simulate(cell, steps=steps, state=np.ones(5), backend=backend).outputs
    number = np.arange(1, steps + 1)
    powers = np.ldexp(1.0, number), (-1.0) ** number * np.ldexp(1.0, number), np.ldexp(1.0, -number)
    np.testing.assert_array_equal(outputs, np.stack([*powers, 0 * number + 1, 0 * number], axis=1).astype(dtype))


def test_a_unit_at_rest_stays_so_whatever_its_factor(backend, dtype):
    # 1e30 to the power of a block of steps is infinite; times zero it must not become NaN.
    quiet = np.zeros((5000, 1))
    for cell in (
        Diagonal(np.array([1e30, -2], dtype), np.ones((2, 1), dtype)),
        Diagonal(np.array([1e30j, 3], np.result_type(dtype, np.complex64)), np.ones((2, 1), dtype)),
        GatedDiagonal(
            np.ones((2, 1), dtype), np.zeros((2, 1), dtype), None, np.array([1e30, -2], dtype),
            gate_nonlinearity="identity",
        ),
    ):  # fmt: skip
        outputs = simulate(cell, quiet, backend=backend).outputs
        np.testing.assert_array_equal(outputs, np.zeros_like(outputs))
        late = quiet.copy()
        late[-1] = 1
        assert (simulate(cell, late, backend=backend).outputs[-1][:1] == 1).all()


@pytest.mark.parametrize("gate", ["sigmoid", "identity", "tanh", "softplus"])
def test_constant_gates_make_a_diagonal_recursion(gate, backend, dtype, rng):
    bias_gate = np.linspace(-1, 0.5, 6)
    factor = {
        "sigmoid": 1 / (1 + np.exp(-bias_gate)), "identity": bias_gate, "tanh": np.tanh(bias_gate),
        "softplus": np.log1p(np.exp(bias_gate)),
    }[gate]  # fmt: skip
    weight, bias = rng.normal(size=(6, 2)), rng.normal(size=6)
    cell = GatedDiagonal(weight, np.zeros((6, 2)), bias, bias_gate, gate_nonlinearity=gate).astype(dtype)
    inputs = rng.normal(size=(200, 2)).astype(dtype)
    got = simulate(cell, inputs, backend=backend).outputs
    want = simulate(Diagonal(factor, weight, bias), inputs, backend="reference").outputs
    # Gates are below 0.98 and known to some eps, so errors of states up to 20 last for 50 steps.
    np.testing.assert_allclose(got, want, rtol=0, atol=2e3 * np.finfo(dtype).eps)


def test_the_input_passes_its_nonlinearity_and_the_gate_its_own(backend, rng):
    weight, gate = rng.normal(size=(2, 4, 3))
    bias, bias_gate = rng.normal(size=(2, 4))
    cell = GatedDiagonal(weight, gate, bias, bias_gate, nonlinearity="tanh")
    inputs, c = rng.normal(size=(40, 3)), np.zeros(4)
    got = simulate(cell, inputs, backend=backend).outputs
    for x, found in zip(inputs, got):
        c = c / (1 + np.exp(-(gate @ x + bias_gate))) + np.tanh(weight @ x + bias)
        # 40 steps of a few roundings of numbers up to 3, most of which the gates forget.
        np.testing.assert_allclose(found, c, rtol=0, atol=1e-14)


def test_without_a_gate_it_is_a_layer_without_memory(backend, dtype, rng):
    weight, bias = rng.normal(size=(5, 2)), rng.normal(size=5)
    inputs = rng.normal(size=(30, 2)).astype(dtype)
    shut = GatedDiagonal(weight, np.zeros((5, 2)), bias, nonlinearity="elu", gate_nonlinearity="relu").astype(dtype)
    forgetful = Elman(np.zeros((5, 5)), weight, bias, nonlinearity="elu").astype(dtype)
    got, want = (simulate(cell, inputs, backend=backend).outputs for cell in (shut, forgetful))
    # Sums of three terms up to 5 that are added in another order.
    np.testing.assert_allclose(got, want, rtol=0, atol=20 * np.finfo(dtype).eps)


def test_an_open_gate_adds_up_exactly_and_a_shut_one_forgets_at_once(backend, dtype):
    # σ(50) is 1 in float64 and float32; σ(-200) is 0 in float32 and 1e-87 in float64.
    flags, values = [1, 1, 1, -4, 1], [1, 2, 3, 4, 5]
    cell = GatedDiagonal(np.array([[0, 1]], dtype), np.array([[50, 0]], dtype))
    outputs = simulate(cell, np.stack([flags, values], axis=1), backend=backend).outputs
    np.testing.assert_array_equal(outputs[:, 0], [1, 3, 6, 4, 9])
