"""The last k inputs, bit for bit, and what follows from there being nothing beyond them.

Tolerances: products with delayed inputs are sums of k n_in products, whichever library adds them up.
"""

import numpy as np
import pytest
import scipy.signal
import torch

from rnncore import (
    Chain,
    DelayLine,
    Dense,
    gradient_norms,
    gradients,
    jacobian,
    jacobian_product,
    jvp,
    lyapunov_spectrum,
    memory_horizon,
    simulate,
    singular_spectrum,
)

SIZES = [(1, 1), (1, 5), (2, 1), (3, 2), (5, 3), (8, 1), (16, 2), (7, 9), (40, 1), (300, 3)]
STEPS = 37


def windows(inputs, state, steps, size):
    """Row t: x_t, x_{t-1}, …, of what was given and before that of the state."""
    history = np.concatenate([state.reshape(steps, size)[::-1], inputs])
    rows = np.lib.stride_tricks.sliding_window_view(history, steps, axis=0)[1:, :, ::-1]
    return np.swapaxes(rows, 1, 2).reshape(len(inputs), steps * size)


@pytest.mark.parametrize("batch", [None, 1, 3])
@pytest.mark.parametrize("steps, size", SIZES)
def test_outputs_and_states_are_the_last_inputs_bit_for_bit(steps, size, batch, backend, dtype, rng):
    lead = () if batch is None else (batch,)
    inputs = rng.normal(size=(STEPS, *lead, size)).astype(dtype)
    state = rng.normal(size=(*lead, steps * size)).astype(dtype)
    inputs[3], inputs[4, ..., 0], inputs[5, ..., -1] = -0.0, np.inf, np.nan
    run = simulate(
        DelayLine(steps, size, dtype=dtype), inputs, state=state, keep="states", backend=backend, check_finite=False
    )
    if batch is None:
        want = windows(inputs, state, steps, size)
    else:
        want = np.stack([windows(inputs[:, b], state[b], steps, size) for b in range(batch)], axis=1)
    for found in (run.outputs, run.states):
        assert np.ascontiguousarray(found).tobytes() == np.ascontiguousarray(want).tobytes()
    assert run.final_state.tobytes() == np.ascontiguousarray(want[-1]).tobytes()


def test_without_inputs_zeros_come_in(backend):
    run = simulate(DelayLine(3, 2), steps=4, state=np.arange(1.0, 7.0), backend=backend)
    want = [[0, 0, 1, 2, 3, 4], [0, 0, 0, 0, 1, 2], np.zeros(6), np.zeros(6)]
    np.testing.assert_array_equal(run.outputs, want)


@pytest.mark.parametrize("taps", [1, 2, 9, 64])
def test_a_filter_of_finite_impulse_response_is_that_of_scipy(taps, backend, dtype, rng):
    coefficients, signal = rng.normal(size=taps).astype(dtype), rng.normal(size=500).astype(dtype)
    cell = Chain([DelayLine(taps, 1, dtype=dtype), Dense(coefficients[None])])
    found = simulate(cell, signal[:, None], backend=backend).outputs[:, 0]
    want = scipy.signal.lfilter(coefficients.astype(float), 1, signal.astype(float))
    bound = (taps + 1) * np.finfo(dtype).eps * np.abs(coefficients).sum() * np.abs(signal).max()
    np.testing.assert_allclose(found, want, rtol=0, atol=bound)


def test_a_time_delay_network_is_the_convolution_of_torch(backend, dtype, rng):
    """One layer of a time-delay network is a convolution along time; two of them are two."""
    weights = [rng.normal(size=(6, 4, 3)).astype(dtype) / 4, rng.normal(size=(2, 3, 6)).astype(dtype) / 4]
    layers, signal = [], torch.tensor(rng.normal(size=(1, 3, 60)).astype(dtype))  # (batch, channel, time)
    inputs = signal[0].T.numpy()
    for weight in weights:
        outputs, taps, size = weight.shape
        layers += [
            DelayLine(taps, size, dtype=dtype),
            Dense(weight.reshape(outputs, taps * size), nonlinearity="tanh"),
        ]
        kernel = torch.tensor(np.ascontiguousarray(weight.transpose(0, 2, 1)[:, :, ::-1]))  # newest last
        signal = torch.tanh(torch.nn.functional.conv1d(torch.nn.functional.pad(signal, (taps - 1, 0)), kernel))
    found = simulate(Chain(layers), inputs, backend=backend).outputs
    # Sums of 18 products of magnitude below 4, twice, and 2 ULP of tanh.
    np.testing.assert_allclose(found, signal[0].T.numpy(), rtol=0, atol=2 * 4 * 20 * np.finfo(dtype).eps)


def test_jacobians_move_rows(backend, dtype):
    cell = DelayLine(3, 2, dtype=dtype)
    np.testing.assert_array_equal(jacobian(cell, np.ones(6), np.ones(2), backend=backend), np.eye(6, k=-2))
    np.testing.assert_array_equal(jacobian(cell, np.ones(6), np.ones(2), wrt="input", backend=backend), np.eye(6, 2))


