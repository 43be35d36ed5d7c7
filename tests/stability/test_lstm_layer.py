"""Verdicts on whole LSTM layers, with what forget peepholes do."""

import numpy as np
import pytest
from scipy.special import lambertw

from rnncore import LSTM
from rnncore.stability.interval import Interval
from rnncore.stability.lstm import LstmMap
from rnncore.stability.lstm_findings import lstm_layer

from .gated_cells import assert_inside, random_lstm, random_scale, rounding, runs, states, symmetric


def judge(cell, inputs, candidates=None):
    return lstm_layer(LstmMap(cell), inputs, candidates)


def verdicts(found):
    return [answer.verdict for answer in found.properties]


def one_unit(drive, peephole=1.0):
    """c' = σ(w c) c + d: held up to d = W(1 / e) / w."""
    return LSTM(np.zeros((4, 1)), np.zeros((4, 1)), [0.0, 0.0, np.arctanh(2 * drive), 0.0], weight_cf=[peephole])


LARGEST_HELD = lambertw(np.exp(-1)).real


def test_small_recurrent_weights_forget(rng):
    found = judge(random_lstm(rng, 0.02, size=4), symmetric(1.0, 2))
    assert verdicts(found) == ["stable"] * 3
    assert found.incremental.rate < 1


def test_a_forget_peephole_that_nothing_drives_to_its_side_forgets():
    assert verdicts(judge(one_unit(-0.1), symmetric(1.0, 1)))[0] == "stable"


def test_a_run_from_zero_is_held_while_one_from_beyond_escapes():
    cell = one_unit(0.9 * LARGEST_HELD)
    found = judge(cell, symmetric(1.0, 1))
    assert verdicts(found) == ["unstable"] * 3
    assert_inside(found.states, states(cell, np.zeros((1000, 1)), np.zeros(2)), 1e-12)
    c = found.bounded.witness.simulate(cell, 1000).states[:, 1]
    assert np.all(np.diff(c) > 0)
    pair = found.incremental.witness.simulate(cell, 1000).states[:, :, 1]
    gap = pair[:, 0] - pair[:, 1]
    assert np.all(np.diff(gap[10:]) > 0)
    assert gap[-1] > 100


def test_a_run_from_zero_escapes():
    cell = one_unit(1.1 * LARGEST_HELD)
    found = judge(cell, symmetric(1.0, 1))
    assert found.bounded.verdict == "unstable"
    assert found.states is None
    c = found.bounded.witness.simulate(cell, 1000).states[:, 1]
    assert np.all(np.diff(c) > 0)
    assert c[-1] > 100


def test_behind_another_layer_only_inputs_that_occur_let_c_escape():
    """g = tanh x: c is driven up or down by the input alone."""
    cell = LSTM(np.zeros((4, 1)), [[0.0], [0.0], [1.0], [0.0]], weight_cf=[1.0])
    inputs = symmetric(2.0, 1)
    assert judge(cell, inputs).bounded.verdict == "unstable"
    for low, high, verdict in ((-1.0, 0.1, "undecided"), (-2.0, -1.0, "undecided"), (1.0, 1.5, "unstable")):
        candidate = Interval(np.array([low]), np.array([high]))
        found = judge(cell, inputs, [candidate])
        assert found.bounded.verdict == verdict
        if verdict == "unstable":
            for x in (low, high):
                c = states(cell, np.full((300, 1), x), found.bounded.witness.state)[:, 1]
                assert np.all(np.diff(c) > 0)


def test_a_bound_beyond_float64_is_a_bound():
    with np.errstate(all="ignore"):
        found = judge(LSTM(np.zeros((4, 1)), np.ones((4, 1)), [0.0, 800.0, 0.0, 0.0]), symmetric(1.0, 1))
    assert found.bounded.verdict == "stable"
    assert found.states is None


@pytest.mark.parametrize("peepholes", [False, True])
def test_bounds_hold_in_simulations_of_random_networks(peepholes, rng):
    for _ in range(40):
        cell, bound = random_lstm(rng, random_scale(rng), size=3, peepholes=peepholes), rng.choice([0.1, 1.0])
        with np.errstate(all="ignore"):
            found = judge(cell, symmetric(bound, 2))
        assert peepholes or found.bounded.verdict == "stable"
        if found.bounded.verdict == "unstable":
            c = np.abs(found.bounded.witness.simulate(cell, 300).states[:, cell.output_size :]).max(axis=1)
            assert c[299] > c[150] + 0.5 * (c[150] - c[75]) > c[75]  # in proportion to time, or faster
        if found.states is not None:
            u = runs(rng, bound, 300, 16, 2)
            assert_inside(found.states, states(cell, u, None), rounding(cell, symmetric(bound, 2), found.states))


def test_a_box_that_only_holds_runs_from_zero_proves_nothing_of_others():
    """w_ci < 0 < w_cf: nothing is known of runs from large c, though those from zero stay."""
    cell = LSTM(np.zeros((4, 1)), [[0.0], [0.0], [0.1], [0.0]], weight_ci=[-1.0], weight_cf=[1.0])
    found = judge(cell, symmetric(1.0, 1))
    assert found.bounded.verdict == "undecided"
    assert found.incremental.verdict != "stable"
    assert_inside(found.states, states(cell, np.ones((500, 1)), None), 1e-12)
