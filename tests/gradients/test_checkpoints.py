"""Gradients from checkpoints are those of the whole tape, bit for bit, and the schedule walks as few steps again as can
be."""

import re
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnncore import Elman, gradients, record
from rnncore.backends import get_backend, prepare
from rnncore.backpropagation.parameter_sums import bytes_of_sums
from rnncore.backpropagation.schedule import Needs, advances, first_part, least_bytes, make_plan
from rnncore.backpropagation.walk import needs_of
from rnncore.runs import Run

from ..contract.examples import KINDS, experiment

searched = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def everything(found):
    parts = [array if isinstance(array, np.ndarray) else array.data for array in found.parameters.values()]
    return [*parts, found.state] + ([] if found.inputs is None else [found.inputs])


def same(got, want):
    for one, other in zip(everything(got), everything(want), strict=True):
        np.testing.assert_array_equal(one, other, strict=True)


def least_limit(call):
    with pytest.raises(ValueError, match=r"memory_limit must be at least \d+ bytes .* got 1$") as refused:
        call(1)
    return int(re.search(r"\d+", str(refused.value))[0])


def draw(case, seed=1):
    lead = case.state.shape[:-1]
    return np.random.default_rng(seed).normal(size=(case.steps, *lead, case.cell.output_size))


@searched
@given(
    name=st.sampled_from(KINDS),
    steps=st.integers(1, 2500),
    batch=st.none() | st.integers(1, 4),
    share=st.floats(0, 1),
    chunk=st.none() | st.integers(1, 2000),
    threads=st.integers(1, 3),
    truncation=st.none() | st.integers(1, 600),
    at=st.sampled_from(["all", "last"]),
)
def test_a_memory_limit_changes_no_bit(backend, dtype, name, steps, batch, share, chunk, threads, truncation, at):
    case = experiment(name, dtype, size=3, steps=steps, batch=batch)
    cotangent = draw(case) if at == "all" else draw(case)[-1]

    def call(limit=None, **options):
        return gradients(
            case.cell, case.inputs, cotangent, steps=case.steps, state=case.state, at=at, truncation=truncation,
            memory_limit=limit, backend=backend, **options,
        )  # fmt: skip

    want = call(threads=1)
    assert want.recomputed_steps == 0
    least = least_limit(call)
    limit = round(least * (max(want.peak_bytes, least) / least) ** share)
    got = call(limit, chunk=chunk, threads=threads)
    same(got, want)
    assert got.peak_bytes <= limit


def test_the_recorded_run_keeps_within_its_limit_too(backend):
    case = experiment("lstm", np.dtype("float32"), size=4, steps=1500)
    options = {"steps": None, "state": case.state, "backend": backend}
    one, other = draw(case, 1), draw(case, 2)
    want = [gradients(case.cell, case.inputs, cotangent, **options) for cotangent in (one, other)]
    least = least_limit(lambda limit: record(case.cell, case.inputs, memory_limit=limit, **options))
    for limit in (least, 2 * least, 4 * least, want[0].peak_bytes):
        recording = record(case.cell, case.inputs, memory_limit=limit, **options)
        for cotangent, gradient in ((one, want[0]), (other, want[1]), (one, want[0])):
            got = recording.gradients(cotangent)
            same(got, gradient)
            assert got.peak_bytes <= limit
            assert got.recomputed_steps > 0 or limit >= want[0].peak_bytes


@pytest.mark.parametrize("keep", ["outputs", "last"])
def test_outputs_of_a_recording_are_those_of_the_run(keep, backend, dtype):
    for name in ("elman-tanh", "chain-readout", "gru"):
        for batch in (None, 3):
            case = experiment(name, dtype, steps=1103, batch=batch)
            want = case.run(backend, keep=keep)
            options = {"state": case.state, "keep": keep, "backend": backend}
            least = least_limit(lambda limit: record(case.cell, case.inputs, memory_limit=limit, **options))  # noqa: B023
            for limit in (None, least):
                got = record(case.cell, case.inputs, memory_limit=limit, **options).trajectory
                np.testing.assert_array_equal(got.outputs, want.outputs, strict=True)
                np.testing.assert_array_equal(got.final_state, want.final_state, strict=True)
                assert (got.steps, got.backend) == (want.steps, want.backend)


