"""How far apart a pattern keeps the outputs, where the answer is known."""

import numpy as np
import pytest

import rnncore
from rnncore import LSTM, Chain, Dense, Elman, Linear, long_term_dependence
from rnncore.memory.separation import separation_of
from tests.contract.examples import KINDS, experiment


def test_a_leaky_integrator_keeps_a_pulse_for_as_long_as_its_leak_says(rng):
    """Without the mark 0.9^L u_t stands there: means differ by 10 · 0.9^L, outputs deviate by 1/√(1 - 0.81)."""
    found = long_term_dependence(
        Linear([[0.9]], [[1.0]]), rng.normal(size=(60_000, 1)), [[10.0]], lags=60, starts=5000, threshold=1.0
    )  # fmt: skip
    expected = 10 * 0.9**found.lags * np.sqrt(1 - 0.81)
    # Standard errors of both kinds, 4 of them; the pulse that takes the place of an input also lowers the variance.
    assert (np.abs(found.separation - expected) < 4 * found.standard_errors + 0.06 * expected).all()
    np.testing.assert_allclose(np.abs(found.by_output[:, 0]), expected, rtol=0.08)
    assert found.steps == pytest.approx(np.log(1 / expected[0]) / np.log(0.9), abs=1)
    assert found.lags.tolist() == list(range(61))


def test_standard_errors_cover_the_truth(rng):
    cell = Linear([[0.5]], [[1.0]])
    hits = []
    for seed in range(40):
        inputs = np.random.default_rng(seed).normal(size=(3000, 1))
        found = long_term_dependence(cell, inputs, [[2.0]], contrast=[[0.0]], lags=[3], starts=300, burn_in=0)
        truth = 2 / 8 / np.sqrt(1 / (1 - 0.25) - 0.5**6)  # the input at the mark does not vary
        hits.append(abs(found.separation[0] - truth) < 2 * found.standard_errors[0])
    assert sum(hits) >= 34  # 95 % of 40, three binomial deviations below


def test_what_is_not_remembered_is_within_chance(rng):
    """Fifty outputs and a mark that is gone: chance alone would set means of 300 samples apart by √(2 p/N) = 0.6."""
    cell = Chain([Elman(np.zeros((50, 50)), rng.normal(size=(50, 1)))])
    noise = rng.normal(size=(8000, 1))
    found = long_term_dependence(cell, noise, [[3.0]], lags=[0, 1, 2], starts=300)
    assert found.separation[0] > 1
    np.testing.assert_array_equal(found.separation[1:], 0)
    np.testing.assert_array_equal(found.effect[1:], 0)  # exactly: zero recurrent weights
    assert found.steps == 0


def test_independent_clouds_are_no_distance_apart(rng):
    found = [separation_of(rng.normal(size=(200, 20)), rng.normal(size=(200, 20))) for _ in range(100)]
    squared = np.array([separation**2 for separation, *_ in found])
    assert squared.mean() < 0.05  # without the correction 2 p/N = 0.2
    assert np.mean([separation > chance for separation, _, chance, *_ in found]) <= 0.02


def test_the_distance_is_that_of_mahalanobis(rng):
    mixing, shift = rng.normal(size=(4, 4)), rng.normal(size=4)
    plain = rng.normal(size=(20_000, 4)) @ mixing.T
    separation, error, *_ = separation_of(plain + shift, plain)
    expected = np.sqrt(shift @ np.linalg.solve(mixing @ mixing.T, shift))
    assert abs(separation - expected) < 4 * error
    assert error < 0.02 * expected
    scaled = separation_of((plain + shift) * [1, 1e-9, 1e9, 1], plain * [1, 1e-9, 1e9, 1])
    assert scaled[0] == pytest.approx(separation, rel=1e-9)


def test_an_output_that_distractors_do_not_move_tells_without_doubt(rng):
    """An input gate that opens at large inputs only: a latch, set by the mark and by nothing else."""
    weight = np.zeros((4, 1))
    weight[0] = 60.0
    weight[2] = 1.0
    cell = LSTM(np.zeros((4, 1)), weight, [-300.0, 60.0, 0.0, 60.0])  # i opens at u > 5, f and o stay open
    inputs = rng.uniform(-1, 1, size=(3000, 1))
    found = long_term_dependence(cell, inputs, [[10.0]], lags=500, starts=100)
    assert np.isinf(found.separation).all()
    assert found.steps == 500
    assert "largest lag" in found.explanation


