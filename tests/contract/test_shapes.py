"""Leading axes follow the inputs: (T, …) for one sequence, (T, B, …) for a batch."""

import numpy as np
import pytest

from rnncore import simulate

from .examples import KINDS, STEPS, experiment

pytestmark = pytest.mark.parametrize("name", KINDS)


@pytest.mark.parametrize("batch", [None, 0, 1, 4])
def test_results_keep_the_leading_axes(name, backend, dtype, batch):
    case = experiment(name, dtype, batch=batch)
    cell, lead = case.cell, () if batch is None else (batch,)
    shapes = {"outputs": (STEPS,), "states": (STEPS,), "last": (), 4: (STEPS // 4,), STEPS + 1: (0,)}
    for keep, time in shapes.items():
        trajectory = case.run(backend, keep=keep)
        assert trajectory.outputs.shape == (*time, *lead, cell.output_size)
        assert trajectory.final_state.shape == (*lead, cell.state_size)
        assert trajectory.steps == STEPS
        assert trajectory.backend == backend
        assert trajectory.outputs.dtype == trajectory.final_state.dtype == dtype
        if keep == "states":
            assert trajectory.states.shape == (STEPS, *lead, cell.state_size)
        else:
            assert trajectory.states is None


@pytest.mark.parametrize("batch", [None, 0, 3])
def test_no_steps_give_an_empty_result_and_the_state_back(name, backend, dtype, batch):
    case = experiment(name, dtype, batch=batch)
    lead = () if batch is None else (batch,)
    for keep in ("outputs", "states", 3):
        trajectory = case.run(backend, stop=0, keep=keep)
        assert trajectory.outputs.shape == (0, *lead, case.cell.output_size)
        np.testing.assert_array_equal(trajectory.final_state, case.state, strict=True)
    trajectory = case.run(backend, stop=0, keep="last")
    assert trajectory.outputs is None and trajectory.steps == 0


def test_a_single_sequence_is_a_batch_of_one_without_the_axis(name, backend, dtype):
    case = experiment(name, dtype)
    single = case.run(backend, keep="states")
    inputs = None if case.inputs is None else case.inputs[:, None]
    batch = case.run(backend, inputs=inputs, state=case.state[None], keep="states")
    np.testing.assert_array_equal(single.outputs, batch.outputs[:, 0], strict=True)
    np.testing.assert_array_equal(single.states, batch.states[:, 0], strict=True)
    np.testing.assert_array_equal(single.final_state, batch.final_state[0], strict=True)


def test_one_series_from_a_batch_of_states_runs_from_each_of_them(name, backend, dtype):
    case = experiment(name, dtype, batch=5)
    if case.inputs is None:
        series, repeated = None, None
    else:
        series = case.inputs[:, 0]
        repeated = np.repeat(series[:, None], 5, axis=1)
    got = case.run(backend, inputs=series).outputs
    np.testing.assert_array_equal(got, case.run(backend, inputs=repeated).outputs, strict=True)


def test_a_single_state_of_a_batch_of_inputs_must_be_a_batch_too(name, backend, dtype):
    case = experiment(name, dtype, batch=5)
    if case.inputs is not None and case.cell.state_size:
        same = case.run(backend, state=np.zeros((5, case.cell.state_size)))
        default = simulate(case.cell, case.inputs, backend=backend)
        np.testing.assert_array_equal(default.outputs, same.outputs, strict=True)


def test_without_inputs_they_are_zero(name, backend, dtype):
    case = experiment(name, dtype, batch=3)
    autonomous = simulate(case.cell, steps=STEPS, state=case.state, backend=backend).outputs
    if case.inputs is None:
        empty = simulate(case.cell, np.empty((STEPS, 3, 0)), state=case.state, backend=backend).outputs
        np.testing.assert_array_equal(autonomous, empty, strict=True)
    else:
        zero = case.run(backend, inputs=np.zeros_like(case.inputs)).outputs
        np.testing.assert_array_equal(autonomous, zero, strict=True)
