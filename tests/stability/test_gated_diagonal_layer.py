"""Verdicts on whole GatedDiagonal layers."""

import numpy as np
import pytest

from rnncore import GatedDiagonal
from rnncore.stability.gated_diagonal_findings import gated_diagonal_layer

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
    cell = GatedDiagonal([[0.0], [1.0]], [[2.0], [0.5]], gate_nonlinearity="identity")
    found = judge(cell)
    assert verdicts(found) == ["stable", "unstable", "unstable"]
    assert_inside(found.states, states(cell, runs(rng, 1.0, 1000, 8, 1), None), 1e-12)


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
