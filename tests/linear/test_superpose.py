"""Sums of responses against runs, recursive filters and mpmath."""

import mpmath
import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import dlsim, dlti, lfilter

from rnncore import Chain, Dense, Diagonal, Elman, GatedDiagonal, Linear, NonFiniteError, simulate, superpose

from .examples import KINDS, jordan, linear

STEPS = 400


@pytest.mark.parametrize("method", ["auto", "direct", "fft"])
@pytest.mark.parametrize("batch", [None, 3])
@pytest.mark.parametrize("name", KINDS)
def test_it_is_the_run(name, batch, method, dtype, rng):
    cell = KINDS[name](rng).astype(dtype)
    lead = () if batch is None else (batch,)
    inputs, state = rng.normal(size=(STEPS, *lead, 2)), rng.normal(size=(*lead, cell.state_size))
    run = simulate(cell, inputs, state=state, backend="reference").outputs
    found = superpose(cell, inputs, state=state, method=method)
    assert found.outputs.shape == run.shape and found.outputs.dtype == dtype
    assert found.method in (("direct", "fft") if method == "auto" else (method,))
    # Errors of a step are carried on by powers of norm about 10 at most that last some 50 steps.
    np.testing.assert_allclose(found.outputs, run, rtol=0, atol=1000 * np.finfo(dtype).eps * np.abs(run).max())
    np.testing.assert_allclose(
        sum(found.parts.values()), found.outputs, rtol=0, atol=10 * np.finfo(dtype).eps * np.abs(run).max()
    )


