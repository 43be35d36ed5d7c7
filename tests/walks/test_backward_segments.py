"""The way back meets the states of the way forward, with few checkpoints as with many."""

import numpy as np
import pytest

from rnncore import Elman, NonFiniteError, backward
from rnncore.backends import get_backend, prepare
from rnncore.runs import Run

STEPS = 101


def elman():
    rng = np.random.default_rng(0)
    return Elman(rng.normal(size=(3, 3)), rng.normal(size=(3, 2)))


def walk_back(backend, chunk, **options):
    run = Run(elman(), np.random.default_rng(1).normal(size=(STEPS, 2)), None, None, True)
    program = prepare(run.cell, get_backend(backend))
    reported = []
    found = list(backward.backward_segments(run, program, chunk, reported.append, threads=1, **options))
    return run, program, found, sum(reported)


@pytest.mark.parametrize("checkpoints", [2, 3, 4, 1000])
@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_states_are_those_of_the_run(checkpoints, chunk, backend, monkeypatch):
    monkeypatch.setattr(backward, "_CHECKPOINT_BYTES", checkpoints * 3 * 8)
    run, program, found, reported = walk_back(backend, chunk=chunk)
    assert reported == 2 * STEPS
    assert [stop for _, stop, _ in found] == [STEPS, *(start for start, _, _ in found[:-1])] and found[-1][0] == 0
    states = np.empty((STEPS, 1, 3))
    program.advance(
        run.inputs_between(0, STEPS), STEPS, np.zeros((1, 3)), start=0, every=1, outputs=None, states=states, threads=1
    )
    for start, _, state in found[:-1]:
        np.testing.assert_array_equal(state, states[start - 1])
    np.testing.assert_array_equal(found[-1][2], np.zeros((1, 3)))
    np.testing.assert_array_equal(run.state, states[-1])


@pytest.mark.parametrize("chunk", [1, 20, 1000])
def test_all_segments_but_the_first_are_multiples(chunk, backend):
    found = walk_back(backend, chunk=chunk, multiple=8)[2]
    assert all((stop - start) % 8 == 0 for start, stop, _ in found[:-1])


def test_a_state_that_overflows_is_named(backend):
    run = Run(Elman([[1e100]], nonlinearity="identity"), None, 10, [1.0], True)
    program = prepare(run.cell, get_backend(backend))
    with pytest.raises(NonFiniteError, match="state is not finite after step 4, at component 0"):
        list(backward.backward_segments(run, program, None, lambda steps: None, threads=1))
