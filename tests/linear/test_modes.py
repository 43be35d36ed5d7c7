"""Modes of matrices whose modes are known; shares against responses taken apart by hand."""

import mpmath
import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import block_diag

from rnncore import (
    Chain,
    DelayLine,
    Dense,
    Diagonal,
    Elman,
    Linear,
    NonFiniteError,
    impulse_response,
    jacobian,
    modes,
    simulate,
)

from .examples import KINDS, jordan, similar, without_biases


def rotation(radius, period):
    angle = 2 * np.pi / period
    return radius * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def outputs_of(cell):
    """C of y = C h."""
    layers, matrix = list(cell.layers), None
    while isinstance(layers[-1], Dense):
        weight = layers.pop().parameters["weight"]
        matrix = weight if matrix is None else matrix @ weight
    last = np.eye(cell.state_size)[cell.state_size - layers[-1].state_size :]
    return last if matrix is None else matrix @ last


def taken_apart(found, cell, inputs):
    """``(shares, relative sizes)`` by the responses of all modes, step by step, each from its own part of the input."""
    zero, readout = np.zeros(cell.state_size), outputs_of(cell)
    transition, drive = jacobian(cell, zero), jacobian(cell, zero, np.zeros(cell.input_size), wrt="input")
    states = [np.zeros(cell.state_size) for _ in found.parts()]
    crossed, own, total = np.zeros(len(states)), np.zeros(len(states)), 0.0
    for x in inputs:
        states = [
            transition @ state + found.basis[:, part] @ (found.dual[part] @ (drive @ x))
            for state, part in zip(states, found.parts())
        ]
        seen = [readout @ state for state in states]
        whole = sum(seen)
        total += whole @ whole
        crossed += [one @ whole for one in seen]
        own += [one @ one for one in seen]
    return crossed / total, np.sqrt(own / total)


def test_rates_time_constants_and_periods():
    found = modes(Linear(block_diag([[-0.5]], rotation(0.9, 8), [[1.2]], [[0.0]], [[1.0]])))
    np.testing.assert_allclose(found.eigenvalues, [1.2, 1, 0.9 * np.exp(0.25j * np.pi), -0.5, 0], rtol=1e-15)
    assert found.multiplicities.tolist() == [1, 1, 2, 1, 1]
    np.testing.assert_allclose(found.growth_rates, [np.log(1.2), 0, np.log(0.9), np.log(0.5), -np.inf], rtol=1e-14)
    np.testing.assert_allclose(
        found.time_constants, [-1 / np.log(1.2), np.inf, -1 / np.log(0.9), -1 / np.log(0.5), 0], rtol=1e-14
    )
    np.testing.assert_allclose(found.periods, [np.inf, np.inf, 8, 2, np.nan], rtol=1e-14)
    np.testing.assert_array_equal(found.indices, 1)
    assert found.spectral_radius == 1.2 and found.dominant == 0 and not found.is_defective
    assert found.shares is None and found.response is None and found.leading is None


@pytest.mark.parametrize("name", [name for name in KINDS if name != "dense"])
def test_modes_are_the_eigenvalues_of_the_jacobian_and_make_up_the_matrix(name, rng):
    cell = KINDS[name](rng)
    found, matrix = modes(cell), jacobian(cell, np.zeros(cell.state_size))
    assert found.multiplicities.sum() == cell.state_size
    want = np.linalg.eigvals(matrix)
    spread = [value for value, times in zip(found.eigenvalues, found.multiplicities) for _ in range(times)]
    # The examples have condition numbers of some hundred; a double eigenvalue that two layers share splits by 1e-8.
    assert np.max(np.min(np.abs(want[:, None] - np.concatenate([spread, np.conj(spread)])), axis=1)) < 1e-7
    if found.basis is None:
        assert isinstance(cell, Diagonal)
        np.testing.assert_array_equal(found.eigenvalues, cell.parameters["weight_hh"][found.units])
        return
    np.testing.assert_allclose(found.dual @ found.basis, np.eye(cell.state_size), rtol=0, atol=1e-11)
    rebuilt = 0
    for part in found.parts():
        span = found.basis[:, part]
        np.testing.assert_allclose(span.T @ span, np.eye(span.shape[1]), rtol=0, atol=1e-13)
        block = span.T @ matrix @ span
        np.testing.assert_allclose(matrix @ span, span @ block, rtol=0, atol=1e-12)  # invariant
        rebuilt = rebuilt + span @ block @ found.dual[part]
    np.testing.assert_allclose(rebuilt, matrix, rtol=0, atol=1e-11)


