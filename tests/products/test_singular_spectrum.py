"""Singular values of long products, against mpmath with as many digits as they are apart, and known answers."""

import mpmath
import numpy as np
import pytest

import rnncore
from rnncore import Elman, Linear, MatrixSequence, NonFiniteError, SingularSpectrum, singular_spectrum
from rnncore.backends import get_backend, prepare
from rnncore.graded_product import GradedProduct
from rnncore.runs import Run

from ..contract.examples import KINDS, experiment
from ..contract.layouts import memory_map

EPS = np.finfo(np.float64).eps


def exact_logs_of_power(weight, steps):
    digits = int(60 + steps * np.log10(np.linalg.cond(weight)))
    with mpmath.workdps(digits):
        values = mpmath.svd_r(mpmath.matrix(weight.tolist()) ** steps, compute_uv=False)
        return np.array([float(mpmath.log(value)) for value in values])


def bound(steps, size):
    """A step rounds n products in each entry of A Q and of R; what a singular value's log loses adds up like a sum."""
    return 16 * size * EPS * max(steps, 10)


NORMAL = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0]
MATRICES = {
    "random": np.random.default_rng(1).normal(size=(4, 4)),
    "contracting": 0.1 * np.random.default_rng(2).normal(size=(3, 3)),
    "ascending": np.array([[0.1, 1.0], [0.0, 10.0]]),
    "descending": np.array([[10.0, 1.0], [0.0, 0.1]]),
    "lower": np.array([[0.1, 0.0], [1.0, 10.0]]),
    "parabolic": np.array([[1.0, 1.0], [0.0, 1.0]]),
    "turned by 90 degrees": np.array([[0.0, 2.0], [-0.5, 0.0]]),
    "sheared rotation": np.array([[1, 5.0], [0, 1]])
    @ np.array([[0.6, 0.8], [-0.8, 0.6]])
    @ np.array([[1, -5.0], [0, 1]]),
    "diagonal, ascending": np.diag([0.01, 1.0, 100.0]),
}


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("steps", [1, 2, 3, 65, 1500])
def test_powers_of_a_constant_matrix_are_those_of_mpmath(name, steps, backend):
    weight = MATRICES[name]
    got = singular_spectrum(Linear(weight), steps=steps, backend=backend)
    np.testing.assert_allclose(got, exact_logs_of_power(weight, steps), rtol=4 * EPS, atol=bound(steps, len(weight)))


def test_ten_thousand_random_matrices_are_those_of_mpmath(backend):
    """σ₁, σ₁σ₂ and σ₁σ₂σ₃ are the norms of the products of the matrices, of their second compounds, of determinants."""
    matrices = np.random.default_rng(3).normal(size=(10_000, 3, 3))
    got = singular_spectrum(MatrixSequence(matrices), backend=backend)
    with mpmath.workdps(40):
        product, compound, volume = mpmath.eye(3), mpmath.eye(3), mpmath.mpf(0)
        for matrix in matrices:
            factor = mpmath.matrix(matrix.tolist())
            volume += mpmath.log(abs(mpmath.det(factor)))
            product, compound = factor * product, cofactors(factor) * compound
        # Each of the two products has turned into its first singular pair: the others are beyond the digits.
        norms = [mpmath.log(mpmath.mnorm(matrix, "f")) for matrix in (product, compound)]
        want = np.array([float(x) for x in (norms[0], norms[1] - norms[0], volume - norms[1])])
    np.testing.assert_allclose(got, want, rtol=0, atol=bound(10_000, 3))