@pytest.mark.parametrize("columns", [None, 1, 3, 20])
@pytest.mark.parametrize("taps, size", [(1, 1), (1, 3), (4, 1), (5, 3), (33, 2)])
def test_products_move_a_block_until_nothing_is_left(taps, size, columns, backend, dtype, rng):
    cell, n = DelayLine(taps, size, dtype=dtype), taps * size
    block = np.eye(n, dtype=dtype) if columns is None else rng.normal(size=(n, columns)).astype(dtype)
    for steps in (1, taps - 1, taps, taps + 3):
        product = jacobian_product(
            cell, steps=steps, block=None if columns is None else block, backend=backend
        ).to_array()
        moved = np.zeros_like(block)
        moved[min(steps * size, n) :] = block[: max(0, n - steps * size)]
        np.testing.assert_array_equal(product, moved)


def test_nothing_is_left_of_a_gradient_beyond_the_line(backend, dtype, rng):
    cell = Chain([DelayLine(5, 2, dtype=dtype), Dense(rng.normal(size=(3, 10)).astype(dtype), nonlinearity="tanh")])
    inputs = rng.normal(size=(30, 2)).astype(dtype)
    found = gradients(cell, inputs, np.ones(3), at="last", backend=backend)
    assert found.inputs[-5:].all()
    np.testing.assert_array_equal(found.inputs[:-5], 0)
    np.testing.assert_array_equal(found.state, 0)
    fading = gradient_norms(cell.layers[0], inputs, cotangent=np.ones(10), backend=backend)
    # Of ten ones two leave at each step.
    np.testing.assert_allclose(fading.log2_norms[:5], 0.5 * np.log2([10, 8, 6, 4, 2]), rtol=1e-6)
    np.testing.assert_array_equal(fading.log2_norms[5:], -np.inf)
    worst = gradient_norms(cell.layers[0], inputs, backend=backend)
    np.testing.assert_array_equal(worst.log2_norms[worst.lags < 5], 0)
    np.testing.assert_array_equal(worst.log2_norms[worst.lags >= 5], -np.inf)


def test_every_direction_is_annihilated(backend, rng):
    cell, inputs = DelayLine(3, 2), rng.normal(size=(200, 2))
    np.testing.assert_array_equal(lyapunov_spectrum(cell, inputs, backend=backend).exponents, -np.inf)
    values = singular_spectrum(cell, inputs[:2], backend=backend)
    np.testing.assert_allclose(values[:2], 0, atol=1e-15)  # of random directions, orthonormalised twice
    np.testing.assert_array_equal(values[2:], -np.inf)
    np.testing.assert_array_equal(singular_spectrum(cell, inputs, backend=backend), np.full(6, -np.inf))


def test_tangents_of_inputs_come_out_as_inputs_do(backend, dtype, rng):
    cell = DelayLine(4, 3, dtype=dtype)
    inputs, tangents = rng.normal(size=(2, 20, 2, 3)).astype(dtype)
    state = rng.normal(size=(2, 12)).astype(dtype)
    _, moved = jvp(cell, inputs, {"inputs": tangents, "state": state}, backend=backend)
    np.testing.assert_array_equal(moved, simulate(cell, tangents, state=state, backend=backend).outputs)


@pytest.mark.parametrize("width", [None, 3])
def test_gradients_of_inputs_are_sums_of_where_they_came_out(width, backend, dtype, rng):
    lead, taps, size = () if width is None else (width,), 4, 3
    cell = DelayLine(taps, size, dtype=dtype)
    # Small integers: sums round nothing, in whatever order.
    cotangent = rng.integers(-9, 10, (STEPS, *lead, taps * size)).astype(dtype)
    inputs = rng.normal(size=(STEPS, *lead, size)).astype(dtype)
    found = gradients(cell, inputs, cotangent, backend=backend)
    lags = cotangent.reshape(STEPS, *lead, taps, size)
    want = sum(np.pad(lags[lag:, ..., lag, :], [(0, lag), *[(0, 0)] * (len(lead) + 1)]) for lag in range(taps))
    np.testing.assert_array_equal(found.inputs, want)
    of_state = np.zeros((*lead, taps, size))
    for place in range(taps):
        for step in range(1, taps - place):
            of_state[..., place, :] += lags[step - 1, ..., place + step, :]
    np.testing.assert_array_equal(found.state, of_state.reshape(*lead, taps * size))
    assert found.parameters == {}


def test_a_perturbation_is_remembered_for_exactly_as_long(rng):
    cell = Chain([DelayLine(6, 1), Dense(np.ones((1, 6)))])
    found = memory_horizon(cell, rng.normal(size=(400, 1)), starts=20, max_lag=30)
    assert found.steps == 6
