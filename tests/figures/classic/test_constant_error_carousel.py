"""The carousel: products of forget gates beside the whole gradient."""

import numpy as np
import pytest

import rnncore
from rnncore.figures.classic.real_series import temperatures, trained_network

from .small import SIZES, small


def forget_gates(inputs):
    """f_t of every step and unit, by the LSTM's formula."""
    layer = trained_network().layers[0]
    weights = layer.parameters
    states = rnncore.simulate(layer, inputs, backend="reference").outputs
    before = np.vstack([np.zeros_like(states[:1]), states[:-1]])
    drive = inputs @ weights["weight_ih"].T + before @ weights["weight_hh"].T
    drive += sum(array for name, array in weights.items() if name.startswith("bias"))
    units = states.shape[1]
    return 1 / (1 + np.exp(-drive[:, units : 2 * units]))


@pytest.fixture(scope="module")
def windows():
    steps = 500 + SIZES["constant_error_carousel"]["longest_lag"]
    starts = np.linspace(0, len(temperatures()) - steps, SIZES["constant_error_carousel"]["ends"]).astype(int)
    return [temperatures()[start : start + steps] for start in starts]


def test_products_of_gates_are_those_of_the_formula(windows):
    numbers = small("constant_error_carousel").numbers
    logs = np.array([np.log(forget_gates(window)) for window in windows])
    last = SIZES["constant_error_carousel"]["longest_lag"]
    for row, lag in enumerate(numbers["lags"]):
        sums = logs[:, logs.shape[1] - lag :].sum(axis=1)
        np.testing.assert_allclose(
            numbers["log2_gates"][row], np.median(sums, axis=0) / np.log(2), rtol=1e-6, atol=1e-9
        )
    rates = logs[:, -last:].mean(axis=(0, 1))
    np.testing.assert_allclose(numbers["time_constants"], np.sort(-1 / rates)[::-1], rtol=1e-6)


def test_a_gradient_is_what_the_gates_carry_and_the_rest():
    numbers = small("constant_error_carousel").numbers
    gradient, carried, rest = (np.exp2(numbers[f"log2_{name}"]) for name in ("gradient", "carousel", "rest"))
    slack = 1 + 1e-9
    assert (gradient <= slack * (carried + rest)).all()
    assert (np.abs(carried - rest) <= slack * gradient).all()
    np.testing.assert_allclose(numbers["shares"], carried / (carried + rest), rtol=1e-9)


def test_gates_carry_all_at_first_and_about_half_a_few_hours_back():
    numbers = small("constant_error_carousel").numbers
    assert (numbers["shares"][0] == 1).all()
    near = (numbers["lags"] >= 1) & (numbers["lags"] <= 10)
    assert 0.3 < np.median(numbers["shares"][near]) < 0.8


def test_the_gradient_vanishes_at_the_pace_of_the_longest_gates():
    numbers = small("constant_error_carousel").numbers
    gradient = np.median(numbers["log2_gradient"], axis=1) * np.log(2)
    rate = (gradient[-1] - gradient[0]) / numbers["lags"][-1]
    assert rate < 0
    # What flows through h adds to what the gates carry: slower than the slowest gate alone, by less than a factor 4.
    assert 0.5 < -1 / rate / numbers["time_constants"][0] < 4
    assert (np.diff(numbers["log2_gates"], axis=0) < 0).all()
