"""Verdicts on whole GatedDiagonal layers."""

import numpy as np
import pytest

from rnncore import GatedDiagonal
from rnncore.stability.gated_diagonal_findings import gated_diagonal_layer
from rnncore.stability.interval import Interval

from .gated_cells import assert_inside, runs, states, symmetric


def judge(cell, bound=1.0):
    return gated_diagonal_layer(cell, symmetric(bound, cell.input_size))


def verdicts(found):
    return [answer.verdict for answer in found.properties]


def test_open_gates_of_sigma_are_stable_with_the_bound_of_their_units(rng):
    cell = GatedDiagonal(rng.normal(size=(5, 3)), rng.normal(size=(5, 3)), rng.normal(size=5), rng.normal(size=5))
    found = judge(cell)
    assert verdicts(found) == ["stable"] * 3
    assert 0 < found.incremental.rate < 1
    assert_inside(found.states, states(cell, runs(rng, 1.0, 3000, 16, 3), None), 1e-11)


def test_one_unit_that_adds_up_makes_the_layer_unbounded():
    cell = GatedDiagonal(np.ones((3, 1)), np.zeros((3, 1)), None, [0.5, 1.0, 0.5], gate_nonlinearity="identity")
    found = judge(cell)
    assert verdicts(found) == ["unstable"] * 3
    assert found.states is None
    c = found.bounded.witness.simulate(cell, 100).states
    np.testing.assert_array_equal(c[:, 1], np.arange(1, 101))
    pair = found.incremental.witness.simulate(cell, 100).states
    np.testing.assert_array_equal(pair[:, 0, 1] - pair[:, 1, 1], 1.0)


def test_a_unit_that_nothing_drives_holds_but_is_bounded(rng):
    cell = GatedDiagonal([[0.0], [1.0]], [[1.0], [0.5]], gate_nonlinearity="identity")
    found = judge(cell)
    assert verdicts(found) == ["stable", "unstable", "unstable"]
    assert_inside(found.states, states(cell, runs(rng, 1.0, 1000, 8, 1), None), 1e-12)


def under(cell, *candidates):
    inputs = symmetric(1.0, cell.input_size)
    return verdicts(gated_diagonal_layer(cell, inputs, [Interval(np.array([a]), np.array([b])) for a, b in candidates]))


def test_where_only_some_inputs_are_known_to_occur_others_prove_nothing():
    cell = GatedDiagonal([[1.0]], [[2.0]], gate_nonlinearity="identity")
    assert under(cell) == ["undecided"] * 3
    assert under(cell, (-0.25, 0.25)) == ["undecided"] * 3
    assert under(cell, (0.25, 0.75)) == ["undecided"] * 3
    assert under(cell, (-0.1, 0.1), (0.75, 0.8)) == ["unstable"] * 3
    assert under(cell, (-0.8, -0.75)) == ["unstable"] * 3
    assert under(cell, (0.5, 0.5)) == ["unstable"] * 3  # exactly 1, and driven
    below = GatedDiagonal([[1.0]], [[0.5]], gate_nonlinearity="identity")
    assert under(below) == ["stable"] * 3


def test_a_carousel_holds_under_all_inputs_and_adds_up_what_has_a_sign():
    cell = GatedDiagonal([[1.0]], [[0.0]], None, [1.0], gate_nonlinearity="identity")
    assert under(cell, (-0.5, 0.5)) == ["undecided", "unstable", "unstable"]
    assert under(cell, (0.1, 0.5)) == ["unstable"] * 3


@pytest.mark.parametrize("gate", ["identity", "relu", "elu", "softplus"])
def test_growth_under_a_candidate_is_seen_wherever_the_input_is(gate, rng):
    cell = GatedDiagonal([[-5.0]], [[2.0]], None, [0.5], gate_nonlinearity=gate)
    candidate = Interval(np.array([0.5]), np.array([0.6]))
    found = gated_diagonal_layer(cell, symmetric(1.0, 1), [candidate])
    begin = found.bounded.witness.state
    for x in rng.uniform(0.5, 0.6, size=5):
        c = np.abs(states(cell, np.full((100, 1), x), begin)[:, 0])
        assert np.all(np.diff(c) > 0)
        assert c[-1] > 1e6


def test_what_was_not_decided_is_told():
    # ψ = -1 at the only input that matters, where φ = 1/2: c' = 1/2 - c
    cell = GatedDiagonal([[0.0]], [[0.5]], [0.5], [-0.5], gate_nonlinearity="identity")
    found = judge(cell)
    assert verdicts(found) == ["undecided", "unstable", "unstable"]
    assert "was not decided" in found.bounded.certificate


@pytest.mark.parametrize("dtype, bias", [(np.float32, 20.0), (np.float64, 40.0)])
def test_a_gate_that_rounds_to_one_is_stable_and_said_to_round(dtype, bias):
    cell = GatedDiagonal([[1.0]], [[0.0]], [0.0], [bias]).astype(dtype)
    found = judge(cell)
    assert verdicts(found) == ["stable"] * 3
    assert "a run that rounds does not forget" in found.incremental.certificate


def test_the_rate_is_attained():
    cell = GatedDiagonal([[1.0]], [[0.25]], None, [0.5], gate_nonlinearity="identity")
    assert judge(cell).incremental.rate == pytest.approx(0.75, rel=1e-14)
