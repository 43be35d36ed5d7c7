"""What a spectrum does not depend on, where it ends, and what goes wrong."""

import numpy as np
import pytest

from rnncore import Dense, Elman, Linear, MatrixSequence, NonFiniteError, lyapunov_spectrum
from rnncore.lyapunov import growth, reorthonormalisation
from rnncore.lyapunov.spectrum import entropy_rate, kaplan_yorke_dimension

from ..contract.examples import experiment


def same(one, other):
    np.testing.assert_array_equal(one.exponents, other.exponents)
    np.testing.assert_array_equal(one.standard_errors, other.standard_errors)
    np.testing.assert_array_equal(one.history.exponents, other.history.exponents)
    assert (one.qr_interval, one.steps) == (other.qr_interval, other.steps)


@pytest.mark.parametrize("options", [{}, {"qr_interval": 5, "k": 2}, {"burn_in": 0, "k": 1}, {"burn_in": 77}])
@pytest.mark.parametrize("name", ["elman-tanh", "chain-deep", "matrix-sequence", "chain-gated", "diagonal-complex"])
def test_chunks_and_threads_change_no_bit(name, options, backend, dtype):
    case = experiment(name, dtype, size=4, steps=300, batch=2)
    run = {"inputs": case.inputs, "steps": case.steps, "state": case.state, "backend": backend, **options}
    whole = lyapunov_spectrum(case.cell, **run, threads=1)
    for chunk in (1, 100, 10**6):
        same(lyapunov_spectrum(case.cell, **run, chunk=chunk, threads=3), whole)


def test_a_round_that_is_walked_again_leaves_no_trace(backend, rng):
    # The rates change by a factor of ten now and then, so that intervals found before are far too long.
    scale = np.where(np.arange(3000) % 700 < 600, 1.0, 10.0)[:, None, None]
    matrices = np.exp(scale * np.array([0.1, -0.2, -0.4])[:, None]) * (np.eye(3) + 0.05 * rng.normal(size=(3000, 3, 3)))
    cell = MatrixSequence(matrices)
    one, two = (lyapunov_spectrum(cell, backend=backend, chunk=chunk) for chunk in (64, 900))
    same(one, two)
    fine = lyapunov_spectrum(cell, backend=backend, qr_interval=1)
    # Intervals change rounding alone, by eps e^12.
    np.testing.assert_allclose(one.exponents, fine.exponents, atol=1e-9)


def test_a_batch_is_its_sequences(backend, dtype):
    case = experiment("elman-tanh", dtype, size=5, steps=400, batch=3)
    options = {"qr_interval": 2, "backend": backend}
    batch = lyapunov_spectrum(case.cell, case.inputs, state=case.state, **options)
    assert batch.exponents.shape == batch.standard_errors.shape == (3, 5)
    assert batch.history.exponents.shape[1:] == (3, 5)
    for index in range(3):
        single = lyapunov_spectrum(case.cell, case.inputs[:, index], state=case.state[index], **options)
        assert single.exponents.shape == (5,)
        # A contracting run: what is rounded differently does not grow, but the last direction holds eps e^gap.
        np.testing.assert_allclose(batch.exponents[index], single.exponents, atol=2e3 * np.finfo(dtype).eps)
        assert batch.kaplan_yorke_dimension[index] == single.kaplan_yorke_dimension == 0
        assert batch.entropy_rate[index] == single.entropy_rate == 0


def test_first_exponents_are_those_of_all(backend):
    case = experiment("elman-tanh", np.dtype("f8"), size=6, steps=600)
    run = {"inputs": case.inputs, "state": case.state, "backend": backend, "qr_interval": 1}
    full = lyapunov_spectrum(case.cell, **run)
    one = lyapunov_spectrum(case.cell, **run, k=1)
    # The first direction knows nothing of the later ones; what is left of its start fades as 1/T.
    assert one.exponents[0] == pytest.approx(full.exponents[0], abs=3 / 540)
    assert one.kaplan_yorke_dimension == 0


def test_another_seed_gives_the_same_spectrum(backend):
    case = experiment("elman-tanh", np.dtype("f8"), size=6, steps=2000)
    run = {"inputs": case.inputs, "state": case.state, "backend": backend}
    one, two = (lyapunov_spectrum(case.cell, **run, seed=seed) for seed in (0, 1))
    # What is left of the start is bounded, so it fades as 1/T.
    np.testing.assert_allclose(one.exponents, two.exponents, atol=5 / 1800)


def test_a_tolerance_ends_the_run(backend, rng):
    cell = MatrixSequence(rng.normal(size=(20_000, 2, 2)))
    found = lyapunov_spectrum(cell, burn_in=100, tolerance=0.02, backend=backend)
    assert 100 < found.steps < 20_000
    assert np.all(found.standard_errors < 0.02)
    same(lyapunov_spectrum(cell, burn_in=100, tolerance=0.02, backend=backend, chunk=64), found)
    assert lyapunov_spectrum(cell, burn_in=100, tolerance=1e-9, backend=backend).steps == 20_000


def test_joined_windows_keep_their_sums(monkeypatch, rng):
    monkeypatch.setattr(growth, "_MOST_WINDOWS", 8)
    rows = rng.normal(size=(101, 2, 3))
    windows = growth.GrowthWindows(64, 2, 3)
    for part in np.split(rows, [1, 2, 3, 40, 41]):
        windows.add(part)
    windows.add(rows[:0], rest=np.full((2, 3), 0.25))
    assert (windows.length, len(windows.sums)) == (64 * 16, 6)
    np.testing.assert_allclose(windows.sums, rows[:96].reshape(6, 16, 2, 3).sum(axis=1))
    np.testing.assert_allclose(windows.total(), rows.sum(axis=0) + 0.25)
    again = growth.GrowthWindows.from_arrays(**windows.to_arrays())
    for one in (windows, again):
        one.add(rows[:27])
    np.testing.assert_array_equal(again.sums, windows.sums)
    np.testing.assert_array_equal(again.total(), windows.total())


