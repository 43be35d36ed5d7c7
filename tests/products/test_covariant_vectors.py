"""Covariant Lyapunov vectors: mapped onto each other by the Jacobians, eigenvectors where the Jacobian is constant."""

import numpy as np
import pytest

from rnncore import (
    Dense,
    Elman,
    Linear,
    MatrixSequence,
    NonFiniteError,
    covariant_lyapunov_vectors,
    jacobian,
    lyapunov_spectrum,
    simulate,
)

from ..contract.examples import experiment

EIGENVALUES = np.array([2.0, -1.25, 0.5, 0.1])
EIGENVECTORS = np.random.default_rng(5).normal(size=(4, 4))
EIGENVECTORS /= np.linalg.norm(EIGENVECTORS, axis=0)
CONSTANT = EIGENVECTORS @ np.diag(EIGENVALUES) @ np.linalg.inv(EIGENVECTORS)


def chaotic(size, seed=0):
    """A random tanh network far in the chaotic regime (Sompolinsky, Crisanti, Sommers 1988)."""
    return Elman(np.random.default_rng(seed).normal(scale=3 / size**0.5, size=(size, size)))


@pytest.mark.parametrize("every", [1, 4])
def test_of_a_constant_jacobian_they_are_its_eigenvectors(every, backend, dtype):
    found = covariant_lyapunov_vectors(Linear(CONSTANT.astype(dtype)), steps=400, every=every, backend=backend)
    tolerance = 64 * np.finfo(dtype).eps * np.linalg.cond(EIGENVECTORS) ** 2
    overlap = np.abs(np.einsum("ij,pij->pj", EIGENVECTORS, found.vectors))
    np.testing.assert_allclose(overlap, 1, rtol=0, atol=tolerance)
    np.testing.assert_allclose(found.exponents, np.log(np.abs(EIGENVALUES)), rtol=0, atol=tolerance)
    np.testing.assert_allclose(found.growth, every * np.log(np.abs(EIGENVALUES)) + 0 * found.growth, atol=4 * tolerance)
    want = np.arccos(np.abs(EIGENVECTORS[:, 0] @ EIGENVECTORS[:, 2]))
    np.testing.assert_allclose(found.angles(0, 2), want, rtol=0, atol=4 * tolerance)


@pytest.mark.parametrize("batch", [None, 2])
def test_each_step_maps_them_onto_each_other(batch, backend):
    cell, lead = chaotic(5), () if batch is None else (batch,)
    state = np.random.default_rng(1).normal(size=(*lead, 5))
    found = covariant_lyapunov_vectors(cell, steps=1200, state=state, burn_in=400, backend=backend)
    states = simulate(cell, steps=1200, state=state, keep="states", backend=backend).states
    assert found.vectors.shape == (401, *lead, 5, 5)
    for row in range(0, 400, 37):
        matrix = jacobian(cell, states[found.steps[row] - 1], backend=backend)
        mapped = matrix @ found.vectors[row]
        norms = np.linalg.norm(mapped, axis=-2)
        np.testing.assert_allclose(np.log(norms), found.growth[row + 1], rtol=0, atol=1e-10)
        parallel = np.abs(np.sum(mapped / norms[..., None, :] * found.vectors[row + 1], axis=-2))
        np.testing.assert_allclose(parallel, 1, rtol=0, atol=1e-12)


def test_their_growth_rates_are_the_lyapunov_exponents(backend):
    cell, state = chaotic(6), np.random.default_rng(1).normal(size=6)
    found = covariant_lyapunov_vectors(cell, steps=3000, state=state, burn_in=500, backend=backend)
    spectrum = lyapunov_spectrum(cell, steps=2500, state=state, burn_in=499, qr_interval=1, backend=backend)
    # Both count the same steps; what differs is a vector's place between two frames, a bounded amount of log growth.
    np.testing.assert_allclose(found.exponents, spectrum.exponents, rtol=0, atol=10 / 2000)


