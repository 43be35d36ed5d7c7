"""Verdicts and bounds of linear layers against textbook cases, exact eigenvalues and the l1 norm of responses."""

import mpmath
import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore import Diagonal, Elman, Linear, simulate, stability

seeds = st.integers(0, 2**32 - 1)
ULP = 2.0**-53


def verdicts(found):
    return tuple(prop.verdict for prop in found.properties)


def states(cell, inputs, state=None):
    return simulate(cell, inputs, state=state, keep="states", backend="reference").states


def difference(cell, witness, steps):
    found = witness.simulate(cell, steps, backend="reference").states
    return np.abs(found[:, 0] - found[:, 1]).max(axis=-1)


def response_norm(transition, drive, radius, steps):
    """(n,): Σ ``|A^k B|`` r over the first steps; from below."""
    columns, total = drive * radius, 0.0
    for _ in range(steps):
        total = total + np.abs(columns).sum(axis=1)
        columns = transition @ columns
    return total


SCALARS = [-1.1, -1.0, -1 + 1e-15, -0.9, -1e-300, 0.0, 0.3, 0.999, 1 - 1e-15, 1 - ULP, 1.0, 1 + 2 * ULP, 1.1]


@pytest.mark.parametrize("kind", ["dense", "sparse", "diagonal", "elman", "complex"])
@pytest.mark.parametrize("weight", SCALARS)
def test_one_unit(kind, weight):
    make = {
        "dense": lambda: Linear([[weight]], [[2.0]]),
        "sparse": lambda: Linear(scipy.sparse.csr_array([[weight]]), np.array([[2.0]])),
        "diagonal": lambda: Diagonal(np.array([weight]), np.array([[2.0]])),
        "elman": lambda: Elman([[weight]], [[2.0]], nonlinearity="identity"),
        "complex": lambda: Diagonal(np.array([weight * 1j]), np.array([[2.0 + 0j]])),
    }
    cell = make[kind]()
    found = stability(cell, input_bound=0.5)
    assert verdicts(found) == ("stable" if abs(weight) < 1 else "unstable",) * 3
    if abs(weight) < 1:
        with mpmath.workdps(40):
            exact = 1 / (1 - abs(mpmath.mpf(weight)))
            assert found.bound is None or found.bound >= exact
        if abs(weight) < 0.9999:
            assert found.bound <= exact * (1 + 1e-5)
        elif "e" not in kind:
            assert found.bound is None or found.bound <= 10 * exact
    elif abs(weight) > 1:
        grown = difference(cell, found.bounded.witness, 200)
        assert np.all(np.diff(grown) >= 0)
    else:
        state = np.abs(found.bounded.witness.simulate(cell, 400, backend="reference").states).max(axis=-1)
        assert state[399] == pytest.approx(2 * state[199], rel=0.02) and state[199] > 90
        assert np.allclose(difference(cell, found.incremental.witness, 200), 1)


@pytest.mark.parametrize("n", [1, 3, 8])
def test_integrators(n):
    quiet = Linear(np.eye(n), np.zeros((n, 1)))
    assert verdicts(stability(quiet)) == ("stable", "unstable", "unstable")
    assert stability(quiet).bound is None
    driven = stability(Linear(np.eye(n), np.eye(n)[:, :1]))
    assert verdicts(driven) == ("unstable",) * 3
    assert verdicts(stability(Linear(np.eye(n), np.eye(n)[:, :1]), input_bound=1e-300)) == ("unstable",) * 3


def test_without_inputs_at_all():
    assert verdicts(stability(Linear([[0.5]]))) == ("stable",) * 3
    assert stability(Linear([[0.5]])).bound < 1e-100
    assert verdicts(stability(Linear(np.eye(2)))) == ("stable", "unstable", "unstable")
    biased = stability(Linear([[0.5]], bias=[3.0]))
    assert 6 <= biased.bound <= 6 * (1 + 1e-5)


