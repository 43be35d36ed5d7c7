"""Growth along gated recursions that is known: powers of λ, products of gates, volumes by autograd."""

import numpy as np
import pytest
import torch

from rnncore import (
    GRU,
    LSTM,
    Diagonal,
    GatedDiagonal,
    covariant_lyapunov_vectors,
    gradient_norms,
    jacobian_product,
    lyapunov_spectrum,
    singular_spectrum,
)

STEPS = 20_000
EPS = np.finfo(np.float64).eps
FACTORS = np.array([10.0, -3.0, 1.0, 0.5, -1e-4])  # to the power of 20 000: from 10^20000 to 10^-80000


def log_gates(cell, inputs):
    """ln of the gates σ(z), each step and unit, without a σ(z) that is rounded to 1 or 0."""
    z = inputs @ cell.parameters["weight_gate"].T + cell.parameters["bias_gate"]
    return -np.logaddexp(0, -z)


def gated(rng, size=5, strength=4.0):
    """Gates from e^-40 to nearly 1."""
    weights = rng.normal(size=(size, 2)), strength * rng.normal(size=(size, 2))
    return GatedDiagonal(*weights, rng.normal(size=size), np.linspace(-12, 6, size))


def test_powers_far_beyond_the_range_of_floats(backend, dtype):
    cell = Diagonal(FACTORS.astype(dtype))
    product = jacobian_product(cell, steps=STEPS, backend=backend)
    want = STEPS * np.log2(abs(cell.parameters["weight_hh"].astype(np.float64)))
    got = np.log2(abs(product.mantissa.diagonal().astype(np.float64))) + product.exponent
    # A product of 20 000 rounded factors is right to 20 000 eps, absolute in its logarithm.
    np.testing.assert_allclose(got, want, rtol=0, atol=STEPS * np.finfo(dtype).eps)
    np.testing.assert_array_equal(np.sign(product.mantissa), np.eye(5))  # even powers
    assert want.max() > 66_000 and want.min() < -265_000


def test_complex_powers_turn_as_they_grow(backend):
    factor = 1.5 * np.exp(1j * np.pi / 7)
    product = jacobian_product(Diagonal([factor]), steps=7001, block=[[1.0], [0.0]], backend=backend)
    turned = np.exp(1j * np.pi / 7)  # 7001 = 7 · 1000 + 1, an even number of half turns
    mantissa = product.mantissa[0, 0] + 1j * product.mantissa[1, 0]
    # 7001 products of complex numbers: a few roundings each, and the angle of the factor itself.
    assert abs(mantissa / abs(mantissa) - turned) < 7001 * 4 * EPS
    assert np.log2(abs(mantissa)) + product.exponent[0] == pytest.approx(7001 * np.log2(1.5), abs=7001 * 4 * EPS)


@pytest.mark.parametrize("interval", ["auto", 1])
def test_exponents_of_a_diagonal_recursion_are_logarithms(interval, backend, dtype):
    cell = Diagonal(FACTORS.astype(dtype))
    found = lyapunov_spectrum(cell, steps=2000, qr_interval=interval, backend=backend)
    # The frame turns to the axes within some steps; after that a step's growth is known to a few eps.
    np.testing.assert_allclose(found.exponents, np.log(abs(FACTORS)), rtol=0, atol=40 * np.finfo(dtype).eps)
    known = singular_spectrum(cell, steps=2000, backend=backend)
    np.testing.assert_allclose(known, 2000 * np.log(abs(FACTORS)), rtol=0, atol=2000 * 20 * np.finfo(dtype).eps)


def test_complex_pairs_count_twice(backend, rng):
    magnitudes = np.array([2.0, 0.9, 0.3])
    cell = Diagonal(magnitudes * np.exp(2j * np.pi * rng.random(3)))
    expected = np.repeat(np.log(magnitudes), 2)
    found = lyapunov_spectrum(cell, steps=3000, backend=backend)
    np.testing.assert_allclose(found.exponents, expected, rtol=0, atol=20 * EPS)
    # The first four grow together, two of the fifth would not.
    assert found.kaplan_yorke_dimension == pytest.approx(4 + 2 * np.log(2 * 0.9) / -np.log(0.3), rel=1e-12)
    known = singular_spectrum(cell, steps=3000, backend=backend)
    np.testing.assert_allclose(known, 3000 * expected, rtol=0, atol=3000 * 20 * EPS)


def test_the_product_of_jacobians_is_the_product_of_gates(backend, rng):
    cell, inputs = gated(rng), rng.normal(size=(3000, 2))
    product = jacobian_product(cell, inputs, backend=backend)
    got = np.log2(product.mantissa.diagonal()) + product.exponent
    # An argument of 40 is known to some 40 eps, and so is the logarithm of its gate; the sum, of 1e5, to its own eps.
    want = log_gates(cell, inputs).sum(axis=0)
    np.testing.assert_allclose(got * np.log(2), want, rtol=10 * EPS, atol=3000 * 40 * EPS)
    np.testing.assert_array_equal(product.mantissa - np.diag(product.mantissa.diagonal()), np.zeros((5, 5)))
    assert got.min() < -50_000