@pytest.mark.parametrize("name", [name for name in KINDS if name not in ("dense", "diagonal", "complex diagonal")])
def test_shares_are_those_of_responses_taken_apart(name, rng, backend):
    cell = without_biases(KINDS[name](rng))
    inputs = rng.normal(size=(120, 2))
    found = modes(cell, inputs, backend=backend)
    crossed, own = taken_apart(found, cell, inputs)
    assert found.response == "inputs" and found.leading == np.argmax(crossed)
    # Modes some hundred times as large as the state cancel each other in it.
    np.testing.assert_allclose(found.shares, crossed, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.relative_sizes, own, rtol=1e-9, atol=1e-9)
    assert found.shares.sum() == pytest.approx(1, abs=1e-13)


@pytest.mark.parametrize("kind", ["real", "complex"])
def test_units_of_diagonal_cells_are_modes(kind, rng, backend):
    cell = without_biases(KINDS["diagonal" if kind == "real" else "complex diagonal"](rng))
    inputs = rng.normal(size=(3000, 2))
    found = modes(cell, inputs, backend=backend)
    energy = np.sum(simulate(cell, inputs).outputs ** 2, axis=0)
    energy = energy if kind == "real" else energy.reshape(-1, 2).sum(axis=1)
    np.testing.assert_allclose(found.shares, (energy / energy.sum())[found.units], rtol=1e-12)
    np.testing.assert_allclose(found.relative_sizes**2, found.shares, rtol=1e-12)
    assert (np.diff(np.abs(found.eigenvalues)) <= 0).all()
    as_matrix = Linear(
        jacobian(cell, np.zeros(cell.state_size)), jacobian(cell, np.zeros(cell.state_size), np.zeros(2), wrt="input")
    )
    same = modes(as_matrix, inputs)
    np.testing.assert_allclose(np.abs(same.eigenvalues), np.abs(found.eigenvalues), rtol=1e-14)
    np.testing.assert_allclose(same.shares, found.shares, rtol=1e-11)


@pytest.mark.parametrize(
    "name", ["linear", "sparse", "diagonal", "complex diagonal", "two layers", "readout", "diagonal readout"]
)
def test_shares_without_inputs_are_those_of_all_impulse_responses(name, rng):
    cell = without_biases(KINDS[name](rng))
    found = modes(cell)
    # 2 000 steps leave 1e-30 of a mode at 0.95, and of the response to a pulse each 2 000 steps nothing of the next.
    pulses = np.zeros((2000, 2, 2))
    pulses[0] = np.eye(2)
    driven = modes(cell, pulses)
    assert (found.response, driven.response) == ("impulses", "inputs")
    np.testing.assert_allclose(found.shares, driven.shares, rtol=0, atol=1e-10)
    np.testing.assert_allclose(found.relative_sizes, driven.relative_sizes, rtol=1e-9, atol=1e-9)


def test_shares_through_a_readout_are_of_what_is_read_out(rng):
    """Two modes, one of which the readout does not see."""
    basis = np.array([[1.0, 1.0], [0.0, 1.0]])
    matrix = basis @ np.diag([0.9, 0.5]) @ np.linalg.inv(basis)
    blind = Dense([[0.0, 1.0]])  # of the eigenvector (1, 0)
    found = modes(Chain([Linear(matrix, rng.normal(size=(2, 1))), blind]), rng.normal(size=(500, 1)))
    np.testing.assert_allclose(found.shares, [0, 1], rtol=0, atol=1e-13)
    assert found.leading == 1


def test_a_batch_of_inputs_counts_as_one_response(rng):
    cell, inputs = KINDS["linear"](rng), rng.normal(size=(300, 4, 2))
    parts = [taken_apart(modes(cell, inputs[:, 0]), cell, inputs[:, index])[0] for index in range(4)]
    energies = [np.sum(simulate(without_biases(cell), inputs[:, index]).outputs ** 2) for index in range(4)]
    np.testing.assert_allclose(
        modes(cell, inputs).shares, np.average(parts, axis=0, weights=energies), rtol=0, atol=1e-11
    )