def test_parts_are_runs_of_their_own(rng):
    cell, inputs, state = linear(rng), rng.normal(size=(STEPS, 2)), rng.normal(size=5)
    found = superpose(cell, inputs, state=state)
    plain = cell.replace(bias=np.zeros(5))
    runs = {
        "inputs": simulate(plain, inputs), "state": simulate(plain, 0 * inputs, state=state),
        "bias": simulate(cell, 0 * inputs),
    }  # fmt: skip
    assert list(found.parts) == list(runs)
    for name, run in runs.items():
        # As above, of sums up to 30.
        np.testing.assert_allclose(found.parts[name], run.outputs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", ["direct", "fft"])
def test_a_scalar_recursion_is_a_recursive_filter(method, rng):
    inputs = rng.normal(size=(30_000, 1))
    found = superpose(Linear([[0.999]], [[2.0]]), inputs[:3000] if method == "direct" else inputs, method=method)
    want = lfilter([2], [1, -0.999], inputs[: found.steps, 0])
    # A thousand steps are remembered, of sums up to 100.
    np.testing.assert_allclose(found.outputs[:, 0], want, rtol=0, atol=1e-11)


def test_it_is_the_simulation_of_scipy(rng):
    cell, inputs, state = linear(rng).replace(bias=np.zeros(5)), rng.normal(size=(STEPS, 2)), rng.normal(size=5)
    transition, drive = cell.parameters["weight_hh"], cell.parameters["weight_ih"]
    system = dlti(transition, drive, transition, drive, dt=1)  # outputs are the states after the step
    want = dlsim(system, inputs, x0=state)[1]
    np.testing.assert_allclose(superpose(cell, inputs, state=state).outputs, want, rtol=0, atol=1e-12)


def test_a_state_alone_is_told_to_full_relative_accuracy():
    found = superpose(Linear(jordan(0.5, 3)), steps=1100, state=[0.0, 0.0, 1.0])
    assert list(found.parts) == ["state"] and found.method is None
    for step in (1, 2, 100, 1000):
        want = [mpmath.binomial(step, 2 - unit) * mpmath.mpf(0.5) ** (step - 2 + unit) for unit in range(3)]
        # All terms are positive: a thousand steps of two roundings, or powers by as many.
        np.testing.assert_allclose(found.outputs[step - 1], [float(one) for one in want], rtol=1e-12)


def test_a_bias_alone_is_a_geometric_series(rng):
    steps = np.arange(1, 3001)
    for cell in (Linear([[0.99]], None, [1.0]), Diagonal([0.99], None, [1.0])):
        want = (1 - 0.99**steps) / 0.01
        # A sum of up to 100, of terms and a factor with a rounding each.
        np.testing.assert_allclose(superpose(cell, steps=3000).outputs[:, 0], want, rtol=1e-13)


def test_lags_within_rounding_of_nothing_are_left_out(rng):
    inputs = rng.normal(size=(5000, 1))
    for matrix in (
        [[0.9]],
        [[0.5, 1e6], [0.0, 0.4]],  # first grows a million-fold
        jordan(0.8, 5),
        scipy.sparse.csr_array(jordan(0.8, 5)),
    ):
        size = np.shape(matrix)[0]
        for cell in (
            Linear(matrix, np.eye(size)[:, -1:]),
            Chain([Linear(matrix, np.eye(size)[:, -1:]), Dense(np.eye(1, size))]),
        ):
            found, run = superpose(cell, inputs, method="direct"), simulate(cell, inputs).outputs
            assert found.lags < 1000
            # Rounding of sums over some hundred lags.
            np.testing.assert_allclose(found.outputs, run, rtol=0, atol=1e-14 * np.abs(run).max())
    assert superpose(Linear(np.eye(1), [[1.0]]), inputs).lags == 5000
    assert superpose(Diagonal([0.5], [[1.0]]), inputs).lags < 60
    assert superpose(Linear(np.eye(3, k=1), np.eye(3)), np.ones((5000, 3))).lags < 70  # nilpotent: blocks of 64 powers


def test_a_response_that_comes_late_is_not_left_out(rng):
    """The first row that is read out is the last one of a delay of 300 steps."""
    delay = Linear(np.eye(300, k=-1), np.eye(300, 1))
    inputs = rng.normal(size=(5000, 1))
    for weight in (1.0, 1e-30):  # nor one that is small beside what is not read out
        found = superpose(Chain([delay, Dense(weight * np.eye(1, 300, 299))]), inputs, method="direct")
        np.testing.assert_allclose(found.outputs[299:, 0], weight * inputs[:-299, 0], rtol=1e-15)
        assert not found.outputs[:299].any()


@pytest.mark.parametrize("factor", [1.05, -1.05, 2.0])
def test_growing_responses_are_added_up_directly_and_lose_no_digit(factor, rng):
    steps = 500
    inputs = rng.normal(size=(steps, 1))
    found = superpose(Linear([[factor]], [[1.0]]), inputs)
    assert found.method == "direct"
    h = mpmath.mpf(0)
    with mpmath.workdps(40):
        for step in range(steps):
            h = factor * h + mpmath.mpf(inputs[step, 0])
            if step in (0, 1, 10, 100, 499):
                scale = sum(abs(factor) ** (step - s) * abs(inputs[s, 0]) for s in range(step + 1))
                # A power and a product for each term, and their sum.
                assert abs(found.outputs[step, 0] - float(h)) <= 2 * steps * np.finfo(float).eps * scale


def test_ill_conditioned_recursions_agree_with_forty_digits(rng):
    """‖W^k‖ first grows to 4e9; the sum is as accurate as its terms."""
    matrix = np.triu(rng.normal(size=(8, 8)), 1) * 20 + np.diag(rng.uniform(-0.8, 0.8, 8))
    drive, inputs, steps = rng.normal(size=(8, 1)), rng.normal(size=(300, 1)), 300
    outputs = superpose(Linear(matrix, drive), inputs).outputs
    with mpmath.workdps(40):
        exact, h = mpmath.matrix(matrix.tolist()), mpmath.zeros(8, 1)
        for step in range(steps):
            h = exact * h + mpmath.matrix(drive.tolist()) * mpmath.mpf(inputs[step, 0])
        want = np.array([float(one) for one in h])
    peak = max(np.linalg.norm(np.linalg.matrix_power(matrix, k), 2) for k in range(40))
    # Each rounding is carried on by powers as large as the peak.
    np.testing.assert_allclose(outputs[-1], want, rtol=0, atol=100 * np.finfo(float).eps * peak * np.abs(want).max())


def test_what_comes_before_the_first_input_does_not_overflow():
    inputs = np.zeros((5000, 1))
    inputs[-3:] = 1
    found = superpose(Linear([[2.0]], [[1.0]]), inputs)
    np.testing.assert_array_equal(found.outputs[-4:, 0], [0, 1, 3, 7])


def test_states_run_side_by_side_under_one_series(rng):
    cell, inputs, states = linear(rng), rng.normal(size=(50, 2)), rng.normal(size=(4, 5))
    found = superpose(cell, inputs, state=states)
    np.testing.assert_allclose(found.outputs, simulate(cell, inputs, state=states).outputs, rtol=0, atol=1e-12)
    assert found.parts["inputs"].shape == (50, 4, 5)


def test_nothing_to_superpose():
    cell = Linear([[0.5]], [[1.0]])
    for found in (superpose(cell, steps=3), superpose(cell, np.zeros((3, 1)))):
        np.testing.assert_array_equal(found.outputs, np.zeros((3, 1)))
        assert found.method is None and found.lags == 0
    assert superpose(cell, np.zeros((0, 1))).outputs.shape == (0, 1)
    assert superpose(cell, np.zeros((5, 0, 1))).outputs.shape == (5, 0, 1)
    assert superpose(Linear([[0.5]]), steps=0, state=[1.0]).outputs.shape == (0, 1)


def test_a_constant_series_and_a_nilpotent_matrix():
    found = superpose(Linear(np.eye(3, k=-1), np.eye(3, 1)), np.full((6, 1), 2.0))
    np.testing.assert_array_equal(found.outputs, 2 * np.tri(6, 3))


def test_operations_are_told(rng):
    cell = Chain([linear(rng, 50, 1), Dense(np.ones((1, 50)))])
    found = superpose(cell, rng.normal(size=(10_000, 1)))
    operations = found.operations
    assert operations["recursion"] == 10_000 * (2 * 50**2 + 2 * 50 + 2 * 50)
    assert operations["responses"] == found.lags * 2 * 50**2
    assert operations["direct"] == 2 * found.lags * (10_000 - found.lags / 2)
    assert operations["fft"] < operations["direct"] and found.method == "fft"
    # Scalar recursions are cheapest step by step.
    operations = superpose(Diagonal([0.99] * 5, np.ones((5, 1))), rng.normal(size=(10_000, 1))).operations
    assert operations["recursion"] < min(operations["fft"], operations["direct"])


def test_progress_counts_every_step(rng):
    told = []
    for method in ("direct", "fft"):
        superpose(
            Linear([[1.0]], [[1.0]]), rng.normal(size=(9000, 1)), method=method,
            progress=lambda done, steps: told.append((done, steps)),
        )  # fmt: skip
        assert told[-1] == (9000, 9000)


numbers = st.floats(-2, 2)


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(numbers, min_size=9, max_size=9),
    first=st.lists(numbers, min_size=20, max_size=20),
    second=st.lists(numbers, min_size=20, max_size=20),
    factor=numbers,
)
def test_superposition_holds_and_runs_agree(values, first, second, factor):
    cell = Linear(np.reshape(values, (3, 3)), [[1.0], [-1.0], [0.5]])
    one, other = (np.reshape(series, (20, 1)) for series in (first, second))
    sums = [superpose(cell, x).outputs for x in (one, other, factor * one + other)]
    # 20 steps of a matrix of row sums up to 6, each with some roundings: in units of what the terms can add up to.
    norm = np.abs(np.reshape(values, (3, 3))).sum(axis=1).max()
    scale = sum(norm**k for k in range(20)) * 6 * 20 * 10 * np.finfo(float).eps
    np.testing.assert_allclose(factor * sums[0] + sums[1], sums[2], rtol=0, atol=scale)
    np.testing.assert_allclose(sums[0], simulate(cell, one).outputs, rtol=0, atol=scale)