@pytest.mark.parametrize("angle", [0.1, np.pi / 3, 2.0])
@pytest.mark.parametrize("radius, verdict", [(0.99, "stable"), (1.01, "unstable")])
def test_rotations(angle, radius, verdict):
    turn = radius * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert verdicts(stability(Linear(turn, np.eye(2)))) == (verdict,) * 3


def test_a_quarter_turn_resonates():
    cell = Linear([[0.0, 1.0], [-1.0, 0.0]], [[1.0, 0.1], [0.0, 1.0]])
    found = stability(cell, input_bound=[1.0, 0.01])
    assert verdicts(found) == ("unstable",) * 3
    inputs = found.bounded.witness.inputs(100)
    assert np.all(np.abs(inputs) <= [1.0, 0.01])
    state = np.abs(states(cell, found.bounded.witness.inputs(2000))).max(axis=-1)
    assert state[-1] == pytest.approx(2 * state[999], rel=0.02) and state[-1] > 900


@pytest.mark.parametrize("constant", [-1.0, 1.0, 0.5, -3.0])
@pytest.mark.parametrize("kind", [Linear, Diagonal])
def test_the_witness_of_an_integrator_works_with_its_bias(kind, constant):
    """Inputs of the other sign could hold it."""
    cell = kind(np.ones((1, 1)) if kind is Linear else np.ones(1), np.ones((1, 1)), np.array([constant]))
    found = stability(cell)
    assert found.verdict == "unstable"
    assert np.abs(found.bounded.witness.simulate(cell, 1000, backend="reference").states).max() > 900


@pytest.mark.parametrize("place", [1, -1, 1j, -1j])
@pytest.mark.parametrize("drive", [[1.0, 1j], [1j, 1j], [1.0, -1.0], [1 + 1j, 1 - 1j], [0.0, 1j]])
def test_witnesses_of_complex_units_grow_whatever_the_phases(place, drive):
    cell = Diagonal(np.array([0.5, place], complex), np.array([[1.0, 1.0], drive]))
    found = stability(cell)
    assert verdicts(found) == ("unstable",) * 3
    assert np.abs(found.bounded.witness.simulate(cell, 2000, backend="reference").states).max() > 900


@pytest.mark.parametrize("size", [1, 2, 5, 10])
def test_nilpotent_and_zero(size):
    shift = Linear(np.eye(size, k=1), np.ones((size, 1)))
    found = stability(shift)
    assert verdicts(found) == ("stable",) * 3
    assert size <= found.bound <= size * (1 + 1e-5)
    found = stability(Linear(np.zeros((size, size)), np.ones((size, 1))))
    assert 1 <= found.bound <= 1 + 1e-5


@pytest.mark.parametrize("size", [2, 3, 6, 10])
def test_defective_blocks_on_the_circle_grow(size):
    for sign in (1.0, -1.0):
        cell = Linear(sign * np.eye(size) + np.eye(size, k=1))
        found = stability(cell)
        assert verdicts(found) == ("unstable",) * 3
        grown = difference(cell, found.bounded.witness, 200)
        assert grown[-1] > 10 * grown[9]


@pytest.mark.parametrize("size", [2, 4, 7, 10])
@pytest.mark.parametrize("eigenvalue", [0.99, 0.9, -0.7])
def test_defective_blocks_inside_are_bounded_by_their_response(size, eigenvalue):
    matrix = eigenvalue * np.eye(size) + np.eye(size, k=1)
    cell = Linear(matrix, np.eye(size)[:, -1:])
    found = stability(cell)
    assert verdicts(found) == ("stable",) * 3
    exact = 1 / (1 - abs(mpmath.mpf(eigenvalue))) ** size  # Σ C(k, n - 1) λ^(k - n + 1)
    assert found.bound is None or found.bound >= exact
    if abs(eigenvalue) < 0.95:
        assert found.bound is not None and found.bound <= exact * (1 + 1e-3)  # (1 - A)⁻¹ is 1e10