@pytest.mark.parametrize("interval", [None, 1, 3, 64, 100, 1000])
@pytest.mark.parametrize("steps, burn_in", [(1, 0), (5, 4), (100, 10), (10_000, 1000), (300_000, 12_345)])
def test_rounds_cover_the_run_in_whole_windows(interval, steps, burn_in):
    window = reorthonormalisation.window_length(interval, steps - burn_in)
    assert window % (interval or 1) == 0
    edges = [0]
    while edges[-1] < steps:
        edges.append(reorthonormalisation.round_end(edges[-1], burn_in, steps, window))
        assert edges[-1] > edges[-2]
    assert burn_in in edges and edges[-1] == steps
    assert all((edge - burn_in) % window == 0 for edge in edges[1:-1])


@pytest.mark.parametrize(
    "exponents, size, dimension, rate",
    [
        ([0.9, 0.0, -14.57], 3, 2 + 0.9 / 14.57, 0.9),  # the Lorenz system
        ([-1.0, -2.0], 2, 0.0, 0.0),
        ([0.5, -0.25], 2, 2.0, 0.5),
        ([0.5, -np.inf], 2, 1.0, 0.5),
        ([0.5, -0.25], 9, np.nan, 0.5),
        ([0.5, 0.25], 9, np.nan, np.nan),
        ([0.5, -1.0], 9, 1.5, 0.5),
    ],
)
def test_dimension_and_entropy_rate(exponents, size, dimension, rate):
    exponents = np.array(exponents)
    np.testing.assert_allclose(kaplan_yorke_dimension(exponents, size, 0.0), dimension)
    np.testing.assert_allclose(entropy_rate(exponents, size), rate)


def test_too_few_exponents_leave_the_dimension_open(backend):
    found = lyapunov_spectrum(Linear(np.diag([3.0, 2.0, 0.1])), steps=300, k=2, burn_in=200, backend=backend)
    assert found.kaplan_yorke_dimension is None and found.entropy_rate is None
    assert "0.3" in repr(lyapunov_spectrum(Linear([[np.exp(0.3)]]), steps=50, backend=backend))


def test_a_run_that_overflows_keeps_what_was_found(backend):
    cell = Linear(np.diag([2.0, 0.5]))
    with pytest.raises(NonFiniteError, match="state is not finite after step 1024, at component 0") as caught:
        lyapunov_spectrum(cell, steps=5000, state=[1.0, 1.0], burn_in=100, chunk=64, backend=backend)
    partial = caught.value.partial
    assert 960 <= partial.steps <= 1024
    np.testing.assert_allclose(partial.exponents, [np.log(2), -np.log(2)])
    with pytest.raises(NonFiniteError) as caught:
        lyapunov_spectrum(cell, steps=50_000, state=[1.0, 1.0], backend=backend)
    assert caught.value.partial is None
    with pytest.raises(NonFiniteError, match="after step 1,"):
        lyapunov_spectrum(Elman([[1.0]], [[1.0]]), np.full((9, 1), np.nan), check_finite=False, backend=backend)


CELL = Elman(np.eye(2) / 2, np.ones((2, 3)))


@pytest.mark.parametrize(
    "options, kind, message",
    [
        ({"k": 0}, ValueError, "k must be at least 1"),
        ({"k": 3}, ValueError, "k must be at most the state size, 2, got 3"),
        ({"k": 1.5}, TypeError, "k must be an integer"),
        ({"burn_in": 10}, ValueError, "burn_in must be less than the 10 steps"),
        ({"burn_in": -1}, ValueError, "burn_in must be at least 0"),
        ({"burn_in": "none"}, ValueError, 'burn_in must be "auto"'),
        ({"qr_interval": 0}, ValueError, "qr_interval must be at least 1"),
        ({"qr_interval": "never"}, ValueError, 'qr_interval must be "auto"'),
        ({"tolerance": 0}, ValueError, "tolerance must be positive"),
        ({"tolerance": -1e-3}, ValueError, "tolerance must be positive"),
        ({"tolerance": np.nan}, ValueError, "tolerance must be positive"),
        ({"tolerance": 10**400}, ValueError, "tolerance must be positive and finite"),
        ({"tolerance": "small"}, TypeError, "tolerance must be a number"),
        ({"tolerance": np.complex128(1)}, TypeError, "tolerance must be a number"),
        ({"resume": 3.5}, TypeError, "resume must be a path, got 3.5"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
        ({"chunk": 0}, ValueError, "chunk must be at least 1"),
        ({"inputs": np.ones((0, 3))}, ValueError, "steps is 0"),
        ({"inputs": np.ones((5, 0, 3))}, ValueError, "the batch has 0"),
        ({"inputs": np.ones((5, 2))}, ValueError, "last axis of 2"),
        ({"inputs": np.full((5, 3), np.inf)}, ValueError, "inputs must be finite"),
        ({"state": np.ones(3)}, ValueError, "state must have shape"),
    ],
)
def test_wrong_arguments_are_named(options, kind, message):
    with pytest.raises(kind, match=message):
        lyapunov_spectrum(CELL, **{"inputs": np.ones((10, 3)), **options})


def test_a_cell_without_state_is_refused():
    with pytest.raises(ValueError, match="the cell has no state"):
        lyapunov_spectrum(Dense([[1.0]]), np.ones((5, 1)))
