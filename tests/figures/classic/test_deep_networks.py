"""Deep nets: gradients by layer and neuron, and in how few parameters they gather."""

import numpy as np
import pytest

import rnncore
from rnncore.figures.classic.digit_networks import (
    HIDDEN_LAYERS,
    WIDTH,
    cross_entropy_gradients,
    make_network,
    read_digits,
)

from .small import SIZES, small

NONLINEARITIES = ("elu", "relu", "sigmoid", "tanh", "identity")


def states(nonlinearity):
    found = small("deep_networks").numbers["networks"][nonlinearity]
    return found["before"], found["after"]


def test_a_gradient_shrinks_by_the_root_of_three_a_layer_before_training():
    neurons = states("identity")[0]["neurons"]
    assert neurons.shape == (HIDDEN_LAYERS, WIDTH)
    sizes = np.sqrt(np.mean(neurons**2, axis=1))
    rate = np.polyfit(np.arange(HIDDEN_LAYERS), np.log(sizes), 1)[0]
    # ½ ln 3 of random matrices of 32 columns; ten of them leave a scatter of about 1/√(2 · 32) / √10 each.
    assert rate == pytest.approx(np.log(3) / 2, abs=0.15)


def test_slopes_of_the_sigmoid_leave_next_to_nothing_for_the_first_layer():
    for nonlinearity in NONLINEARITIES:
        of_all = states(nonlinearity)[0]["of_all"]
        faded = of_all[0] / of_all[-1]
        assert faded < (1e-6 if nonlinearity == "sigmoid" else 0.1)
    assert states("sigmoid")[0]["neurons"][0].max() < 1e-6


def test_training_raises_the_gradient_of_nets_that_learn_and_the_sigmoid_learns_nothing():
    for nonlinearity in ("elu", "tanh", "identity"):
        before, after = states(nonlinearity)
        assert after["accuracy"] > 0.5 > before["accuracy"]
        assert after["of_all"][0] / after["of_all"][-1] > 5 * before["of_all"][0] / before["of_all"][-1]
    before, after = states("sigmoid")
    assert after["accuracy"] < 0.2 and after["of_all"][0] / after["of_all"][-1] < 1e-6


def test_a_single_digits_gradient_gathers_in_fewer_parameters_than_that_of_all():
    for nonlinearity in ("elu", "relu", "tanh", "identity"):
        for found in states(nonlinearity):
            assert found["largest_of_one"] > found["largest_of_all"] > 0.1
            assert (np.diff(found["held_by_all"]) >= 0).all() and found["held_by_all"][-1] == pytest.approx(1)


def test_shares_are_those_of_the_sorted_parameters():
    images, labels = read_digits()
    network = make_network("tanh")
    found = cross_entropy_gradients(network, images, labels)
    squares = sorted(
        (float(value) ** 2 for array in found.parameters.values() for value in array.ravel()), reverse=True
    )
    largest = squares[: int(np.ceil(0.01 * len(squares)))]
    assert states("tanh")[0]["largest_of_all"] == pytest.approx(sum(largest) / sum(squares), rel=1e-12)
    ones = [
        cross_entropy_gradients(network, images[[i]], labels[[i]]) for i in range(SIZES["deep_networks"]["singles"])
    ]
    np.testing.assert_allclose(states("tanh")[0]["of_one"], np.median([one.root_mean_squares for one in ones], axis=0))


def test_the_gradient_is_that_of_the_cross_entropy():
    images, labels = read_digits()
    network, some = make_network("elu"), slice(0, 40)
    found = cross_entropy_gradients(network, images[some], labels[some]).parameters["10.weight"]
    weight = network.parameters["10.weight"]

    def loss(change):
        moved = network.replace(**{"10.weight": weight + change})
        logits = rnncore.simulate(moved, images[some], backend="reference").outputs
        return np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(40), labels[some]])

    step = np.zeros_like(weight)
    step[3, 7] = 1e-5
    # Central differences: errors of 1e-10 by curvature, 1e-11 by rounding.
    assert found[3, 7] == pytest.approx((loss(step) - loss(-step)) / 2e-5, abs=1e-8)