def test_growth_before_decay():
    """Through a million, and down again."""
    matrix = np.array([[0.9, 1e6], [0.0, 0.8]])
    found = stability(Linear(matrix, [[0.0], [1.0]]))
    assert verdicts(found) == ("stable",) * 3
    exact = 1e6 / (0.1 * 0.2)  # all is positive: (1 - A)⁻¹ b
    assert exact * (1 - 1e-14) <= found.bound <= exact * (1 + 1e-5)


@pytest.mark.parametrize("direction", [-1, 1])
@pytest.mark.parametrize("value", [0.6 + 0.8j, 0.8 - 0.6j, 5 / 13 - 12j / 13, -1.0, 1j])
def test_complex_units_on_the_circle_up_to_rounding(value, direction):
    """Rational numbers tell what is inside, on or outside."""
    value = (
        complex(np.nextafter(value.real, direction * 2 * (1 if value.real > 0 else -1)), value.imag)
        if value.real
        else value
    )
    with mpmath.workdps(50):
        square = mpmath.mpf(value.real) ** 2 + mpmath.mpf(value.imag) ** 2
    cell = Diagonal(np.array([value]), np.array([[1.0 + 0j]]))
    found = stability(cell)
    assert verdicts(found) == ("stable" if square < 1 else "unstable",) * 3
    if square < 1 and found.bound is not None:
        with mpmath.workdps(50):
            modulus = mpmath.sqrt(square)
            assert 0.3 / (1 - modulus) <= found.bound <= 3 / (1 - modulus)


@pytest.mark.parametrize("leak", [0.5, 0.1, 0.7])
@pytest.mark.parametrize("weight, verdict", [(0.9, "stable"), (1.1, "unstable"), (-0.9, "stable")])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_leaky_identity(leak, weight, verdict, dtype):
    cell = Elman(np.array([[weight, 0.0], [0.1, weight]]), np.ones((2, 1)), nonlinearity="identity", leak=leak)
    found = stability(cell.astype(dtype))
    assert verdicts(found) == (verdict,) * 3
    if verdict == "stable":
        matrix = (1 - leak) * np.eye(2) + leak * np.float64(cell.astype(dtype).parameters["weight_hh"])
        exact = response_norm(matrix, leak * np.ones((2, 1)), 1.0, 3000).max()
        assert exact * (1 - 1e-9) <= found.bound <= 30 * exact


def random_linear(rng, distance, dtype=np.float64):
    size = rng.integers(1, 7)
    matrix = rng.normal(size=(size, size)) * 10.0 ** rng.uniform(-1, 1, size=(size, 1))
    matrix *= (1 - distance) / np.abs(np.linalg.eigvals(matrix)).max()
    bias = rng.normal(size=size) if rng.random() < 0.5 else None
    return Linear(matrix, rng.normal(size=(size, 2)), bias).astype(dtype)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, distance=st.sampled_from([0.5, 0.1, 1e-2]), dtype=st.sampled_from([np.float32, np.float64]))
def test_bounds_are_reached_by_the_worst_inputs(seed, distance, dtype):
    rng = np.random.default_rng(seed)
    cell = random_linear(rng, distance, dtype).replace(bias=None)
    bound = np.array([0.5, 2.0])
    found = stability(cell, input_bound=bound)
    assert found.verdict == "stable"
    transition, drive = (np.float64(cell.parameters[name]) for name in ("weight_hh", "weight_ih"))
    steps = int(30 / distance)
    response = [drive]
    for _ in range(steps - 1):
        response.append(transition @ response[-1])
    norms = np.abs(np.stack(response)).sum(axis=0) @ bound
    unit = np.argmax(norms)
    worst = bound * np.sign(np.stack(response)[::-1, unit])
    reached = np.abs(states(cell.astype(np.float64), worst)[-1, unit])
    assert reached == pytest.approx(norms[unit], rel=1e-9)
    assert reached <= found.bound * (1 + 1e-9)
    assert found.bound <= reached * (1 + 1e-4)  # what is left after 30 time constants, and a tail of 1e-6