def test_long_runs_are_cut_into_pieces_without_a_change(rng, monkeypatch):
    from rnncore.linear import shares

    cell, inputs = KINDS["linear"](rng), rng.normal(size=(500, 2))
    whole = modes(cell, inputs)
    monkeypatch.setattr(shares, "_HELD_NUMBERS", 37)
    told = []
    parts = modes(cell, inputs, progress=lambda done, steps: told.append((done, steps)))
    np.testing.assert_allclose(parts.shares, whole.shares, rtol=0, atol=1e-13)
    assert told[-1] == (500, 500) and len(told) > 50


@pytest.mark.parametrize("size", [2, 3, 5, 8])
def test_a_jordan_block_is_found_in_any_coordinates(size):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        matrix = similar(rng, jordan(0.7, size), np.diag([0.9, -0.5, 0.1]))
        found = modes(Linear(matrix))
        order = np.argsort(-found.multiplicities)
        assert found.multiplicities[order].tolist() == found.indices[order].tolist() == [size, 1, 1, 1]
        # Single eigenvalues are off by 1e-2, the eighth root of eps; their mean by eps times a condition below 1e5.
        np.testing.assert_allclose(found.eigenvalues[order[0]], 0.7, rtol=0, atol=1e-9)
        assert abs(found.eigenvalues[order[0]] - 0.7) <= found.uncertainties[order[0]]
        assert found.is_defective and f"Jordan block of {size}" in found.explanation
        assert found.eigenvector_condition > 1e5


def test_a_pair_of_jordan_blocks(rng):
    pair = np.block([[rotation(0.8, 5), np.eye(2)], [np.zeros((2, 2)), rotation(0.8, 5)]])
    for matrix in (pair, similar(rng, pair)):
        found = modes(Linear(matrix))
        assert (found.multiplicities.tolist(), found.indices.tolist()) == ([4], [2])
        np.testing.assert_allclose(found.eigenvalues[0], 0.8 * np.exp(0.4j * np.pi), rtol=0, atol=1e-9)
        assert found.periods[0] == pytest.approx(5, abs=1e-8)


def test_a_multiple_eigenvalue_with_all_its_eigenvectors_is_no_defect(rng):
    for matrix in (similar(rng, 0.5 * np.eye(3), [[0.9]]), np.diag([0.9, 0.5, 0.5, 0.5])):
        found = modes(Linear(matrix))
        assert (found.multiplicities.tolist(), found.indices.tolist()) == ([1, 3], [1, 1])
        assert not found.is_defective and "defective" not in found.explanation
        assert found.eigenvector_condition < 1e4


def test_eigenvalues_that_lie_close_but_are_known_exactly_stay_apart():
    found = modes(Linear([[0.5, 1e6], [0.0, 0.4]], [[0.0], [1.0]]))
    np.testing.assert_array_equal(found.eigenvalues, [0.5, 0.4])
    np.testing.assert_array_equal(found.uncertainties, 0)
    np.testing.assert_allclose(found.condition_numbers, 1e7, rtol=1e-12)
    assert "nearly dependent" in found.explanation


def test_a_matrix_too_badly_conditioned_for_its_eigenvalues_says_so(rng):
    """Triangular, so that they are known; in other coordinates they are lost."""
    values = np.linspace(-0.9, 0.9, 60)
    matrix = np.triu(rng.normal(size=(60, 60)), 1) / 2 + np.diag(values)
    exact = modes(Linear(matrix))
    assert exact.spectral_radius == 0.9
    turned = np.linalg.qr(rng.normal(size=(60, 60)))[0]
    found = modes(Linear(turned @ matrix @ turned.T))
    for one in (exact, found):
        assert (one.indices == 0).any() and "badly conditioned" in one.explanation
    np.testing.assert_allclose(found.transient.peak, exact.transient.peak, rtol=1e-3)


@pytest.mark.parametrize("size", [1, 2, 5, 30])
def test_nilpotent_matrices(size, rng):
    for matrix in (np.eye(size, k=1), np.eye(size, k=-1), 3 * np.eye(size, k=1)) + (
        (similar(rng, np.eye(size, k=1)),) if size < 10 else ()
    ):
        found = modes(Linear(matrix, np.ones((size, 1))))
        assert found.multiplicities.tolist() == found.indices.tolist() == [size]
        assert found.spectral_radius == 0 and found.time_constants == 0 and np.isnan(found.periods).all()
        assert found.growth_rates == -np.inf and found.shares == pytest.approx(1)
        assert found.explanation.startswith(f"Nilpotent: nothing is left of a state after {size} step")


