"""What must not change a result changes not one bit of it."""

import numpy as np
import pytest

from .examples import KINDS, LONG, STEPS, experiment

pytestmark = pytest.mark.parametrize("name", KINDS)


def same(got, want):
    np.testing.assert_array_equal(got, want, strict=True)


@pytest.mark.parametrize("batch", [None, 3])
def test_two_parts_of_a_run_equal_the_whole(name, backend, dtype, batch):
    case = experiment(name, dtype, size=9, batch=batch)
    whole = case.run(backend)
    for cut in range(STEPS + 1):
        first = case.run(backend, stop=cut)
        second = case.run(backend, start=cut, state=first.final_state)
        same(np.concatenate([first.outputs, second.outputs]), whole.outputs)
        same(second.final_state, whole.final_state)


@pytest.mark.parametrize("batch", [None, 5])
def test_the_chunk_length_changes_nothing(name, backend, dtype, batch):
    case = experiment(name, dtype, size=9, batch=batch)
    whole = case.run(backend, keep="states")
    for chunk in (1, 2, 3, 4, 5, 7, 8, 9, 16, STEPS - 1, STEPS, STEPS + 1):
        chunked = case.run(backend, keep="states", chunk=chunk)
        same(chunked.outputs, whole.outputs)
        same(chunked.states, whole.states)
        same(chunked.final_state, whole.final_state)


@pytest.mark.parametrize("batch", [None, 1, 2, 9, 17, 33])
def test_the_number_of_threads_changes_nothing(name, backend, dtype, batch):
    case = experiment(name, dtype, size=17, batch=batch)
    single = case.run(backend, threads=1)
    for threads in (2, 3, 5, 8, 100, None):
        several = case.run(backend, threads=threads)
        same(several.outputs, single.outputs)
        same(several.final_state, single.final_state)


@pytest.mark.parametrize("batch", [None, 37])
def test_a_long_run_gives_the_same_bits_however_it_is_cut_and_shared(name, backend, dtype, batch):
    case = experiment(name, dtype, size=12, batch=batch, steps=LONG)
    whole = case.run(backend, threads=1)
    same(case.run(backend, threads=3, chunk=331).outputs, whole.outputs)
    same(case.run(backend, threads=2, keep=7).outputs, whole.outputs[6::7])
    first = case.run(backend, stop=517)
    second = case.run(backend, start=517, state=first.final_state)
    same(np.concatenate([first.outputs, second.outputs]), whole.outputs)
    same(second.final_state, whole.final_state)


def test_a_large_step_gives_the_same_bits_on_every_number_of_threads(name, backend, dtype):
    case = experiment(name, dtype, size=600, batch=29, steps=4)
    single = case.run(backend, threads=1).outputs
    for threads in (2, 3, None):
        same(case.run(backend, threads=threads).outputs, single)


def test_a_sequence_does_not_depend_on_its_neighbours_values(name, backend, dtype):
    for batch in (2, 9, 17):
        case = experiment(name, dtype, size=9, batch=batch)
        before = case.run(backend).outputs
        for kept in (0, batch // 2, batch - 1):
            others = np.arange(batch) != kept
            state = case.state.copy()
            state[others] = np.nan
            inputs = None if case.inputs is None else case.inputs.copy()
            if inputs is not None:
                inputs[:, others] = np.inf
            after = case.run(backend, inputs=inputs, state=state, check_finite=False).outputs
            same(after[:, kept], before[:, kept])


@pytest.mark.parametrize("batch", [None, 4])
def test_what_is_kept_changes_nothing(name, backend, dtype, batch):
    case = experiment(name, dtype, batch=batch)
    everything = case.run(backend, keep="states")
    outputs = case.run(backend, keep="outputs")
    last = case.run(backend, keep="last")
    same(outputs.outputs, everything.outputs)
    same(last.outputs, everything.outputs[-1])
    same(everything.final_state, everything.states[-1])
    for trajectory in (outputs, last):
        same(trajectory.final_state, everything.final_state)
    for every in (1, 2, 3, STEPS - 1, STEPS, STEPS + 1, 2**62):
        for chunk in (None, 1, 4, 5):
            thinned = case.run(backend, keep=every, chunk=chunk)
            same(thinned.outputs, everything.outputs[every - 1 :: every])
            same(thinned.final_state, everything.final_state)


def test_asking_for_nonfinite_numbers_changes_nothing(name, backend, dtype):
    case = experiment(name, dtype, batch=2)
    same(case.run(backend, raise_nonfinite=True, keep="last").outputs, case.run(backend).outputs[-1])


def test_two_runs_give_the_same_bits_and_leave_their_arguments_alone(name, backend, dtype):
    case = experiment(name, dtype, batch=3)
    before = None if case.inputs is None else case.inputs.copy(), case.state.copy()
    first = case.run(backend)
    second = case.run(backend)
    same(second.outputs, first.outputs)
    assert before[0] is None or np.array_equal(case.inputs, before[0])
    same(case.state, before[1])
    assert not np.shares_memory(first.final_state, case.state)
