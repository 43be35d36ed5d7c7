"""Linear recursions: textbook cases, exact bounds, matrices near the border."""

import mpmath
import numpy as np
import pytest
import scipy.sparse

import rnncore

JORDAN = np.diag(np.full(8, 0.99)) + np.diag(np.ones(7), 1)
TRIPLE = tuple[str, str, str]


def verdicts(cell, **options) -> TRIPLE:
    found = rnncore.stability(cell, **options)
    return found.bounded.verdict, found.incremental.verdict, found.gradients.verdict


@pytest.mark.parametrize(
    ("weight", "expected"),
    [(w, "stable" if abs(w) < 1 else "unstable") for w in (-1.1, -1.0, -0.5, 0.0, 0.3, 1 - 1e-15, 1.0, 1 + 1e-15, 1.1)],
)
def test_scalar_recursions_with_an_input(weight, expected):
    assert verdicts(rnncore.Linear([[weight]], [[1.0]])) == (expected,) * 3
    assert verdicts(rnncore.Diagonal([weight], [[1.0]])) == (expected,) * 3


@pytest.mark.parametrize("weight", [1.0, -1.0])
def test_without_an_input_a_marginal_one_is_bounded_but_forgets_nothing(weight):
    assert verdicts(rnncore.Linear([[weight]])) == ("stable", "unstable", "unstable")
    assert verdicts(rnncore.Diagonal([weight])) == ("stable", "unstable", "unstable")


def test_an_integrator_of_a_bias_is_not_called_stable():
    assert rnncore.stability(rnncore.Linear([[1.0]], bias=[1.0])).verdict != "stable"
    assert rnncore.stability(rnncore.Diagonal([1.0], bias=[1.0])).verdict != "stable"


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        (np.array([[0.0, -1.0], [1.0, 0.0]]), ("stable", "unstable", "unstable")),
        (np.roll(np.eye(5), 1, axis=0), ("stable", "unstable", "unstable")),
        (np.eye(3), ("stable", "unstable", "unstable")),
        (np.array([[1.0, 1.0], [0.0, 1.0]]), ("unstable",) * 3),
        (np.zeros((3, 3)), ("stable",) * 3),
        (np.diag(np.ones(6), 1), ("stable",) * 3),  # nilpotent
        (JORDAN, ("stable",) * 3),
        (np.array([[0.9, 1e6], [0.0, 0.9]]), ("stable",) * 3),
        (np.array([[0.6, -0.8], [0.8, 0.6]]), ("unstable",) * 3),  # of which the rounded entries lie just outside
    ],
    ids=["rotation", "permutation", "identity", "defective", "zero", "nilpotent", "jordan", "non-normal", "3-4-5"],
)
def test_textbook_matrices(matrix, expected):
    assert verdicts(rnncore.Linear(matrix)) == expected


def test_a_rotation_resonates_with_an_input_and_the_witness_shows_it():
    cell = rnncore.Linear([[0.0, -1.0], [1.0, 0.0]], [[1.0], [0.0]])
    found = rnncore.stability(cell)
    assert found.verdict == "unstable"
    states = found.bounded.witness.simulate(cell, 4000).states
    assert np.abs(found.bounded.witness.inputs(4000)).max() <= 1
    # a square wave of size 1 has a part of 4/π at the resonance, half of which adds up: 2/π a step
    assert np.abs(states[-1]).max() > 0.5 * 4000 * 2 / np.pi


def test_a_mode_that_inputs_do_not_reach_stays_bounded():
    assert verdicts(rnncore.Linear(np.diag([1.0, 0.5]), [[0.0], [1.0]])) == ("stable", "unstable", "unstable")


@pytest.mark.parametrize("angle", [0.1, 2.0])
def test_complex_units_by_one_rounding(angle):
    for magnitude in (1 - 1e-15, 1 + 1e-15):
        value = complex(magnitude * np.cos(angle), magnitude * np.sin(angle))
        with mpmath.workdps(50):
            square = mpmath.mpf(value.real) ** 2 + mpmath.mpf(value.imag) ** 2
            expected = "stable" if square < 1 else "unstable"
        cell = rnncore.Diagonal([value], np.ones((1, 1), complex))
        assert verdicts(cell) == (expected,) * 3


def impulse_sum(matrix, drive, steps=4000):
    """Σ ``|W^k W_x|`` in 50 digits."""
    with mpmath.workdps(50):
        power, total = mpmath.matrix(drive.tolist()), mpmath.zeros(len(matrix), 1)
        transition = mpmath.matrix(matrix.tolist())
        for _ in range(steps):
            change = mpmath.matrix([sum(abs(power[i, j]) for j in range(power.cols)) for i in range(power.rows)])
            total += change
            if max(change) < mpmath.mpf("1e-25"):
                break
            power = transition * power
        return np.array([float(entry) for entry in total])