def test_gates_that_grow_and_turn_signs(backend, rng):
    weight_gate = 3 * rng.normal(size=(3, 2))
    cell = GatedDiagonal(np.zeros((3, 2)), weight_gate, gate_nonlinearity="identity")
    inputs = 1e3 * rng.normal(size=(2000, 2))
    gates = inputs @ weight_gate.T
    product = jacobian_product(cell, inputs, backend=backend)
    got = np.log2(abs(product.mantissa.diagonal())) + product.exponent
    # A gate is a sum of two terms which may cancel: some of 2000 to a thousandth.
    np.testing.assert_allclose(got, np.log2(abs(gates)).sum(axis=0), rtol=0, atol=1e-9)
    np.testing.assert_array_equal(np.sign(product.mantissa.diagonal()), np.sign(gates).prod(axis=0))
    assert got.min() > 16_000


def test_exponents_of_a_gated_memory_are_means_of_the_logarithms_of_gates(backend, rng):
    cell, inputs = gated(rng), rng.normal(size=(2000, 2))
    found = lyapunov_spectrum(cell, inputs, burn_in=200, backend=backend)
    expected = np.sort(log_gates(cell, inputs[200:]).mean(axis=0))[::-1]
    # Directions are the axes after the burn-in, growth of a step is known to the error of the gate's argument.
    np.testing.assert_allclose(found.exponents, expected, rtol=0, atol=100 * EPS)


def test_gradients_go_back_by_gates_alone(backend, rng):
    cell, inputs = gated(rng), rng.normal(size=(400, 2))
    logs = np.vstack([np.zeros(5), np.cumsum(log_gates(cell, inputs)[::-1], axis=0)]) / np.log(2)
    for unit in range(5):
        found = gradient_norms(cell, inputs, cotangent=np.eye(5)[unit], backend=backend)
        np.testing.assert_allclose(found.log2_norms, logs[:, unit], rtol=10 * EPS, atol=400 * 40 * EPS)
    worst = gradient_norms(cell, inputs, backend=backend)
    np.testing.assert_allclose(worst.log2_norms, logs.max(axis=1), rtol=10 * EPS, atol=400 * 40 * EPS)


def torch_network(kind, rng, size=4, inputs=3):
    """A torch cell with strong weights, and ours."""
    cell = getattr(torch.nn, f"{kind}Cell")(inputs, size, dtype=torch.float64)
    with torch.no_grad():
        for weights in cell.parameters():
            weights[...] = torch.tensor(rng.normal(size=weights.shape)) * (1.5 if weights.ndim == 2 else 1)
    return cell, {"LSTM": LSTM, "GRU": GRU}[kind](**{name: w.detach() for name, w in cell.named_parameters()})


def torch_jacobians(cell, inputs):
    """A_t of the whole state along the run from zero, by reverse-mode autograd."""

    def step(x, state):
        if isinstance(cell, torch.nn.GRUCell):
            return cell(x[None], state[None])[0]
        h, c = state[None].chunk(2, dim=-1)
        return torch.cat(cell(x[None], (h, c)), dim=-1)[0]

    size = cell.hidden_size * (1 if isinstance(cell, torch.nn.GRUCell) else 2)
    state, found = torch.zeros(size, dtype=torch.float64), []
    for x in torch.tensor(inputs):
        found.append(torch.func.jacrev(step, 1)(x, state).detach().numpy())
        with torch.no_grad():
            state = step(x, state)
    return np.stack(found)


@pytest.mark.parametrize("interval, close", [(1, 1e-9), ("auto", 1e-6)])
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_exponents_sum_to_the_mean_growth_of_volume_by_autograd(kind, interval, close, backend, rng):
    torch_cell, cell = torch_network(kind, rng)
    inputs = rng.normal(size=(500, 3))
    found = lyapunov_spectrum(cell, inputs, burn_in=100, qr_interval=interval, backend=backend)
    matrices = torch_jacobians(torch_cell, inputs)[100:]
    assert found.exponents.shape == (cell.state_size,) == ({"LSTM": 8, "GRU": 4}[kind],)
    # LU and Gram-Schmidt know a step's volume to eps times its condition, 1e5 on average and 2e7 at most; of two steps
    # at a time, as "auto" finds enough for the LSTM, to eps times the product of two.
    assert found.exponents.sum() == pytest.approx(np.linalg.slogdet(matrices)[1].mean(), abs=close)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_singular_values_are_those_of_autograds_product(kind, backend, rng):
    torch_cell, cell = torch_network(kind, rng)
    inputs = rng.normal(size=(5, 3))
    product = np.linalg.multi_dot(torch_jacobians(torch_cell, inputs)[::-1])
    expected = np.linalg.svd(product, compute_uv=False)
    got = singular_spectrum(cell, inputs, backend=backend)
    # LAPACK's smallest singular value is right to some eps of the largest.
    np.testing.assert_allclose(np.exp(got), expected, rtol=1e-12, atol=20 * EPS * expected[0])
    assert len(got) == cell.state_size


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_covariant_vectors_are_mapped_onto_each_other_by_autograds_jacobians(kind, backend, rng):
    torch_cell, cell = torch_network(kind, rng)
    inputs = rng.normal(size=(900, 3))
    k = 3
    found = covariant_lyapunov_vectors(cell, inputs, k=k, burn_in=350, backend=backend)
    matrices = torch_jacobians(torch_cell, inputs)
    for row in range(0, len(found.steps) - 1, 29):
        mapped = matrices[found.steps[row]] @ found.vectors[row]
        norms = np.linalg.norm(mapped, axis=0)
        # Vectors that have settled are known to rounding times what neighbours differ by, as is their growth.
        np.testing.assert_allclose(np.log(norms), found.growth[row + 1], rtol=0, atol=1e-11)
        parallel = abs(np.sum(mapped / norms * found.vectors[row + 1], axis=0))
        np.testing.assert_allclose(parallel, np.ones(k), rtol=0, atol=1e-12)
