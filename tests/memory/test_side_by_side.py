"""Stretches side by side are the run, or are not taken for it."""

import numpy as np
import pytest

import rnncore
from rnncore import GRU, Chain, Dense, Elman, Linear, memory_capacity
from rnncore.backends import choose_backend
from rnncore.memory.side_by_side import walk_side_by_side
from rnncore.runs import Run

STEPS = 20_011  # not a multiple of the stretches


def walk(cell, inputs, state=None, of_outputs=False, threads=1, backend=None):
    size = cell.output_size if of_outputs else cell.state_size
    return walk_side_by_side(
        Run(cell, inputs, None, state, True), choose_backend(backend), size, of_outputs, threads
    )  # fmt: skip


@pytest.mark.parametrize("of_outputs", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_of_a_network_that_forgets_they_are_its_run(rng, dtype, of_outputs):
    layers = [GRU(rng.normal(size=(15, 5)) / 5, rng.normal(size=(15, 2))), Dense(rng.normal(size=(3, 5)))]
    cell = Chain(layers).astype(dtype)
    inputs, state = rng.normal(size=(STEPS, 2)), rng.normal(size=5)
    found = walk(cell, inputs, state, of_outputs)
    run = rnncore.simulate(cell, inputs, state=state, keep="states")
    true = run.outputs if of_outputs else run.states
    assert found.dtype == dtype
    # Rounding errors of some steps, which the network forgets.
    np.testing.assert_allclose(found[:, 0], true, atol=200 * np.finfo(dtype).eps * np.abs(true).max())
    again = walk(cell, inputs, state, of_outputs, threads=2)
    np.testing.assert_array_equal(found, again)


@pytest.mark.parametrize(
    ("cell", "scale"),
    [
        (Linear([[0.99999]], [[1.0]]), 1.0),  # slow
        (Elman([[2.0]], [[1.0]]), 0.01),  # two states to settle in, and zero as the border between them
        (Linear([[0.6, 0.8], [-0.8, 0.6]], [[1.0], [0.0]]), 1.0),  # keeps all
        (Linear([[1.1]], [[1.0]]), 1.0),  # leaves the finite numbers
    ],
)
def test_what_is_not_the_run_is_not_taken_for_it(rng, cell, scale):
    state = np.full(cell.state_size, -5.0)
    assert walk(cell, scale * np.abs(rng.normal(size=(STEPS, 1))), state) is None


def test_a_chaotic_network_is_walked_step_by_step(rng):
    cell = Elman(3 * rng.normal(size=(30, 30)) / np.sqrt(30), rng.normal(size=(30, 1)))
    inputs = rng.uniform(-1, 1, size=(STEPS, 1))
    assert walk(cell, inputs) is None
    found = memory_capacity(cell, inputs, max_lag=5)
    assert found.samples == STEPS - 1000


def test_capacities_are_those_of_single_steps(rng, monkeypatch):
    cell = Elman(0.3 * rng.normal(size=(6, 6)), rng.normal(size=(6, 1)))
    inputs = rng.uniform(-1, 1, size=(STEPS, 1))
    stretches = memory_capacity(cell, inputs, max_lag=8)
    monkeypatch.setattr("rnncore.memory.side_by_side._FEWEST_STEPS", STEPS + 1)
    single = memory_capacity(cell, inputs, max_lag=8)
    np.testing.assert_allclose(stretches.raw, single.raw, atol=1e-9)


def test_short_runs_and_batches_are_left_alone(rng):
    cell = Linear([[0.5]], [[1.0]])
    assert walk(cell, np.ones((100, 1))) is None
    assert walk(cell, np.ones((STEPS, 2, 1))) is None