def test_the_first_k_are_the_first_of_all(backend):
    cell, state = chaotic(5), np.random.default_rng(1).normal(size=5)
    run = {"steps": 1200, "state": state, "burn_in": 400, "backend": backend}
    whole, first = (covariant_lyapunov_vectors(cell, k=k, **run) for k in (None, 2))
    overlap = np.abs(np.sum(whole.vectors[..., :2] * first.vectors, axis=-2))
    np.testing.assert_allclose(overlap, 1, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", ["elman-tanh", "chain-deep", "lstm-peepholes"])
def test_chunks_and_threads_change_no_bit(name, backend):
    case = experiment(name, np.dtype("float64"), size=3, steps=150, batch=2)
    run = {"state": case.state, "k": 2, "backend": backend}
    want = covariant_lyapunov_vectors(case.cell, case.inputs, **run)
    for chunk, threads in ((1, 2), (40, 1)):
        got = covariant_lyapunov_vectors(case.cell, case.inputs, chunk=chunk, threads=threads, **run)
        np.testing.assert_array_equal(got.vectors, want.vectors)
        np.testing.assert_array_equal(got.growth, want.growth)


def test_every_keeps_some_of_the_steps(backend):
    run = {"steps": 403, "burn_in": 101, "backend": backend}
    whole, some = (covariant_lyapunov_vectors(Linear(CONSTANT), every=every, **run) for every in (1, 10))
    np.testing.assert_array_equal(some.steps, np.arange(110, 303, 10))
    np.testing.assert_array_equal(whole.steps, np.arange(101, 303))
    overlap = np.abs(np.sum(whole.vectors[9::10][:20] * some.vectors, axis=-2))
    np.testing.assert_allclose(overlap, 1, rtol=0, atol=1e-11)


def test_the_burn_in_follows_the_closest_exponents(backend):
    far = covariant_lyapunov_vectors(Linear(np.diag([1.0, 0.1])), steps=1000, backend=backend)
    assert far.burn_in == int(np.ceil(36 / np.log(10)))
    near = covariant_lyapunov_vectors(Linear(np.diag([1.0, 0.99])), steps=1000, backend=backend)
    assert near.burn_in == 250
    sparse = covariant_lyapunov_vectors(Linear(np.diag([1.0, 0.99])), steps=100, every=80, backend=backend)
    assert sparse.burn_in == 20 and sparse.steps.tolist() == [80]


def test_progress_counts_both_ways(backend):
    told = []
    progress = lambda *now: told.append(now)  # noqa: E731
    covariant_lyapunov_vectors(Linear(CONSTANT), steps=300, chunk=50, progress=progress, backend=backend)
    assert told[-1] == (600, 600)


def test_memory_grows_with_the_square_root_of_the_run():
    cell = Linear(CONSTANT)
    least = {}
    for steps in (1000, 100_000):
        with pytest.raises(ValueError, match="memory_limit must be at least") as caught:
            covariant_lyapunov_vectors(cell, steps=steps, memory_limit=1)
        least[steps] = int(str(caught.value).split("at least ")[1].split()[0])
    assert least[100_000] < 12 * least[1000] < 12 * 100_000
    covariant_lyapunov_vectors(cell, steps=1000, memory_limit=least[1000], backend="reference")


def test_annihilated_directions_have_none(backend):
    with pytest.raises(ValueError, match="k must be at most 1: direction 1 is annihilated by step"):
        covariant_lyapunov_vectors(Linear(np.diag([1.0, 0.0])), steps=50, backend=backend)
    found = covariant_lyapunov_vectors(Linear(np.diag([1.0, 0.0])), steps=50, k=1, backend=backend)
    np.testing.assert_allclose(np.abs(found.vectors[0, :, 0]), [1, 0], rtol=0, atol=1e-15)
    with pytest.raises(ValueError, match="every direction is annihilated"):
        covariant_lyapunov_vectors(Linear([[0.0]]), steps=50, backend=backend)


def test_an_overflow_is_named(backend):
    with pytest.raises(NonFiniteError, match="state is not finite after step 4") as caught:
        covariant_lyapunov_vectors(Linear([[1e100]]), steps=9, state=[1.0], backend=backend)
    assert caught.value.partial is None


def test_it_says_what_it_is_and_draws():
    import matplotlib

    matplotlib.use("Agg")
    found = covariant_lyapunov_vectors(MatrixSequence(np.tile(CONSTANT, (100, 1, 1))))
    assert repr(found).startswith("CovariantVectors((51, 4, 4), 51 steps kept, exponents=[")
    assert set(found.to_dict()) == {"vectors", "steps", "growth", "exponents", "every", "burn_in"}
    assert found.plot().get_xlabel() == "degrees"


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"k": 0}, ValueError, "k must be at least 1"),
        ({"k": 5}, ValueError, "k must be at most the state size, 4, got 5"),
        ({"every": 0}, ValueError, "every must be at least 1"),
        ({"every": 101}, ValueError, "every is 101, but the run has only 100 steps"),
        ({"steps": 0}, ValueError, "every is 1, but the run has only 0 steps"),
        ({"burn_in": 51}, ValueError, "burn_in is 51 at either end, which leaves nothing of 100 steps"),
        ({"burn_in": -1}, ValueError, "burn_in must be at least 0"),
        ({"burn_in": "some"}, ValueError, 'burn_in must be "auto" or an integer'),
        ({"seed": None}, TypeError, "seed must be an integer"),
        ({"memory_limit": 0.5}, TypeError, "memory_limit must be an integer"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        covariant_lyapunov_vectors(Linear(CONSTANT), **{"steps": 100, **arguments})


def test_vectors_that_are_not_there_are_named():
    found = covariant_lyapunov_vectors(Linear(CONSTANT), steps=100, k=2)
    with pytest.raises(ValueError, match="second must be less than 2"):
        found.angles(0, 2)
    with pytest.raises(ValueError, match="the cell has no state"):
        covariant_lyapunov_vectors(Dense([[1.0]]), np.ones((3, 1)))