def test_states_in_a_file_change_no_bit_and_leave_no_file(backend, tmp_path):
    case = experiment("lstm", np.dtype("float64"), size=4, steps=3000, batch=2)
    options = {"state": case.state, "backend": backend}
    want = gradients(case.cell, case.inputs, draw(case), **options)
    seen = []
    options |= {"checkpoint_path": tmp_path / "states", "progress": lambda *done: seen.append(list(tmp_path.iterdir()))}
    least = least_limit(lambda limit: gradients(case.cell, case.inputs, draw(case), memory_limit=limit, **options))
    got = gradients(case.cell, case.inputs, draw(case), memory_limit=least, **options)
    same(got, want)
    # All units but the last, of 256 steps at most, are walked again, once.
    assert 3000 - 256 <= got.recomputed_steps < 3000
    assert not any(seen) and not list(tmp_path.iterdir())
    # As long as the tape fits nothing is written anywhere.
    gradients(case.cell, case.inputs, draw(case), checkpoint_path=tmp_path / "no" / "folder", backend=backend)


@cache
def fewest(units, slots):
    """By trying every first part: the definition of what the schedule promises."""
    if units == 1:
        return 0
    if slots == 0:
        return np.inf
    return min(ahead + fewest(units - ahead, slots - 1) + fewest(ahead, slots) for ahead in range(1, units))


def test_no_schedule_walks_fewer_steps_again():
    for units in range(1, 40):
        for slots in range(1, 9):
            assert advances(units, slots) == fewest(units, slots)
            if units > 1:
                ahead = first_part(units, slots)
                assert ahead + fewest(units - ahead, slots - 1) + fewest(ahead, slots) == fewest(units, slots)


def test_steps_are_walked_again_as_often_as_planned(backend):
    case = experiment("elman-tanh", np.dtype("float64"), size=4, steps=9000)
    run = Run(case.cell, case.inputs, None, case.state, True)
    needs = needs_of(
        run, prepare(case.cell, get_backend(backend)), bytes_of_sums(case.cell, list(case.cell.parameters))
    )
    least = least_bytes(run.steps, needs)
    recomputed = []
    for limit in np.geomspace(least, 40 * least, 9).astype(int):
        told = []
        found = gradients(
            case.cell, case.inputs, draw(case), state=case.state, memory_limit=int(limit), backend=backend,
            progress=lambda done, total, told=told: told.append((done, total)),
        )  # fmt: skip
        assert found.recomputed_steps == make_plan(run.steps, needs, int(limit)).recomputed_steps
        assert told[-1] == (2 * 9000 + found.recomputed_steps,) * 2
        recomputed.append(found.recomputed_steps)
    assert recomputed == sorted(recomputed, reverse=True) and recomputed[0] > 9000 and recomputed[-1] < 9000


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("in_file", [False, True])
def test_what_is_least_can_be_had(kept, in_file):
    for needs in (Needs(1000, 400, 500, 300), Needs(0, 0, 8, 0), Needs(10**6, 10**7, 10**7, 10**6), Needs(0, 1, 1, 1)):
        for steps in (0, 1, 255, 256, 257, 10**4, 10**7, 10**9):
            least = least_bytes(steps, needs, in_file=in_file, kept=kept)
            plan = make_plan(steps, needs, least, in_file=in_file, kept=kept)
            assert plan.unit * plan.units >= steps and (plan.unit % 256 == 0 or plan.units == 1)
            assert plan.recomputed_steps <= 4 * steps
            with pytest.raises(ValueError, match=f"at least {least} bytes"):
                make_plan(steps, needs, least - 1, in_file=in_file, kept=kept)


def test_ten_million_steps_of_64_units_are_walked_twice_with_little_memory():
    # Two levels: 2 √(T · state · tape) bytes and what a walk takes anyway.
    needs = Needs(fixed=10**6, state=256, tape=600, work=512)
    assert make_plan(10**7, needs, 5 * 10**6).recomputed_steps <= 10**7
    assert make_plan(10**7, needs, 500 * 10**6).recomputed_steps < 0.93 * 10**7


def test_the_default_limit_keeps_the_whole_tape_of_what_is_small(backend):
    found = gradients(Elman(np.eye(3)), None, np.ones((5000, 3)), steps=5000, backend=backend)
    assert found.recomputed_steps == 0
    # The states alone are 120 kB.
    assert 120_000 < found.peak_bytes < 1_000_000