@pytest.mark.parametrize("cell", [DelayLine(5, 3), Chain([DelayLine(5, 3), Dense(np.ones((2, 15)))])])
def test_a_delay_line_is_one_nilpotent_mode(cell):
    found = modes(cell)
    assert found.eigenvalues.tolist() == [0] and found.multiplicities.tolist() == [15] and found.indices.tolist() == [5]
    assert found.is_defective and found.spectral_radius == 0 and found.norm == 1
    assert found.time_constants.tolist() == [0] and found.shares.tolist() == [1]
    assert (found.transient.peak, found.transient.step) == (1, 0)
    assert found.explanation.startswith("Nilpotent: nothing is left of a state after 5 steps")
    inputs = np.random.default_rng(0).normal(size=(50, 3))
    assert modes(cell, inputs).shares.tolist() == [1]


def test_zero_one_and_a_single_unit():
    found = modes(Linear(np.zeros((3, 3)), np.ones((3, 1))))
    assert (found.multiplicities.tolist(), found.indices.tolist(), found.norm) == ([3], [1], 0)
    assert (found.transient.peak, found.transient.step, found.kreiss, found.numerical_radius) == (1, 0, 1, 0)
    found = modes(Linear(np.eye(3), np.ones((3, 1))))
    assert found.time_constants.tolist() == [np.inf] and "Neither decays nor grows" in found.explanation
    assert (found.transient.peak, found.transient.step) == (1, 0) and found.shares is None
    for value, constant in ((0.5, 1 / np.log(2)), (-0.5, 1 / np.log(2)), (2.0, -1 / np.log(2)), (0.0, 0.0)):
        for cell in (Linear([[value]], [[1.0]]), Diagonal([value], [[1.0]])):
            found = modes(cell)
            assert found.eigenvalues.tolist() == [value]
            assert found.time_constants[0] == pytest.approx(constant)
            assert (found.shares is None) == (value == 2)


def test_on_the_unit_circle(rng):
    orthogonal = np.linalg.qr(rng.normal(size=(20, 20)))[0]
    found = modes(Linear(orthogonal))
    np.testing.assert_array_equal(found.time_constants, np.inf)
    assert found.transient.peak == 1 and found.kreiss == pytest.approx(1, abs=1e-5)
    for matrix in (jordan(1.0, 3), np.block([[rotation(1, 7), np.eye(2)], [np.zeros((2, 2)), rotation(1, 7)]])):
        found = modes(Linear(matrix))
        assert found.is_defective and found.transient.peak == found.kreiss == np.inf
        assert found.explanation.startswith(f"Grows like k{'^2' if len(matrix) == 3 else ''}:")
    found = modes(Diagonal([np.exp(1j), 0.6 + 0.8j, 1.0]))
    np.testing.assert_array_equal(found.time_constants, np.inf)
    assert found.transient.peak == 1


def test_a_leak_and_sparse_weights_are_those_of_the_whole_recursion(rng):
    matrix = np.where(rng.random((8, 8)) < 0.4, rng.normal(size=(8, 8)), 0) / 3
    whole = 0.7 * np.eye(8) + 0.3 * matrix
    want = modes(Linear(whole))
    for weights in (matrix, scipy.sparse.csr_array(matrix)):
        found = modes(Elman(weights, nonlinearity="identity", leak=0.3))
        np.testing.assert_allclose(found.eigenvalues, want.eigenvalues, rtol=0, atol=1e-12)
        assert found.transient.peak == pytest.approx(want.transient.peak, rel=1e-12)
    found = modes(Elman(np.zeros((2, 2)), nonlinearity="identity", leak=0.25))
    np.testing.assert_array_equal(found.eigenvalues, [0.75])


def test_float32_parameters_are_taken_as_they_are(rng):
    cell = KINDS["linear"](rng).astype("f4")
    matrix = cell.parameters["weight_hh"].astype(float)
    np.testing.assert_allclose(modes(cell).spectral_radius, np.abs(np.linalg.eigvals(matrix)).max(), rtol=1e-13)


