"""Where no sum rounds, a scan gives the numbers of the sequential walk: all of them, however it is asked."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnncore import simulate

from .examples import EXAMPLES, experiment

STEPS = 601  # blocks of all sizes, and a rest
every_example = pytest.mark.parametrize("build", EXAMPLES, ids=lambda build: build.__name__)


def assert_the_same(got, want):
    assert np.abs(want.final_state).max(initial=0) < 2**24
    np.testing.assert_array_equal(got.final_state, want.final_state, strict=True)
    for name in ("outputs", "states"):
        found, expected = getattr(got, name), getattr(want, name)
        assert (found is None) == (expected is None)
        if expected is not None:
            np.testing.assert_array_equal(found, expected, strict=True)


@every_example
@pytest.mark.parametrize("batch", [None, 0, 1, 3, 8, 9])
def test_it_equals_the_sequential_walk(build, batch, backend, dtype):
    cell, run = experiment(build, dtype, steps=STEPS, batch=batch)
    want = simulate(cell, **run, keep="states", backend=backend)
    assert_the_same(simulate(cell, **run, keep="states", backend=backend, scan="associative"), want)


@every_example
@pytest.mark.parametrize("keep", ["outputs", "last", 1, 2, 7, 200, STEPS, STEPS + 1, 2**62])
def test_whatever_is_kept(build, keep, backend, dtype):
    cell, run = experiment(build, dtype, steps=STEPS, batch=2)
    for raise_nonfinite in (False, True):
        options = {"keep": keep, "raise_nonfinite": raise_nonfinite, "backend": backend}
        want = simulate(cell, **run, **options)
        assert_the_same(simulate(cell, **run, **options, scan="associative"), want)


@every_example
@pytest.mark.parametrize("steps", [0, 1, 47, 48, 63, 64, 127, 128, 191, 192, 193, 255, 257])
def test_whatever_is_left_over(build, steps, backend, dtype):
    cell, run = experiment(build, dtype, steps=steps)
    want = simulate(cell, **run, backend=backend)
    assert_the_same(simulate(cell, **run, backend=backend, scan="associative"), want)


@every_example
def test_into_whatever_it_is_written(build, backend, dtype, tmp_path):
    cell, run = experiment(build, dtype, steps=STEPS)
    options = {"backend": backend, "scan": "associative"}
    want = simulate(cell, **run, backend=backend).outputs
    backwards = np.empty(want.shape[::-1], dtype).T[::-1]
    simulate(cell, **run, **options, out=backwards)
    simulate(cell, **run, **options, out=tmp_path / "outputs.npy")
    np.testing.assert_array_equal(backwards, want)
    np.testing.assert_array_equal(np.load(tmp_path / "outputs.npy"), want)


def test_from_a_memory_map(backend, dtype, tmp_path):
    cell, run = experiment(EXAMPLES[0], dtype, steps=STEPS)
    want = simulate(cell, **run, backend=backend)
    np.save(tmp_path / "inputs.npy", np.float64(run["inputs"]))
    run["inputs"] = np.load(tmp_path / "inputs.npy", mmap_mode="r")
    assert_the_same(simulate(cell, **run, backend=backend, scan="associative"), want)


def test_over_several_panels(backend, monkeypatch):
    monkeypatch.setattr("rnncore.scan.program.MOST_PANEL", 256)
    for build in EXAMPLES:
        cell, run = experiment(build, "float64", steps=700)
        for chunk in (None, 1, 300):
            got = simulate(cell, **run, keep=3, chunk=chunk, backend=backend, scan="associative")
            assert_the_same(got, simulate(cell, **run, keep=3, backend=backend))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    build=st.sampled_from(EXAMPLES),
    size=st.integers(1, 20),
    steps=st.integers(0, 700),
    batch=st.sampled_from([None, 1, 2, 5]),
    keep=st.one_of(st.sampled_from(["outputs", "states", "last"]), st.integers(1, 800)),
    seed=st.integers(0, 2**16),
)
def test_for_any_sizes(backend, build, size, steps, batch, keep, seed):
    cell, run = experiment(build, "float64", steps=steps, size=size, batch=batch, seed=seed)
    options = {"keep": keep, "backend": backend}
    assert_the_same(simulate(cell, **run, **options, scan="associative"), simulate(cell, **run, **options))
