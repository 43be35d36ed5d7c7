"""Nonlinear recursions: sigmoids forget at once, tanhs later, ReLUs blow up or die."""

import numpy as np
import pytest
from scipy.optimize import brentq

from rnncore.figures import vector_nonlinear

from .small import small

FORMULAS = {
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "elu": lambda z: np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1),
}


@pytest.mark.parametrize("nonlinearity", FORMULAS)
def test_scalar_runs_are_those_of_the_formula(nonlinearity):
    numbers = small("scalar_nonlinear").numbers
    for case, bias in enumerate(numbers["biases"]):
        h = np.repeat(numbers["starts"][:, None], len(numbers["weights"]), axis=1)
        for step, states in enumerate(numbers["states"][nonlinearity][case]):
            # Rounding errors of each step, where the map expands carried along by 1.2^60.
            np.testing.assert_allclose(states, h, rtol=1e-9, atol=1e-12, err_msg=f"step {step}")
            h = FORMULAS[nonlinearity](numbers["weights"] * h + bias)


def test_sigmoids_from_different_starts_end_within_one_per_cent_of_each_other():
    states = small("scalar_nonlinear").numbers["states"]["sigmoid"]
    for run in states[:, 10]:  # after ten steps already
        np.testing.assert_allclose(run[0], run[1], rtol=0.01)
    np.testing.assert_allclose(states[:, -1, 0], states[:, -1, 1], rtol=1e-12)


def test_tanh_remembers_longer_than_the_sigmoid_but_not_long():
    numbers = small("scalar_nonlinear").numbers
    after = {name: dict(zip(numbers["weights"], steps[0])) for name, steps in numbers["forgotten_after"].items()}
    for weight in (-0.6, 0.6, 0.9):
        assert after["sigmoid"][weight] < after["tanh"][weight] <= np.ceil(np.log(0.01) / np.log(abs(weight)))
    assert max(after["sigmoid"].values()) <= 5


def test_tanh_with_a_weight_above_one_keeps_the_sign_and_nothing_else():
    numbers = small("scalar_nonlinear").numbers
    states = numbers["states"]["tanh"][0][:, :, list(numbers["weights"]).index(1.2)]
    fixed = brentq(lambda h: h - np.tanh(1.2 * h), 0.1, 1)
    np.testing.assert_allclose(states[-1], [fixed, -fixed], rtol=1e-6)


def test_relu_blows_up_or_dies():
    numbers = small("scalar_nonlinear").numbers
    states = numbers["states"]["relu"][0]
    for column, weight in enumerate(numbers["weights"]):
        from_above, from_below = states[:, 0, column], states[:, 1, column]
        if weight > 0:
            np.testing.assert_allclose(from_above, weight ** np.arange(len(states)), rtol=1e-13)
            assert not from_below[1:].any()
        else:
            assert not from_above[1:].any() and not from_below[2:].any()
    assert states[-1, 0, -1] > 1e4


@pytest.mark.parametrize("nonlinearity", FORMULAS)
def test_networks_run_by_the_formula(nonlinearity):
    numbers = small("vector_nonlinear").numbers
    random = np.random.default_rng(0)
    weight = random.normal(size=(60, 60))
    weight *= numbers["radii"][1] / np.abs(np.linalg.eigvals(weight)).max()
    enter, starts = random.normal(size=60), random.uniform(-1, 1, (2, 60))
    h, sizes = starts, []
    for x in random.uniform(-1, 1, 150):
        h = FORMULAS[nonlinearity](h @ weight.T + enter * x)
        sizes.append(np.sqrt(np.mean(h[0] ** 2)))
    np.testing.assert_allclose(numbers["sizes"][nonlinearity][1, 1], sizes, rtol=1e-9)


def test_networks_of_sigmoids_forget_their_start_whatever_the_radius():
    merged = small("vector_nonlinear").numbers["merged_after"]
    assert (merged["sigmoid"] < 25).all()
    assert (merged["sigmoid"][:, :3] < merged["tanh"][:, :3]).all()


def test_networks_of_tanhs_forget_the_later_the_larger_the_radius_and_then_never():
    merged = small("vector_nonlinear").numbers["merged_after"]["tanh"]
    assert (np.diff(merged[:, :3], axis=1) > 0).all() and np.isnan(merged[:, 3]).all()
    apart = small("vector_nonlinear").numbers["apart"]["tanh"][:, 3]
    assert (apart[:, -1] > 0.1).all()  # in bounded chaos as far apart as the starts were, about


def test_networks_of_relus_grow_without_end_at_a_large_radius():
    numbers = small("vector_nonlinear").numbers
    sizes = numbers["sizes"]["relu"]
    assert (sizes[:, 3, -1] > 1e6).all() and (sizes[:, :2].max(axis=2) < 10).all()
    growth = np.diff(np.log(sizes[:, 3, 50:]), axis=1).mean(axis=1)
    assert (growth > 0.05).all()  # nats a step, to the end
    assert (numbers["sizes"]["tanh"] <= 1).all() and (numbers["sizes"]["sigmoid"] <= 1).all()


def test_no_radius_is_left_out_where_there_are_more_than_colours():
    figure = vector_nonlinear(radii=np.linspace(0.1, 1, 20), units=3, steps=10).figure
    assert [len(ax.lines) for ax in figure.axes] == 4 * [20, 20, 40]
