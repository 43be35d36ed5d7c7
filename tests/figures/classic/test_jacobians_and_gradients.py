"""Jacobians, gradients and Lyapunov exponents, against matrices written out."""

import mpmath
import numpy as np
import pytest

import rnncore
from rnncore.figures.classic.networks import gaussian_matrix, networks
from rnncore.figures.classic.real_series import standardised_temperatures

from .small import SIZES, small

SLOPES = {
    "tanh": lambda z: 1 / np.cosh(z) ** 2,
    "sigmoid": lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
    "relu": lambda z: (z > 0).astype(float),
    "elu": lambda z: np.where(z > 0, 1, np.exp(np.minimum(z, 0))),
}


def written_out(nonlinearity, steps):
    """W, and the slopes at the steps of the series, counted from 0."""
    units = SIZES["jacobians"]["units"]
    random = np.random.default_rng(0)
    weight, enter = gaussian_matrix(units, random), random.normal(size=(units, 1))
    series = standardised_temperatures()
    cell = rnncore.Elman(weight, enter, nonlinearity=nonlinearity)
    states = rnncore.simulate(cell, series, backend="reference").outputs
    return weight, SLOPES[nonlinearity](states[steps - 1] @ weight.T + series[steps] @ enter.T)


@pytest.mark.parametrize("nonlinearity", SLOPES)
def test_slopes_are_those_of_the_nonlinearity_at_the_states_of_the_run(nonlinearity):
    steps = np.linspace(500, len(standardised_temperatures()) - 1, SIZES["jacobians"]["samples"]).astype(int)
    _, slopes = written_out(nonlinearity, steps)
    # Read off a Jacobian by dividing by W; states of two backends differ by rounding.
    np.testing.assert_allclose(small("jacobians").numbers["slopes"][nonlinearity], slopes, rtol=1e-7, atol=1e-12)


def test_sigmoids_have_slopes_of_at_most_a_quarter_and_relus_of_nothing_or_one():
    slopes = small("jacobians").numbers["slopes"]
    assert slopes["sigmoid"].max() <= 0.25 * (1 + 1e-9)
    assert set(np.round(slopes["relu"], 9).ravel()) == {0.0, 1.0}
    assert np.mean(slopes["sigmoid"]) < np.mean(slopes["tanh"]) < np.mean(slopes["elu"])


def test_products_of_ten_jacobians_have_the_singular_values_of_the_matrix_they_make():
    weight, slopes = written_out("tanh", np.arange(500, 510))
    product = np.eye(len(weight))
    for slope in slopes:
        product = slope[:, None] * weight @ product
    expected = np.log(np.linalg.svd(product, compute_uv=False))
    found = small("jacobians").numbers["log_products"]["tanh"][1]
    # A dense SVD knows singular values to eps times the largest.
    known = expected > expected[0] + np.log(1e-8)
    np.testing.assert_allclose(found[known], expected[known], atol=1e-6)


def test_singular_values_of_a_product_multiply_to_its_determinant():
    weight, slopes = written_out("tanh", np.arange(500, 1500))
    expected = len(slopes) * np.linalg.slogdet(weight)[1] + np.log(slopes).sum()
    assert small("jacobians").numbers["log_products"]["tanh"][-1].sum() == pytest.approx(expected, rel=1e-9)


def test_products_contract_and_their_singular_values_drift_apart():
    numbers = small("jacobians").numbers
    for nonlinearity in ("tanh", "sigmoid"):
        logs = numbers["log_products"][nonlinearity]
        assert logs[-1, 0] < -100
        spread = logs[:, 0] - logs[:, -1]
        assert spread[-1] > 100 * spread[0] and (np.diff(spread) > 0).all()
    assert (numbers["log_singular_values"]["sigmoid"] <= numbers["log_weights"][0] + np.log(0.25)).all()


def test_a_gradient_is_the_cotangent_times_the_jacobians():
    numbers, options = small("gradients_by_lag").numbers, SIZES["gradients_by_lag"]
    random = np.random.default_rng(0)
    for name, cell in networks(options["units"], 1).items():
        cotangent = random.normal(size=cell.output_size)
        if name == "tanh":
            break
    series = standardised_temperatures()[: 1000 + options["longest_lag"]]
    states = rnncore.simulate(cell, series, backend="reference").outputs
    row, weight = cotangent / np.linalg.norm(cotangent), cell.parameters["weight_hh"]
    for lag in range(60):
        assert numbers["log2_norms"]["tanh"][lag] == pytest.approx(np.log2(np.linalg.norm(row)), abs=1e-6)
        row = (row * (1 - states[-1 - lag] ** 2)) @ weight


def test_gradients_vanish_explode_and_are_carried():
    numbers = small("gradients_by_lag").numbers
    verdicts, rates = numbers["verdicts"], numbers["rates"]
    for name in ("sigmoid", "tanh", "ReLU", "GRU", "LSTM", "LSTM, trained"):
        assert verdicts[name] == "vanishing"
    assert verdicts["tanh, radius 4"] == "exploding" and rates["tanh, radius 4"] > 0
    assert verdicts["linear, orthogonal"] == "carried"
    np.testing.assert_allclose(numbers["log2_norms"]["linear, orthogonal"], 0, atol=1e-9)
    assert rates["sigmoid"] < rates["tanh"] < rates["LSTM"] < 0
    for name in ("LSTM, open gates", "gated memory"):
        assert abs(rates[name]) < 0.05 * abs(rates["tanh"])


def test_exponents_of_random_matrices_are_newmans():
    numbers = small("lyapunov_spectra").numbers
    size = len(numbers["exact"])
    exact = [
        float(mpmath.log(mpmath.mpf(2) / size) + mpmath.digamma(mpmath.mpf(size - i) / 2)) / 2 for i in range(size)
    ]
    np.testing.assert_allclose(numbers["exact"], exact, rtol=1e-13)
    # Of eight normal errors one beyond 4.5 deviations has a chance of 5e-5.
    assert (np.abs(numbers["matrices"] - exact) < 4.5 * numbers["matrix_errors"]).all()
    assert (numbers["matrix_errors"] < 0.02).all()
    early, late = (np.abs(numbers["matrix_history"][row] - exact) for row in (0, -1))
    assert np.sqrt(np.mean(late**2)) < np.sqrt(np.mean(early**2))


def test_networks_pass_from_order_to_chaos_with_the_radius():
    numbers = small("lyapunov_spectra").numbers
    largest = [numbers["exponents"][f"tanh, radius {radius}"][0] for radius in ("0.5", "1", "2", "4")]
    errors = [numbers["standard_errors"][f"tanh, radius {radius}"][0] for radius in ("0.5", "1", "2", "4")]
    assert (np.diff(largest) > 0).all()
    assert largest[1] + 3 * errors[1] < 0 < largest[3] - 3 * errors[3]
    assert numbers["exponents"]["LSTM, trained"][0] < 0
    for name, history in numbers["history"].items():
        assert history[-1] == pytest.approx(numbers["exponents"][name][0], rel=1e-9)
        assert (np.diff(numbers["exponents"][name]) <= 0).all()
