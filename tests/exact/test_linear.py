"""Linear recursions have closed forms."""

import numpy as np
import pytest

from rnncore import Chain, Linear, simulate


def test_a_scalar_recursion_is_a_geometric_series(backend, dtype):
    steps, a, b = np.arange(1, 41), 0.75, 3.0
    cell = Linear([[a]], [[b]]).astype(dtype)
    got = simulate(cell, np.ones((40, 1)), backend=backend).outputs[:, 0]
    # Each step rounds twice (eps/2 each); |h| <= 12 and the factor 3/4 sums those to 4 times one step's.
    np.testing.assert_allclose(got, b * (1 - a**steps) / (1 - a), rtol=0, atol=12 * 4 * np.finfo(dtype).eps)


def test_powers_of_two_are_exact(backend, dtype):
    got = simulate(Linear([[2.0]]).astype(dtype), steps=100, state=[1.0], backend=backend).outputs[:, 0]
    np.testing.assert_array_equal(got, np.exp2(np.arange(1.0, 101.0)))


def test_the_fibonacci_numbers_are_exact(backend):
    numbers = [1, 1]
    while len(numbers) < 78:
        numbers.append(numbers[-1] + numbers[-2])
    got = simulate(Linear([[1.0, 1.0], [1.0, 0.0]]), steps=76, state=[1.0, 1.0], backend=backend).outputs[:, 0]
    np.testing.assert_array_equal(got, numbers[2:])  # below 2**53


def test_a_permutation_brings_the_state_back_after_its_order(backend, dtype, rng):
    shift = np.roll(np.eye(17, dtype=dtype), 1, axis=0)
    state = rng.normal(size=17).astype(dtype)
    outputs = simulate(Linear(shift), steps=34, state=state, backend=backend).outputs
    for step in range(34):
        np.testing.assert_array_equal(outputs[step], np.roll(state, step + 1))


def test_an_eigenvector_decays_with_its_eigenvalue(backend, rng):
    size, steps = 20, np.arange(1, 101)
    basis, _ = np.linalg.qr(rng.normal(size=(size, size)))
    eigenvalues = np.linspace(0.2, 0.95, size)
    cell = Linear(basis * eigenvalues @ basis.T)
    outputs = simulate(cell, steps=100, state=basis.T, backend=backend).outputs  # a batch: every eigenvector at once
    want = eigenvalues[:, None] ** steps[:, None, None] * basis.T
    # ‖W‖₂ = 0.95: the roundings of 20-term products, 22 eps each, add up to at most 1 / (1 - 0.95) of one step's;
    # those of W itself move it by as much again.
    np.testing.assert_allclose(outputs, want, rtol=0, atol=2 * 22 * 20 * np.finfo(float).eps)


def test_an_orthogonal_recursion_keeps_the_norm(backend, dtype, rng):
    size, steps = 33, 1000
    basis, _ = np.linalg.qr(rng.normal(size=(size, size)))
    state = np.eye(size)[0]
    final = simulate(Linear(basis).astype(dtype), steps=steps, state=state, keep="last", backend=backend).outputs
    # One rounding of W (its norm changes by at most size/2 eps) and 33-term products (size eps), a thousand times.
    assert abs(np.linalg.norm(final.astype(float)) - 1) < 1.5 * size * steps * np.finfo(dtype).eps


@pytest.mark.parametrize("lag", [1, 2, 5])
def test_a_chain_of_shifts_is_a_delay(lag, backend, dtype, rng):
    # h_t = [x_t, x_{t-1}, …]: a recursion that only moves numbers, so every layer delays without rounding.
    delay = Linear(np.eye(lag + 1, k=-1, dtype=dtype), np.eye(lag + 1, 1, dtype=dtype))
    pick = Linear(np.zeros((1, 1), dtype), np.eye(1, lag + 1, lag, dtype=dtype))
    series = rng.normal(size=(30, 1)).astype(dtype)
    outputs = simulate(Chain([delay, pick]), series, backend=backend).outputs
    np.testing.assert_array_equal(outputs[lag:], series[:-lag])
    np.testing.assert_array_equal(outputs[:lag], 0)


def test_superposition_holds(backend, rng):
    cell = Linear(0.9 / np.sqrt(30) * rng.normal(size=(30, 30)), rng.normal(size=(30, 2)))
    first, second = rng.integers(-8, 9, (2, 50, 2))
    both, one, other = (simulate(cell, x, backend=backend).outputs for x in (2 * first - second, first, second))
    scale = sum(abs(y).max() for y in (both, 2 * one, other))
    # 50 steps of 32-term products; entries of W^k stay within ‖W‖₂^k, a spectral norm under 2 and a radius of 0.9.
    np.testing.assert_allclose(both, 2 * one - other, rtol=0, atol=50 * 34 * scale * np.finfo(float).eps)