def test_overflows_are_named(rng):
    cell = Linear([[2.0]], [[1.0]])
    with pytest.raises(NonFiniteError, match="the output is not finite after step 1025"):
        superpose(cell, np.ones((2000, 1)))
    with pytest.raises(NonFiniteError, match="the output is not finite after step 1024"):
        superpose(cell, steps=2000, state=[1.0])
    with pytest.raises(NonFiniteError, match="after step 128, at component 0 of sequence 1"):
        inputs = np.zeros((128, 2, 1), np.float32)
        inputs[0, 1] = 2
        superpose(cell.astype("f4"), inputs)


@pytest.mark.parametrize(
    "cell, options, kind, message",
    [
        (
            Linear([[0.5]], [[1.0]]),
            {"method": "fast"},
            ValueError,
            "method must be one of auto, direct, fft; got 'fast'",
        ),
        (Linear([[0.5]], [[1.0]]), {"method": None}, ValueError, "method must be one of"),
        (Linear([[0.5]], [[1.0]]), {"inputs": np.full((3, 1), np.nan)}, ValueError, "inputs must be finite"),
        (Linear([[0.5]], [[1.0]]), {"inputs": np.ones(3)}, ValueError, r"inputs must have shape \(T, 1\)"),
        (Linear([[0.5]], [[1.0]]), {"inputs": np.ones((3, 1)), "state": [1, 2]}, ValueError, "state must have shape"),
        (Linear([[0.5]], [[1.0]]), {}, ValueError, "steps is missing"),
        (Elman([[0.5]], [[1.0]]), {"steps": 3}, ValueError, "closed form needs linear layers"),
        (GatedDiagonal([[1.0]], [[1.0]]), {"steps": 3}, ValueError, "the cell is of type GatedDiagonal"),
        ("cell", {"steps": 3}, TypeError, "cell must be a cell"),
    ],
)
def test_wrong_arguments_are_named(cell, options, kind, message):
    with pytest.raises(kind, match=message):
        superpose(cell, **options)