def cofactors(a):
    """det(a) a⁻ᵀ: the second compound of a 3 × 3 matrix, up to signs and order."""
    return mpmath.matrix(
        [
            [
                a[(i + 1) % 3, (j + 1) % 3] * a[(i + 2) % 3, (j + 2) % 3]
                - a[(i + 1) % 3, (j + 2) % 3] * a[(i + 2) % 3, (j + 1) % 3]
                for j in range(3)
            ]
            for i in range(3)
        ]
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_orthogonal_recurrence_has_only_ones(dtype, backend):
    got = singular_spectrum(Linear(NORMAL.astype(dtype)), steps=3000, backend=backend)
    np.testing.assert_allclose(got, 0, rtol=0, atol=3000 * 16 * np.finfo(dtype).eps)


def test_a_normal_recurrence_has_the_powers_of_its_eigenvalues(backend):
    values = np.array([0.5, -2.0, 1.25, 0.25])
    got = singular_spectrum(Linear(NORMAL @ np.diag(values) @ NORMAL.T), steps=20_000, backend=backend)
    want = 20_000 * np.sort(np.log(np.abs(values)))[::-1]
    np.testing.assert_allclose(got, want, rtol=0, atol=bound(20_000, 4))


def test_many_sizes_over_few_steps_are_lapacks(backend):
    for size in (1, 2, 5, 17, 40):
        matrices = np.random.default_rng(size).normal(size=(3, size, size))
        got = singular_spectrum(MatrixSequence(matrices), backend=backend)
        want = np.linalg.svd(matrices[2] @ matrices[1] @ matrices[0], compute_uv=False)
        # LAPACK's own error is relative to the largest.
        np.testing.assert_allclose(np.exp(got), want, rtol=1e-12, atol=1e-13 * want[0])


def test_directions_are_singular_vectors(backend):
    for name in KINDS:
        case = experiment(name, np.dtype("float64"), size=4, steps=3, batch=2)
        if not case.cell.state_size:
            continue
        run = {"steps": None if case.inputs is not None else 3, "state": case.state, "backend": backend}
        found = singular_spectrum(case.cell, case.inputs, directions=True, **run)
        product = rnncore.jacobian_product(case.cell, case.inputs, **run).to_array()
        values = np.exp(found.log_singular_values)[:, None, :]
        rebuilt = (found.last_directions * values) @ np.swapaxes(found.first_directions, 1, 2)
        np.testing.assert_allclose(rebuilt, product, rtol=0, atol=1e-13 * np.abs(product).max())
        np.testing.assert_allclose(product @ found.first_directions, found.last_directions * values, rtol=0, atol=1e-13)
        plain = singular_spectrum(case.cell, case.inputs, **run)
        np.testing.assert_allclose(np.exp(plain), values[:, 0], rtol=1e-9, atol=1e-300)


def test_directions_of_a_long_run_are_the_eigenvectors_of_a_normal_recurrence(backend):
    cell = Linear(NORMAL @ np.diag([0.5, -2.0, 1.25, 0.25]) @ NORMAL.T)
    found = singular_spectrum(cell, steps=2000, directions=True, backend=backend)
    order = [1, 2, 0, 3]
    for directions in (found.first_directions, found.last_directions):
        np.testing.assert_allclose(np.abs(NORMAL[:, order].T @ directions), np.eye(4), rtol=0, atol=1e-13)


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("name", ["random", "ascending", "lower", "parabolic"])
def test_backward_and_forward_products_have_the_same_singular_values(name, back, backend):
    weight = MATRICES[name]
    run = Run(Linear(weight), None, 130, None, True)
    program = prepare(run.cell, get_backend(backend))
    product = GradedProduct(1, len(weight), np.dtype(np.float64))
    pieces = [(start, min(start + 64, 130)) for start in range(0, 130, 64)]
    for start, stop in reversed(pieces) if back else pieces:
        product.multiply(run, program, start, stop, np.zeros((1, len(weight))), back=back)
    want = exact_logs_of_power(weight, 130)
    np.testing.assert_allclose(product.log_singular_values()[0], want, rtol=0, atol=bound(130, len(weight)))
    logs, right, left = product.singular_vectors()
    once = GradedProduct(1, len(weight), np.dtype(np.float64))
    once.multiply(run, program, 0, 1, np.zeros((1, len(weight))), back=back)
    np.testing.assert_allclose(logs[0], want, rtol=0, atol=bound(130, len(weight)))
    for vectors in (right[0], left[0]):
        np.testing.assert_allclose(vectors.T @ vectors, np.eye(len(weight)), rtol=0, atol=1e-13)


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 200])
def test_a_nilpotent_recurrence_dies_one_direction_a_step(steps, backend, dtype):
    shift = np.diag(np.ones(3), 1)
    for weight in (shift, shift.T, np.fliplr(np.flipud(shift))):
        got = singular_spectrum(Linear(weight.astype(dtype)), steps=steps, backend=backend)
        left = max(0, 4 - steps)
        np.testing.assert_allclose(got[:left], 0, rtol=0, atol=8 * np.finfo(dtype).eps)
        np.testing.assert_array_equal(got[left:], -np.inf)


@pytest.mark.parametrize("steps", [1, 10, 500])
def test_a_singular_recurrence_keeps_what_it_does_not_annihilate(steps, backend):
    weight = NORMAL[:, :2] @ np.diag([1.5, 0.5]) @ NORMAL[:, :2].T
    got = singular_spectrum(Linear(weight), steps=steps, backend=backend)
    np.testing.assert_allclose(got[:2], steps * np.log([1.5, 0.5]), rtol=0, atol=bound(steps, 4))
    # The matrix itself has been rounded: one step may leave some eps.
    assert np.all(got[2:] < -34)
    found = singular_spectrum(Linear(np.diag([0.0, 2.0, 0.0])), steps=steps, directions=True, backend=backend)
    np.testing.assert_allclose(found.log_singular_values, [steps * np.log(2), -np.inf, -np.inf], rtol=4 * EPS)
    np.testing.assert_array_equal(np.abs(found.last_directions), np.eye(3)[:, [1, 0, 0]] * [1, 0, 0])


