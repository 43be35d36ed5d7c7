"""Gated cells at the ends of their gates: other networks, memory that stays, slopes that no σ(z) could tell."""

import mpmath
import numpy as np
import pytest

from rnncore import GRU, LSTM, Elman, jacobian, simulate

OPEN = 100.0  # σ(100) is 1, σ(-100) less than 1e-43


def gates(*drives):
    """A bias that holds gates of five units at these drives; 0 leaves them to the weights."""
    return np.repeat(np.array(drives, np.float64), 5)


@pytest.mark.parametrize("reset_after", [True, False])
def test_a_gru_without_memory_gates_is_an_elman_network(reset_after, backend, dtype, rng):
    weight_hh, weight_ih, bias = rng.normal(size=(5, 5)) / 4, rng.normal(size=(5, 2)), rng.normal(size=5)
    none = np.zeros((10, 5)), np.zeros((10, 2))
    cell = GRU(
        np.vstack([none[0], weight_hh]), np.vstack([none[1], weight_ih]), np.r_[gates(OPEN, -OPEN), bias],
        reset_after=reset_after,
    ).astype(dtype)  # fmt: skip
    inputs = rng.normal(size=(60, 2)).astype(dtype)
    got, want = (
        simulate(c, inputs, backend=backend).outputs for c in (cell, Elman(weight_hh, weight_ih, bias).astype(dtype))
    )
    # Errors of some eps, which the weights let live for a few steps.
    np.testing.assert_allclose(got, want, rtol=0, atol=100 * np.finfo(dtype).eps)


def test_an_lstm_whose_memory_is_replaced_at_every_step_is_an_elman_network(backend, rng):
    # c = tanh(z), h = tanh c: with i and o open and f shut.
    weight_hh, weight_ih, bias = rng.normal(size=(5, 5)) / 4, rng.normal(size=(5, 2)), rng.normal(size=5)
    weights = [np.zeros((20, columns)) for columns in (5, 2)]
    weights[0][10:15], weights[1][10:15] = weight_hh, weight_ih
    biases = gates(OPEN, -OPEN, 0, OPEN)
    biases[10:15] = bias
    inputs, h = rng.normal(size=(60, 2)), np.zeros(5)
    got = simulate(LSTM(*weights, biases), inputs, backend=backend).outputs
    for x, found in zip(inputs, got):
        h = np.tanh(np.tanh(weight_hh @ h + weight_ih @ x + bias))
        np.testing.assert_allclose(found, h, rtol=0, atol=2e-14)  # 100 eps, as above


def test_an_open_forget_gate_keeps_c_to_the_last_bit(backend, dtype, rng):
    cell = LSTM(np.zeros((20, 5)), rng.normal(size=(20, 2)), gates(-OPEN - 1e4, OPEN + 1e4, 0, 0)).astype(dtype)
    start = rng.normal(size=10).astype(dtype)
    inputs = 10 * rng.normal(size=(3000, 2))
    c = cell.split_state(simulate(cell, inputs, state=start, backend=backend).final_state)["c"]
    np.testing.assert_array_equal(c, start[5:])


@pytest.mark.parametrize("reset_after", [True, False])
def test_an_open_update_gate_keeps_h_to_the_last_bit(reset_after, backend, dtype, rng):
    cell = GRU(rng.normal(size=(15, 5)), rng.normal(size=(15, 2)), gates(0, 1e4, 0), reset_after=reset_after)
    start = rng.normal(size=5).astype(dtype)
    inputs = 10 * rng.normal(size=(3000, 2))
    found = simulate(cell.astype(dtype), inputs, state=start, backend=backend).final_state
    np.testing.assert_array_equal(found, start)


@pytest.mark.parametrize("peepholes", [["weight_ci"], ["weight_cf"], ["weight_co"], ["weight_ci", "weight_co"]])
def test_absent_peepholes_and_biases_are_zeros(peepholes, backend, dtype, rng):
    weights = rng.normal(size=(20, 5)) / 2, rng.normal(size=(20, 2))
    given = {name: rng.normal(size=5) for name in peepholes}
    zeros = {name: np.zeros(5) for name in ("weight_ci", "weight_cf", "weight_co")}
    sparse_cell = LSTM(*weights, **given).astype(dtype)
    full_cell = LSTM(*weights, np.zeros(20), np.zeros(20), **(zeros | given)).astype(dtype)
    inputs = rng.normal(size=(40, 2)).astype(dtype)
    got, want = (simulate(cell, inputs, keep="states", backend=backend).states for cell in (sparse_cell, full_cell))
    np.testing.assert_array_equal(got, want)