def test_eigenvalues_agree_with_forty_digits(rng):
    matrix = similar(rng, jordan(0.6, 3), [[0.61]], rotation(0.7, 3))
    found = modes(Linear(matrix))
    with mpmath.workdps(40):
        values = np.array([complex(value) for value in mpmath.eig(mpmath.matrix(matrix.tolist()))[0]])
    for value, radius, times in zip(found.eigenvalues, found.uncertainties, found.multiplicities):
        # Those of the matrix as it is stored: of the group, their mean.
        nearest = values[np.argsort(np.abs(values - value))][: times if value.imag == 0 else 1]
        assert abs(nearest.mean() - value) <= max(radius, 1e-13)


sizes = st.integers(1, 6)


@settings(max_examples=150, deadline=None)
@given(
    size=sizes,
    entries=st.lists(st.sampled_from([0.0, 0.5, -0.5, 1.0, -1.0, 0.25, 3.0, 1e-3]), min_size=36, max_size=36),
)
def test_small_matrices_of_few_numbers(size, entries):
    """Full of multiple, defective and zero eigenvalues, and of ones on the circle."""
    matrix = np.reshape(entries[: size * size], (size, size))
    found = modes(Linear(matrix, np.ones((size, 1))))
    assert found.multiplicities.sum() == size and found.explanation
    np.testing.assert_allclose(found.dual @ found.basis, np.eye(size), rtol=0, atol=1e-4)
    # The trace is the sum of all, those not told apart excepted.
    if (found.indices > 0).all():
        trace = np.sum(found.eigenvalues.real * found.multiplicities)
        assert trace == pytest.approx(np.trace(matrix), abs=1e-9 * max(1, np.abs(matrix).max()))
    powers = [np.linalg.matrix_power(matrix, k) for k in range(60)]
    if np.isfinite(found.transient.peak):
        assert found.transient.peak >= max(np.linalg.norm(power, 2) for power in powers) * (1 - 1e-12)
    if found.spectral_radius == 0:
        assert np.abs(powers[size]).max() <= 1e-12 * max(1, found.norm) ** size
    if found.shares is not None and found.leading is not None:
        assert found.shares.sum() == pytest.approx(1)


def test_results_tell_themselves(rng):
    cell = KINDS["linear"](rng)
    found = modes(cell)
    told = found.to_dict()
    assert set(vars(found)) < set(told) and told["transient"]["peak"] == found.transient.peak
    np.testing.assert_array_equal(told["periods"], found.periods)
    assert repr(found).startswith("Modes(") and "spectral radius 0.9" in repr(found)
    np.testing.assert_allclose(found.shares.sum(), 1)
    assert impulse_response(cell, 3).shape == (3, 5, 2)


def test_a_response_that_is_none_has_no_shares():
    for cell in (Linear([[0.5]], [[1.0]]), Diagonal([0.5], [[1.0]])):
        found = modes(cell, np.zeros((5, 1)))
        assert np.isnan(found.shares).all() and found.leading is None
        assert "no response to take apart" in found.explanation


def test_a_response_that_overflows_is_named():
    with pytest.raises(NonFiniteError, match=r"the state is not finite after step 1024, at component 0$"):
        modes(Linear([[2.0]], [[1.0]]), np.ones((2000, 1)))


@pytest.mark.parametrize(
    "cell, inputs, kind, message",
    [
        (3, None, TypeError, "cell must be a cell"),
        (Elman([[0.5]]), None, ValueError, "the cell is of type Elman with nonlinearity='tanh'"),
        (Dense([[0.5]]), None, ValueError, "the cell has no state"),
        (Linear([[0.5]], [[1.0]]), np.ones(4), ValueError, r"inputs must have shape \(T, 1\)"),
        (Linear([[0.5]], [[1.0]]), np.ones((4, 2)), ValueError, "last axis of 2"),
        (Linear([[0.5]], [[1.0]]), np.full((4, 1), np.inf), ValueError, "inputs must be finite"),
        (Linear([[0.5]]), np.ones((4, 1)), ValueError, "the cell takes no input"),
    ],
)
def test_wrong_arguments_are_named(cell, inputs, kind, message):
    with pytest.raises(kind, match=message):
        modes(cell, inputs)
