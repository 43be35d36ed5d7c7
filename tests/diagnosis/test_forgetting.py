"""Verdicts on systems whose forgetting is known in closed form."""

import math

import numpy as np
import pytest

import rnncore
from rnncore import Chain, Dense, Elman, Linear, MatrixSequence
from rnncore.diagnosis.forgetting import judge


def forgetting(cell, steps=2000, **options):
    return rnncore.diagnose(
        cell, np.zeros((steps, cell.input_size)) if cell.input_size else None, steps=steps, **options
    ).forgetting


@pytest.mark.parametrize("factor", [0.2, 0.9, 0.99, -0.95])
def test_a_scalar_recursion_forgets_at_its_own_rate(factor):
    found = forgetting(Linear([[factor]]))
    expected = math.ceil(math.log(0.01) / math.log(abs(factor)))
    assert found.verdict == "forgets"
    assert found.steps == found.steps_for_good == expected
    assert found.rate == pytest.approx(math.log(abs(factor)), rel=1e-9)
    assert found.time_constant == pytest.approx(-1 / math.log(abs(factor)), rel=1e-9)


def test_input_does_not_change_how_a_linear_recursion_forgets(rng):
    cell = Linear([[0.9]], [[1.0]])
    found = rnncore.diagnose(cell, 100 * rng.normal(size=(500, 1)), seed=3)
    assert found.forgetting.steps == 44


def test_a_float32_network_is_followed_below_its_rounding():
    found = forgetting(Elman(np.full((1, 1), 0.5, np.float32), nonlinearity="identity"))
    assert found.steps == 7
    assert found.rate == pytest.approx(math.log(0.5), rel=1e-9)


def test_a_rotation_never_forgets():
    found = forgetting(Linear([[0.6, 0.8], [-0.8, 0.6]]))
    assert (found.verdict, found.steps, found.time_constant) == ("does not forget", None, None)
    assert found.remaining == pytest.approx(1)


def test_an_unstable_recursion_does_not_forget():
    assert forgetting(Linear([[1.01]])).verdict == "does not forget"
    diverged = forgetting(Linear([[3.0]]))
    assert diverged.verdict == "does not forget"
    assert "left the finite numbers" in diverged.explanation


def test_a_chaotic_network_does_not_forget(rng):
    cell = Elman(3 * rng.normal(size=(100, 100)) / 10)
    assert forgetting(cell, 5000).verdict == "does not forget"


def test_a_nilpotent_matrix_annihilates_the_difference_exactly():
    found = forgetting(Linear(np.diag(np.ones(4), 1)))
    assert (found.verdict, found.watched, found.remaining, found.rate) == ("forgets", 5, 0, None)
    assert "identical from step 5 on" in found.explanation


def test_differences_far_below_the_root_of_the_smallest_number_are_still_told_from_zero():
    found = forgetting(Linear([[1e-10]]), 25)
    assert found.distance[25] == pytest.approx(1e-250, rel=1e-9)


def test_a_run_that_is_too_short_says_so_and_how_much_longer_it_would_take():
    found = forgetting(Linear([[0.999]]), 100)
    assert (found.verdict, found.steps) == ("cannot say", None)
    assert "too short" in found.explanation and "4,503 more" in found.explanation
    assert forgetting(Linear([[0.5]]), 2).verdict == "cannot say"


def test_a_layer_without_state_has_no_memory(rng):
    assert forgetting(Dense(rng.normal(size=(2, 2)))).verdict == "no memory"


def test_matrices_that_change_with_time_are_followed_across_pieces():
    factors = np.where(np.arange(3000) < 2990, 1.0, 0.1)
    found = forgetting(MatrixSequence(factors[:, None, None]), 3000)
    assert found.steps == 2992


def test_a_difference_that_comes_back_is_not_forgotten_for_good():
    curve = np.concatenate([0.5 ** np.arange(10), [0.02, 0.015, 0.005, 0.001]])
    found = judge(curve, interval=0.5, unit="hours")
    assert (found.steps, found.steps_for_good) == (7, 12)
    assert (found.duration, found.duration_for_good) == (3.5, 6)
    assert judge(np.array([1, 0.1, 0.001, 0.5])).steps_for_good is None


def test_every_layer_of_a_chain_counts(rng):
    slow = Chain([Linear([[0.1]], [[1.0]]), Linear([[0.99]], [[1.0]])])
    assert forgetting(slow).steps > 400


def test_every_backend_tells_the_same(backend, rng):
    cell = Elman(rng.normal(size=(20, 20)) / 5, rng.normal(size=(20, 1)))
    inputs = rng.normal(size=(600, 1))
    found = [rnncore.diagnose(cell, inputs, backend=name).forgetting for name in (backend, "reference")]
    assert found[0].steps == found[1].steps
    assert found[0].rate == pytest.approx(found[1].rate, rel=1e-3)