def test_dead_units_of_relu_are_annihilated(backend):
    # The second unit's drive is negative at every step, the third's sits at the kink.
    cell = Elman(np.diag([2.0, 3.0, 5.0]), bias_ih=[1.0, -1.0, 0.0], nonlinearity="relu")
    got = singular_spectrum(cell, steps=300, state=[0.0, 0.0, 0.0], backend=backend)
    np.testing.assert_allclose(got, [300 * np.log(2), -np.inf, -np.inf], rtol=4 * EPS)


def test_float32_is_as_accurate_as_float32(backend):
    weight = MATRICES["random"].astype(np.float32)
    got = singular_spectrum(Linear(weight), steps=1500, backend=backend)
    want = exact_logs_of_power(weight.astype(np.float64), 1500)
    np.testing.assert_allclose(got, want, rtol=0, atol=1500 * 16 * np.finfo(np.float32).eps)


@pytest.mark.parametrize("name", ["elman-tanh", "chain-deep", "matrix-sequence", "chain-gated"])
@pytest.mark.parametrize("batch", [None, 3])
def test_chunks_and_threads_change_no_bit(name, batch, backend, dtype):
    case = experiment(name, dtype, size=5, steps=200, batch=batch)
    run = {"steps": None if case.inputs is not None else 200, "state": case.state, "backend": backend}
    want = singular_spectrum(case.cell, case.inputs, **run)
    assert want.shape == (*((batch,) if batch else ()), case.cell.state_size) and want.dtype == np.float64
    for chunk, threads in ((1, 2), (70, 1)):
        got = singular_spectrum(case.cell, case.inputs, chunk=chunk, threads=threads, **run)
        np.testing.assert_array_equal(got, want)


def test_sequences_of_a_batch_are_what_they_are_alone(backend):
    case = experiment("elman-tanh", np.dtype("float64"), size=4, steps=300, batch=3)
    together = singular_spectrum(case.cell, case.inputs, state=case.state, backend=backend)
    for index in range(3):
        alone = singular_spectrum(case.cell, case.inputs[:, index], state=case.state[index], backend=backend)
        np.testing.assert_allclose(together[index], alone, rtol=0, atol=bound(300, 4))


def test_nothing_multiplied_is_the_identity(backend):
    np.testing.assert_array_equal(singular_spectrum(Linear(np.eye(3)), steps=0, backend=backend), np.zeros(3))


def test_the_first_k_are_the_first_of_all(backend):
    cell = Linear(MATRICES["random"])
    whole = singular_spectrum(cell, steps=50, backend=backend)
    np.testing.assert_array_equal(singular_spectrum(cell, steps=50, k=2, backend=backend), whole[:2])
    found = singular_spectrum(cell, steps=50, k=2, directions=True, backend=backend)
    assert found.first_directions.shape == found.last_directions.shape == (4, 2)


def test_matrices_may_be_a_memory_map(backend):
    matrices = np.random.default_rng(0).normal(size=(200, 3, 3))
    got, want = (singular_spectrum(MatrixSequence(m), backend=backend) for m in (memory_map(matrices), matrices))
    np.testing.assert_array_equal(got, want)


def test_it_says_what_it_is_and_draws():
    import matplotlib

    matplotlib.use("Agg")
    found = singular_spectrum(Linear(np.diag([1.0, 0.0])), steps=3, directions=True)
    assert repr(found) == "SingularSpectrum(3 steps, log_singular_values=[  0., -inf])"
    assert isinstance(found, SingularSpectrum) and set(found.to_dict()) >= {"log_singular_values", "steps"}
    assert found.plot().get_ylabel() == "natural log"


def test_an_overflow_is_named_and_the_rest_kept(backend):
    with pytest.raises(NonFiniteError, match="state is not finite after step 103, at component 0") as caught:
        singular_spectrum(Linear([[1000.0]]), steps=200, state=[1.0], backend=backend)
    np.testing.assert_allclose(caught.value.partial, 64 * np.log(1000), rtol=1e-14)


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"k": 0}, ValueError, "k must be at least 1"),
        ({"k": 3}, ValueError, "k must be at most the state size, 2, got 3"),
        ({"k": 1.0}, TypeError, "k must be an integer"),
        ({"directions": 1}, TypeError, "directions must be True or False"),
        ({"steps": None}, ValueError, "steps is missing"),
        ({"state": [np.nan, 0]}, ValueError, "state must be finite"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        singular_spectrum(Linear(np.eye(2)), **{"steps": 3, **arguments})