def test_patterns_are_added_or_take_the_place(rng):
    cell, inputs = Linear([[0.5]], [[1.0]]), rng.normal(size=(5000, 1))
    added = long_term_dependence(cell, inputs, [[2.0], [0.0]], mode="add", lags=5, starts=800)
    np.testing.assert_allclose(added.effect, 0.5 ** (1 + np.arange(6)) * 2 / (2 / added.effect[0] / 2), rtol=0.05)
    both = long_term_dependence(cell, inputs, [[2.0]], contrast=[[2.0]], lags=5, starts=800)
    np.testing.assert_array_equal(both.separation, 0)
    np.testing.assert_array_equal(both.effect, 0)
    assert both.steps is None
    assert both.duration is None


@pytest.mark.parametrize("name", KINDS)
def test_every_cell_with_inputs_is_asked_on_every_backend(name):
    case = experiment(name, np.float64, steps=300)
    pattern = np.full((2, case.cell.input_size), 1.5)
    if not case.cell.state_size or not case.cell.input_size:
        with pytest.raises((ValueError, TypeError), match=r"no state|no input|inputs must be an array"):
            long_term_dependence(case.cell, case.inputs, pattern)
        return
    found = [
        long_term_dependence(case.cell, case.inputs, pattern, lags=4, starts=120, state=case.state, backend=b)
        for b in ("reference", "native")
    ]
    np.testing.assert_allclose(found[0].effect, found[1].effect, rtol=1e-6)
    np.testing.assert_allclose(found[0].by_output, found[1].by_output, rtol=1e-6, atol=1e-9)


def test_results_do_not_depend_on_threads_or_chunks(rng):
    cell = Elman(0.5 * rng.normal(size=(8, 8)), rng.normal(size=(8, 1)))
    inputs, seen = rng.normal(size=(1500, 1)), []
    first = long_term_dependence(
        cell, inputs, [[3.0]], starts=100, threads=1, progress=lambda *pair: seen.append(pair)
    )  # fmt: skip
    assert seen[-1][0] == seen[-1][1]
    for options in ({"threads": 2}, {"chunk": 7}):
        second = long_term_dependence(cell, inputs, [[3.0]], starts=100, **options)
        np.testing.assert_array_equal(first.separation, second.separation)
    assert first.lags[-1] == 674  # half of what is left after burn-in and pattern
    assert first.to_dict()["duration"] == first.duration


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"pattern": [1.0]}, ValueError, "pattern must have shape"),
        ({"pattern": np.ones((0, 1))}, ValueError, "at least one step long"),
        ({"pattern": [[np.nan]]}, ValueError, "pattern must be finite"),
        ({"contrast": [[1.0], [2.0]]}, ValueError, r"contrast must have shape \(1, 1\)"),
        ({"mode": "multiply"}, ValueError, "mode must be one of"),
        ({"lags": 900}, ValueError, "lags must lie between 0 and the 899 steps"),
        ({"lags": 899}, ValueError, "need at least 12 starts"),
        ({"pattern": np.ones((901, 1))}, ValueError, r"burn_in \+ pattern"),
        ({"threshold": 0}, ValueError, "threshold must be positive"),
        ({"starts": 5}, ValueError, "need at least 12 starts"),
        ({"inputs": None}, TypeError, "inputs must be an array"),
        ({"inputs": np.ones((100, 2, 1))}, ValueError, "single sequence"),
        ({"cell": Linear([[0.5]]), "inputs": np.ones((100, 0))}, ValueError, "takes no input"),
        ({"cell": Dense([[0.5]])}, ValueError, "no state"),
        ({"cell": None}, TypeError, "cell must be a cell"),
    ],
)
def test_bad_arguments_are_named(rng, change, error, words):
    options = {"cell": Linear([[0.5]], [[1.0]]), "inputs": rng.normal(size=(1000, 1)), "pattern": [[1.0]]} | change
    with pytest.raises(error, match=words):
        long_term_dependence(options.pop("cell"), options.pop("inputs"), options.pop("pattern"), **options)


def test_a_run_that_diverges_is_told():
    with pytest.raises(rnncore.NonFiniteError):
        long_term_dependence(Linear([[1e30]], [[1.0]]), np.ones((500, 1)), [[1.0]])