def test_a_peephole_shows_the_new_memory_to_the_output_gate_and_the_old_one_to_the_others(backend):
    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    cell = LSTM(np.zeros((4, 1)), np.eye(4), weight_ci=[0.7], weight_cf=[-0.4], weight_co=[1.3])
    drives, before = np.array([0.2, 0.5, -0.8, -0.1]), 1.5
    c = sigmoid(0.5 - 0.4 * before) * before + sigmoid(0.2 + 0.7 * before) * np.tanh(-0.8)
    got = simulate(cell, drives[None], state=[9.0, before], backend=backend).final_state
    # c is the difference of two numbers three times larger, each with some roundings.
    np.testing.assert_allclose(got, [sigmoid(-0.1 + 1.3 * c) * np.tanh(c), c], rtol=2e-15)


# How each derivative depends on a gate's argument z far out: what 1 - σ(z) or 1 - tanh² cannot tell.
def slope_of_sigmoid(z):
    e = mpmath.exp(-abs(mpmath.mpf(z)))
    return e / (1 + e) ** 2


def slope_of_tanh(z):
    return 1 / mpmath.cosh(mpmath.mpf(z)) ** 2


@pytest.mark.parametrize("z", [-300.0, -40.0, -3.0, 0.5, 20.0, 45.0, 300.0])
def test_derivatives_by_the_arguments_of_saturated_gates_keep_all_digits(z, backend):
    with mpmath.workdps(60):
        half_tanh, h, c = mpmath.tanh(mpmath.mpf("0.5")), mpmath.mpf("-0.5"), mpmath.mpf(3)
        lstm = {  # the other gates at z = 0, σ = 1/2; g = tanh 0.5
            "i": half_tanh * slope_of_sigmoid(z),
            "f": c * slope_of_sigmoid(z),
            "g": slope_of_tanh(z) / 2,
        }
        gru = {  # r = 1/2; n = tanh 0.5 but for its own argument
            "z": (h - half_tanh) * slope_of_sigmoid(z),
            "n": slope_of_tanh(z) / 2,
            "1 - z": slope_of_tanh(mpmath.mpf("0.5")) / (1 + mpmath.exp(mpmath.mpf(z))),
        }
        lstm, gru = ({name: float(value) for name, value in found.items()} for found in (lstm, gru))
    # σ', tanh' and σ are known to a few eps each. Of numbers below 1e-130 float64 still has all digits.
    close = {"rtol": 2e-15}
    for row, gate in enumerate("ifg"):
        bias = np.array([0.0, 0.0, 0.5, 0.0])
        bias[row] = z
        cell = LSTM(np.zeros((4, 1)), np.eye(4)[:, [row]], bias)
        got = jacobian(cell, [0.0, 3.0], [0.0], wrt="input", backend=backend)[1, 0]
        np.testing.assert_allclose(got, lstm[gate], **close, err_msg=gate)
    for row, bias, name in ((1, [0, z, 0.5], "z"), (2, [0, 0, z], "n"), (2, [0, z, 0.5], "1 - z")):
        for reset_after in (True, False):
            cell = GRU(np.zeros((3, 1)), np.eye(3)[:, [row]], bias, reset_after=reset_after)
            got = jacobian(cell, [-0.5], [0.0], wrt="input", backend=backend)[0, 0]
            np.testing.assert_allclose(got, gru[name], **close, err_msg=name)


@pytest.mark.parametrize("z", [-40.0, 20.0, 45.0])
def test_derivatives_of_an_lstms_output_keep_all_digits(z, backend):
    with mpmath.workdps(60):
        of_gate = float(mpmath.tanh(3) * slope_of_sigmoid(z))
        of_memory = float(slope_of_tanh(z) / 2)
    # c' = c where the input gate is shut and the forget gate open; z is the argument of o, then c itself.
    by_gate = LSTM(np.zeros((4, 1)), np.eye(4)[:, [3]], [-1000.0, OPEN, 0.0, z])
    got = jacobian(by_gate, [0.0, 3.0], [0.0], wrt="input", of="outputs", backend=backend)[0, 0]
    assert got == pytest.approx(of_gate, rel=2e-15)
    by_memory = LSTM(np.zeros((4, 1)), bias_ih=[-1000.0, OPEN, 0.0, 0.0])
    assert jacobian(by_memory, [0.0, z], backend=backend)[0, 1] == pytest.approx(of_memory, rel=2e-15)
