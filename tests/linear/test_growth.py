"""Transient growth, numerical range and Kreiss' constant against closed forms, brute force and many digits."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore import Linear, modes, simulate

from .examples import jordan, scaled


def norms_of_powers(matrix, steps):
    power, norms = np.eye(len(matrix)), []
    for _ in range(steps):
        norms.append(np.linalg.norm(power, 2))
        power = matrix @ power
    return np.array(norms)


def test_a_stable_matrix_may_first_grow_a_million_fold():
    cell = Linear([[0.5, 1e6], [0.0, 0.4]])
    found = modes(cell)
    assert found.transient.peak == pytest.approx(1e6) and found.transient.step == 1 and found.transient.exact
    assert "may grow 1e+06-fold, in 1 step" in found.explanation and "Decays in the end" in found.explanation


@pytest.mark.parametrize("value, size, coupling", [(0.5, 10, 1.0), (0.9, 4, 1.0), (0.99, 3, 0.1), (0.3, 30, 1.5)])
def test_growth_of_jordan_blocks(value, size, coupling):
    matrix = jordan(value, size, coupling)
    found = modes(Linear(matrix)).transient
    norms = norms_of_powers(matrix, 3000)
    assert found.exact and found.step == np.argmax(norms)
    # All entries are positive: powers are right to 3 000 roundings.
    assert found.peak == pytest.approx(norms.max(), rel=1e-12)


def test_growth_of_a_jordan_block_of_fifty_has_the_digits_of_mpmath():
    found = modes(Linear(jordan(0.5, 50))).transient
    with mpmath.workdps(60):
        power = mpmath.matrix(50, 50)
        for row in range(50):
            for column in range(row, 50):
                power[row, column] = mpmath.binomial(96, column - row) * mpmath.mpf(0.5) ** (96 - column + row)
        square = power.T * power
        vector = mpmath.matrix([1] * 50)
        for _ in range(60):  # the gap of singular values leaves 1e-20 after these
            vector = square * vector
            vector /= mpmath.norm(vector)
        want = mpmath.norm(power * vector)
    assert found.step == 96 and found.peak == pytest.approx(float(want), rel=1e-11)


def test_the_worst_state_grows_so_much(rng, backend):
    matrix = scaled(np.triu(rng.normal(size=(12, 12))) + 9 * np.eye(12, k=1), 0.9)
    found = modes(Linear(matrix)).transient
    assert found.peak > 10 and np.linalg.norm(found.start) == pytest.approx(1)
    run = simulate(Linear(matrix), steps=200, state=found.start, backend=backend).outputs
    sizes = np.linalg.norm(run, axis=1)
    assert np.argmax(sizes) + 1 == found.step and sizes.max() == pytest.approx(found.peak, rel=1e-10)
    np.testing.assert_allclose(run[found.step - 1], found.end, rtol=0, atol=1e-10 * found.peak)


@pytest.mark.parametrize("gap", [1e-4, 1e-6])
def test_slow_growth_is_found_among_millions_of_powers(gap):
    """k λ^{k-1} is largest at k = -1 / ln λ."""
    found = modes(Linear(jordan(1 - gap, 2))).transient
    step = -1 / np.log1p(-gap)
    assert not found.exact and abs(found.step - step) <= 1
    assert found.peak == pytest.approx(step * np.exp((step - 1) * np.log1p(-gap)), rel=1e-6)


def test_norms_for_the_plot_are_norms_of_powers(rng):
    matrix = scaled(rng.normal(size=(6, 6)), 0.98)
    found = modes(Linear(matrix)).transient
    norms = norms_of_powers(matrix, int(found.steps[-1]) + 1)
    np.testing.assert_allclose(found.norms, norms[found.steps], rtol=1e-10, atol=1e-12)
    assert found.steps[0] == 0 and (np.diff(found.steps) > 0).all()


@settings(max_examples=80, deadline=None)
@given(
    size=st.integers(1, 7), radius=st.floats(0.1, 0.995), skew=st.floats(0, 30), seed=st.integers(0, 2**32 - 1)
)  # fmt: skip
def test_bounds_on_growth_hold(size, radius, skew, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(size, size)) + skew * np.triu(rng.normal(size=(size, size)), 1)
    if np.abs(np.linalg.eigvals(matrix)).max() < 1e-3:
        return
    matrix = scaled(matrix, radius)
    found = modes(Linear(matrix))
    norms = norms_of_powers(matrix, 4000)
    slack = 1 + 1e-9
    assert found.transient.peak <= norms.max() * slack
    if found.transient.exact:
        assert found.transient.peak >= norms.max() / slack
    # Kreiss: K ≤ sup ‖W^k‖ ≤ κ(U); numerical radius: ‖W^k‖ ≤ 2 w^k; ρ ≤ w ≤ ‖W‖ ≤ 2 w.
    assert found.kreiss <= norms.max() * (1 + 1e-6)
    assert norms.max() <= found.eigenvector_condition * (1 + 1e-6)
    assert (norms[:50] <= 2 * np.maximum(found.numerical_radius, 1e-300) ** np.arange(50) * slack).all()
    assert found.spectral_radius <= found.numerical_radius * slack <= found.norm * slack**2
    assert found.norm <= 2 * found.numerical_radius * slack
    assert found.numerical_abscissa <= found.numerical_radius * slack
    defect = np.linalg.norm(matrix) ** 2 - np.sum(np.abs(np.linalg.eigvals(matrix)) ** 2)
    assert found.departure_from_normality**2 == pytest.approx(defect, abs=1e-9 * np.linalg.norm(matrix) ** 2)


@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_the_numerical_range_of_a_shift_is_a_disc(size):
    found = modes(Linear(np.eye(size, k=1)))
    want = np.cos(np.pi / (size + 1))
    assert found.numerical_radius == pytest.approx(want, abs=1e-14)
    assert found.numerical_abscissa == pytest.approx(want, abs=1e-14)


def test_the_numerical_range_of_a_block_of_two_is_an_ellipse():
    """Its foci are the eigenvalues, its minor axis is the coupling (Toeplitz 1918)."""
    first, second, coupling = 0.7, -0.2, 1.5
    found = modes(Linear([[first, coupling], [0.0, second]]))
    half = np.hypot((first - second) / 2, coupling / 2)
    assert found.numerical_abscissa == pytest.approx((first + second) / 2 + half, rel=1e-14)
    assert found.numerical_radius == pytest.approx((first + second) / 2 + half, rel=1e-14)


def test_the_numerical_radius_is_found_off_the_real_axis(rng):
    turned = np.array([[0.3, -1.1], [0.9, 0.3]])
    matrix = np.block([[turned, rng.normal(size=(2, 2))], [np.zeros((2, 2)), turned]])
    found = modes(Linear(matrix))
    angles = np.linspace(0, np.pi, 20_001)
    supports = [np.linalg.eigvalsh((z * matrix + (z * matrix).conj().T) / 2)[-1] for z in np.exp(-1j * angles)]
    # A grid of 1.6e-4 misses a maximum by the square of that.
    assert found.numerical_radius == pytest.approx(max(supports), rel=1e-7)
    assert found.numerical_abscissa < found.numerical_radius


def test_a_normal_matrix_does_not_grow_on_the_way(rng):
    basis = np.linalg.qr(rng.normal(size=(15, 15)))[0]
    found = modes(Linear(basis @ np.diag(np.linspace(-0.95, 0.8, 15)) @ basis.T))
    assert (found.transient.peak, found.transient.step, found.transient.exact) == (1, 0, True)
    assert found.transient.start is None and found.kreiss == pytest.approx(1, abs=1e-6)
    for value in (found.norm, found.numerical_radius, found.spectral_radius):
        assert value == pytest.approx(0.95, rel=1e-13)
    assert found.departure_from_normality < 1e-13 and found.eigenvector_condition == pytest.approx(1)


def test_kreiss_bound_is_the_resolvent_there_and_near_the_best(rng):
    for matrix in (jordan(0.5, 10), np.array([[0.9, 5.0], [0.0, -0.7]]), scaled(rng.normal(size=(30, 30)), 0.95)):
        found = modes(Linear(matrix))
        eye, z = np.eye(len(matrix)), found.kreiss_point
        there = (abs(z) - 1) / np.linalg.svd(z * eye - matrix, compute_uv=False)[-1]
        assert found.kreiss == pytest.approx(there, rel=0.01) and found.kreiss <= there * (1 + 1e-9)
        grid = [
            distance / np.linalg.svd((1 + distance) * np.exp(1j * angle) * eye - matrix, compute_uv=False)[-1]
            for distance in np.geomspace(1e-3, 10, 60)
            for angle in np.linspace(0, np.pi, 40)
        ]
        assert found.kreiss >= 0.98 * max(grid)


def test_unbounded_powers():
    found = modes(Linear([[1.1, 1.0], [0.0, 0.5]]))
    assert found.transient.peak == found.kreiss == np.inf and found.transient.step is None
    np.testing.assert_allclose(
        found.transient.norms[:20],
        norms_of_powers(np.array([[1.1, 1.0], [0.0, 0.5]]), 2000)[found.transient.steps[:20]],
    )


def test_rotations_in_skewed_coordinates_are_bounded_by_their_condition():
    skewed = np.array([[1.0, 5.0], [0.0, 1.0]])
    turn = np.array([[np.cos(0.1), -np.sin(0.1)], [np.sin(0.1), np.cos(0.1)]])
    found = modes(Linear(skewed @ turn @ np.linalg.inv(skewed))).transient
    condition = np.linalg.cond(skewed)
    assert 0.99 * condition < found.peak <= condition * (1 + 1e-9) and not found.exact
