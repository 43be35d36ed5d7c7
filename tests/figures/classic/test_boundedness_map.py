"""The boundedness map: proofs and simulations agree, and both with the formula."""

import numpy as np
import pytest

from rnncore.figures.classic.scalar_nonlinear import NONLINEARITIES

from .small import small

SLOPES = {"sigmoid": 0.25, "tanh": 1.0, "relu": 1.0, "elu": 1.0}


def grid():
    numbers = small("boundedness_map").numbers
    return np.meshgrid(numbers["weights"], numbers["biases"])


def test_nothing_that_is_proved_is_seen_to_be_otherwise():
    numbers = small("boundedness_map").numbers
    assert numbers["contradictions"] == 0
    for name in ("bounded", "incremental"):
        for nonlinearity in NONLINEARITIES:
            proved, seen = numbers["proved"][name][nonlinearity], numbers["seen"][name][nonlinearity]
            assert not seen[proved == "stable"].any()
            assert set(np.unique(proved)) <= {"stable", "unstable", "undecided"}


@pytest.mark.parametrize("nonlinearity", ["sigmoid", "tanh"])
def test_what_saturates_is_proved_bounded_whatever_the_weight(nonlinearity):
    assert (small("boundedness_map").numbers["proved"]["bounded"][nonlinearity] == "stable").all()


@pytest.mark.parametrize("nonlinearity", ["relu", "elu"])
def test_what_is_linear_above_zero_grows_where_its_weight_is_above_one(nonlinearity):
    """Where h > 0, h_t = w h_{t-1} + b + x; runs begin at 100, or are lifted above zero by the input."""
    numbers, (w, b) = small("boundedness_map").numbers, grid()
    grows = (w > 1) & (((w - 1) * 100 + b + 1 > 0) | (b + 1 > 0))
    np.testing.assert_array_equal(numbers["seen"]["bounded"][nonlinearity], grows)
    proved = numbers["proved"]["bounded"][nonlinearity]
    assert not grows[proved == "stable"].any() and grows[proved == "unstable"].all()
    assert (proved[np.abs(w) < 1] == "stable").all()


@pytest.mark.parametrize("nonlinearity", NONLINEARITIES)
def test_a_start_is_proved_to_be_forgotten_where_the_map_contracts(nonlinearity):
    numbers, (w, _) = small("boundedness_map").numbers, grid()
    proved = numbers["proved"]["incremental"][nonlinearity]
    assert (proved[np.abs(w) * SLOPES[nonlinearity] < 1] == "stable").all()
    # h_t = w h_{t-1} + … on a side where the slope is 1 keeps starts apart that stay on it.
    seen = numbers["seen"]["incremental"][nonlinearity]
    assert not seen[np.abs(w) * SLOPES[nonlinearity] < 0.98].any()


def test_tanh_keeps_a_start_where_its_weight_is_above_one_and_an_input_cancels_the_bias():
    numbers, (w, b) = small("boundedness_map").numbers, grid()
    seen = numbers["seen"]["incremental"]["tanh"]
    assert seen[(np.abs(w) > 1.05) & (np.abs(b) <= 1)].all()
