"""Bits do not depend on how a run is cut, chunked, laid out or shared out, on cells and lengths hypothesis finds."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnncore import simulate

from ..contract.examples import EXAMPLES, STEPS, experiment
from ..contract.layouts import LAYOUTS

# Fixtures only name the backend and the dtype, so it does no harm that they stay the same between examples.
searched = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

names = st.sampled_from(sorted(EXAMPLES))
sizes = st.integers(1, 70)
batches = st.none() | st.integers(0, 20)
steps = st.integers(0, STEPS)
keeps = st.sampled_from(["outputs", "states", "last"]) | st.integers(1, STEPS + 2)


def same(got, want):
    np.testing.assert_array_equal(got, want, strict=True)


@searched
@given(name=names, size=sizes, batch=batches, cuts=st.lists(steps, max_size=5).map(sorted), chunk=st.integers(1, STEPS))
def test_a_run_cut_anywhere_into_any_number_of_parts_is_the_same_run(backend, dtype, name, size, batch, cuts, chunk):
    case = experiment(name, dtype, size=size, batch=batch)
    whole = case.run(backend)
    parts, state = [], case.state
    for start, stop in zip([0, *cuts], [*cuts, STEPS]):
        part = case.run(backend, start, stop, state=state, chunk=chunk)
        parts.append(part.outputs)
        state = part.final_state
    same(np.concatenate(parts), whole.outputs)
    same(state, whole.final_state)


@searched
@given(name=names, size=sizes, batch=batches, keep=keeps, chunk=st.integers(1, STEPS), threads=st.integers(1, 9))
def test_kept_steps_are_those_of_the_whole_run(backend, dtype, name, size, batch, keep, chunk, threads):
    case = experiment(name, dtype, size=size, batch=batch)
    whole = case.run(backend, keep="states")
    kept = case.run(backend, keep=keep, chunk=chunk, threads=threads)
    wanted = {"outputs": slice(None), "states": slice(None), "last": -1}.get(keep)
    same(kept.outputs, whole.outputs[slice(keep - 1, None, keep) if wanted is None else wanted])
    same(kept.final_state, whole.final_state)


@searched
@given(
    name=names,
    batch=st.none() | st.integers(1, 6),
    layout=st.sampled_from(sorted(LAYOUTS)),
    out_step=st.sampled_from([1, 2, -1, -3]),
    chunk=st.integers(1, STEPS),
)
def test_layouts_of_inputs_and_out_change_nothing(backend, dtype, name, batch, layout, out_step, chunk):
    case = experiment(name, dtype, batch=batch)
    want = case.run(backend).outputs
    series = {"steps": STEPS} if case.inputs is None else {"inputs": LAYOUTS[layout](case.inputs)}
    out = np.empty((*want.shape[:-1], abs(out_step) * want.shape[-1]), dtype)[..., ::out_step]
    simulate(case.cell, **series, state=case.state, out=out, chunk=chunk, backend=backend)
    same(np.ascontiguousarray(out), want)