@settings(max_examples=40, deadline=None)
@given(seed=seeds)
def test_bounds_with_biases_hold(seed):
    rng = np.random.default_rng(seed)
    cell = random_linear(rng, 10.0 ** rng.uniform(-2, -0.1))
    found = stability(cell)
    response = [cell.parameters["weight_ih"]]
    for _ in range(299):
        response.append(cell.parameters["weight_hh"] @ response[-1])
    signs = np.sign(np.stack(response)[::-1])  # (300, n, 2)
    for sign in (1, -1):
        reached = np.abs(states(cell, sign * signs, np.zeros((cell.state_size, cell.state_size)))).max()
        assert reached <= found.bound * (1 + 1e-9)


@settings(max_examples=60, deadline=None)
@given(seed=seeds, distance=st.sampled_from([1e-9, 1e-13, 1e-15, 1e-16, 0.0]), sign=st.sampled_from([-1, 1]))
def test_near_the_circle_verdicts_are_those_of_exact_eigenvalues(seed, distance, sign):
    cell = random_linear(np.random.default_rng(seed), sign * distance)
    found, matrix = stability(cell), cell.parameters["weight_hh"]
    if len(matrix) == 1:
        largest = abs(mpmath.mpf(float(matrix[0, 0])))
    else:
        with mpmath.workdps(60):
            largest = max(abs(v) for v in mpmath.eig(mpmath.matrix(matrix.tolist()), left=False, right=False))
    assert found.incremental.verdict == ("stable" if largest < 1 else "unstable")
    assert found.verdict == found.incremental.verdict


def test_sparse_and_dense_agree(rng):
    for radius in (0.8, 1.2):
        matrix = np.where(rng.random((30, 30)) < 0.1, rng.normal(size=(30, 30)), 0)
        matrix *= radius / np.abs(np.linalg.eigvals(matrix)).max()
        dense = stability(Linear(matrix, np.ones((30, 1))))
        sparse = stability(Linear(scipy.sparse.csr_array(matrix), np.ones((30, 1))))
        assert verdicts(dense) == verdicts(sparse) == ("stable" if radius < 1 else "unstable",) * 3
        assert dense.bound == (None if radius > 1 else pytest.approx(sparse.bound, rel=1e-6))


@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1e200, 1e307])
def test_extreme_inputs_are_bounded_or_left_open(scale):
    found = stability(Linear([[0.5, 1.0], [0.0, 0.5]], [[0.0], [1.0]]), input_bound=scale)
    assert verdicts(found) == ("stable",) * 3
    assert found.bound is None or found.bound >= 4 * scale * (1 - 1e-3)


def test_at_the_border_units_of_diagonal_layers_are_decided_each_by_itself():
    values = np.array([1.0, 0.5, -1.0])
    assert verdicts(stability(Diagonal(values, np.array([[0.0], [1.0], [0.0]])))) == ("stable", "unstable", "unstable")
    assert verdicts(stability(Diagonal(values, np.array([[0.0], [1.0], [1e-300]])))) == ("unstable",) * 3


def test_large_sparse_layers_whose_radius_no_iteration_finds_are_undecided(rng):
    """A cycle of random signs: 1300 eigenvalues that are all as large."""
    n = 1300
    cycle = scipy.sparse.csr_array((rng.choice([-1.0, 1.0], size=n), (np.arange(n), np.roll(np.arange(n), 1))))
    found = stability(Linear(cycle, np.ones((n, 1))))
    assert verdicts(found) == ("undecided",) * 3
    assert found.bounded.estimate is None
    assert verdicts(stability(Linear(0.99 * cycle, np.ones((n, 1))))) == ("stable",) * 3