@pytest.mark.parametrize("radius", [0.3, 0.9, 0.99])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_bounds_are_the_l1_norm_of_the_impulse_response(radius, size):
    rng = np.random.default_rng(size)
    matrix = rng.normal(size=(size, size))
    matrix *= radius / np.abs(np.linalg.eigvals(matrix)).max()
    drive = rng.normal(size=(size, 2))
    exact = impulse_sum(matrix, drive).max()
    found = rnncore.stability(rnncore.Linear(matrix, drive)).bound
    assert exact * (1 - 1e-12) <= found <= exact * (1 + 1e-4)  # a tail of 1e-6 is bounded, not summed up


def test_the_worst_input_comes_as_near_to_the_bound_as_the_tail_allows():
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(6, 6))
    matrix *= 0.95 / np.abs(np.linalg.eigvals(matrix)).max()
    cell = rnncore.Linear(matrix, rng.normal(size=(6, 2)), rng.normal(size=6))
    found = rnncore.stability(cell, input_bound=0.5)
    steps = 600
    responses = rnncore.impulse_response(rnncore.Linear(matrix, cell.parameters["weight_ih"]), steps)
    largest = 0.0
    for unit in range(6):
        for sign in (-1, 1):
            inputs = 0.5 * sign * np.sign(responses[::-1, unit])
            largest = max(largest, np.abs(rnncore.simulate(cell, inputs).outputs).max())
    assert largest <= found.bound * (1 + 1e-9)  # the run rounds
    assert largest >= 0.9 * found.bound  # but for what the bias and the input do at different times


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_diagonal_bounds(dtype):
    cell = rnncore.Diagonal(np.array([0.5, -0.75], dtype), np.ones((2, 1), dtype), np.array([1.0, 0.0], dtype))
    found = rnncore.stability(cell)
    # Σ |λ|^k + b / (1 - λ): 2 + 2 and 4
    assert found.bound == pytest.approx(4.0, rel=1e-9) and found.bound >= 4.0
    assert found.bounds_of_parts == {"h": found.bound}


@pytest.mark.parametrize("distance", [1e-3, 1e-6, 1e-9, 1e-12])
@pytest.mark.parametrize("size", [2, 6, 10])
def test_matrices_near_the_border_against_eigenvalues_in_60_digits(distance, size):
    rng = np.random.default_rng(size)
    for side in (-1, 1):
        matrix = rng.normal(size=(size, size))
        matrix *= (1 + side * distance) / np.abs(np.linalg.eigvals(matrix)).max()
        with mpmath.workdps(60):
            eigenvalues = mpmath.eig(mpmath.matrix(matrix.tolist()), left=False, right=False)
            expected = "stable" if max(map(abs, eigenvalues)) < 1 else "unstable"
        assert verdicts(rnncore.Linear(matrix)) == (expected,) * 3


def test_a_growing_direction_is_shown_by_its_witness():
    rng = np.random.default_rng(4)
    matrix = rng.normal(size=(30, 30))
    matrix *= 1.02 / np.abs(np.linalg.eigvals(matrix)).max()
    cell = rnncore.Linear(matrix, rng.normal(size=(30, 3)))
    states = rnncore.stability(cell).incremental.witness.simulate(cell, 1500).states
    assert np.abs(states[-1, 0] - states[-1, 1]).max() > 1e6


def test_sparse_leaky_and_single_precision_layers():
    rng = np.random.default_rng(5)
    dense = rng.normal(size=(40, 40)) * (rng.random((40, 40)) < 0.1)
    dense *= 0.9 / np.abs(np.linalg.eigvals(dense)).max()
    sparse = rnncore.stability(rnncore.Linear(scipy.sparse.csr_array(dense), np.ones((40, 1))))
    full = rnncore.stability(rnncore.Linear(dense, np.ones((40, 1))))
    assert sparse.verdict == full.verdict == "stable" and sparse.bound == pytest.approx(full.bound, rel=1e-3)
    leaky = rnncore.Elman(dense * 3, np.ones((40, 1)), nonlinearity="identity", leak=0.1)
    radius = np.abs(np.linalg.eigvals(0.9 * np.eye(40) + 0.3 * dense)).max()
    assert verdicts(leaky) == ("stable" if radius < 1 else "unstable",) * 3
    assert verdicts(rnncore.Linear((dense * 1.5).astype(np.float32))) == ("unstable",) * 3
