"""Spectra that are known: constant, triangular and orthogonal maps, scalar maps, random matrices, volumes."""

import numpy as np
import pytest
from scipy.special import polygamma, psi
from scipy.stats import binomtest, norm

from rnncore import Chain, Dense, Elman, Linear, MatrixSequence, lyapunov_spectrum, simulate


def test_a_symmetric_map_has_the_logarithms_of_its_eigenvalues(rng, backend, dtype):
    basis = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    values = np.array([1.3, -1.1, 0.8, 0.5, -0.2, 0.01])
    cell = Linear((basis * values) @ basis.T).astype(dtype)
    found = lyapunov_spectrum(cell, steps=2000, backend=backend)
    # Once the directions have turned, each step errs by rounding in W alone: eps times its condition, 130.
    np.testing.assert_allclose(found.exponents, np.log(np.abs(values)), atol=4 * 130 * np.finfo(dtype).eps)


def test_a_general_map_has_those_of_its_eigenvalues_within_the_transient(rng, backend):
    weight = rng.normal(size=(7, 7))
    found = lyapunov_spectrum(Linear(weight), steps=4000, backend=backend)
    expected = np.sort(np.log(np.abs(np.linalg.eigvals(weight))))[::-1]
    # Complex pairs turn for ever: what is left is bounded, so the mean errs by that bound, some nats, over the steps.
    np.testing.assert_allclose(found.exponents, expected, atol=5 / 3600)


def test_a_triangular_map_has_those_of_its_diagonal(rng, backend):
    weight = np.triu(rng.normal(size=(5, 5)), 1) + np.diag([2.0, 1.0, 0.5, 0.25, 0.125])
    found = lyapunov_spectrum(Linear(weight), steps=1500, backend=backend)
    # The directions are within 2^-150 of the flag after the burn-in; the rest is rounding, times a condition of 100s.
    np.testing.assert_allclose(found.exponents, np.log(2) * np.array([1, 0, -1, -2, -3]), atol=1e-12)


def test_an_orthogonal_recurrence_has_zero_exponents(rng, backend, dtype):
    cell = Linear(np.linalg.qr(rng.normal(size=(9, 9)))[0]).astype(dtype)
    found = lyapunov_spectrum(cell, steps=1000, backend=backend)
    # W is orthogonal to rounding, each step's error is of that size.
    np.testing.assert_allclose(found.exponents, 0, atol=30 * np.finfo(dtype).eps)
    assert found.kaplan_yorke_dimension == 9
    assert found.entropy_rate < 300 * np.finfo(dtype).eps


def test_a_scalar_map_has_the_mean_logarithm_of_its_multiplier(rng, backend):
    inputs = rng.normal(size=(3000, 1))
    cell = Elman([[1.7]], [[0.6]], [0.1])
    found = lyapunov_spectrum(cell, inputs, burn_in=100, backend=backend)
    z = np.arctanh(simulate(cell, inputs, backend="reference").outputs[:, 0])
    multipliers = np.log(1.7) - 2 * np.log(np.cosh(z))
    # arctanh of a value near 1 loses digits: eps over 1 - |h|, here down to 1e-3.
    assert found.exponents[0] == pytest.approx(multipliers[100:].mean(), abs=1e-12)
    np.testing.assert_allclose(found.history.exponents[-1], found.exponents)


def test_a_delay_is_annihilated_and_what_remains_is_exact(backend):
    # h_t depends on h_{t-1} through its first component alone: rank 1.
    found = lyapunov_spectrum(Linear([[0.5, 0, 0], [1, 0, 0], [0, 1, 0]]), steps=300, backend=backend)
    assert found.exponents[0] == pytest.approx(-np.log(2), abs=1e-15)
    np.testing.assert_array_equal(found.exponents[1:], -np.inf)
    assert np.isnan(found.standard_errors[1:]).all()
    assert (found.kaplan_yorke_dimension, found.entropy_rate) == (0, 0)


@pytest.mark.parametrize("interval", [8, 50, 200])
def test_an_interval_too_long_for_the_precision_gives_no_nonsense(interval, rng, backend):
    values = np.array([1.0, 1e-5, 1e-9])
    basis = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    found = lyapunov_spectrum(Linear((basis * values) @ basis.T), steps=1000, qr_interval=interval, backend=backend)
    # 8 · ln 1e9 are 166 nats, beyond the 36 of float64: the rounds are walked again with interval 1, where W as it is
    # stored knows 1e-9 to eps / 1e-9 = 2e-7.
    np.testing.assert_allclose(found.exponents, np.log(values), atol=1e-6)
    assert found.qr_interval == 1


@pytest.mark.parametrize("interval", ["auto", 4])
def test_saturated_units_annihilate_nothing(interval, backend):
    # Slopes down to e^-40 make single Jacobians singular to working precision, but their determinants are known.
    size, steps, burn_in = 20, 800, 300
    cell, state = network(5, size, 8.0)
    found = lyapunov_spectrum(cell, steps=steps, state=state, burn_in=burn_in, qr_interval=interval, backend=backend)
    states = simulate(cell, steps=steps, state=state, keep="states", backend=backend).states
    z = states[burn_in - 1 : -1] @ cell.parameters["weight_hh"].T
    slopes = np.log(4) - 2 * np.abs(z) - 2 * np.log1p(np.exp(-2 * np.abs(z)))
    volume = slopes.sum(axis=1).mean() + np.linalg.slogdet(cell.parameters["weight_hh"])[1]
    assert slopes.min() < -30
    # A direction that is only just not taken for lost, at 4 n eps, may be wrong by tenths in one step of the 500.
    assert found.exponents.sum() == pytest.approx(volume, abs=1e-3)


def gaussian_exponents(size, sigma):
    """Newman, Commun. Math. Phys. 103, 121 (1986); standard deviation of each over T steps times √T."""
    shape = (size - np.arange(1, size + 1) + 1) / 2
    return np.log(sigma) + (np.log(2) + psi(shape)) / 2, np.sqrt(polygamma(1, shape)) / 2


def test_gaussian_products_have_newmans_exponents(rng, backend):
    steps, size, sigma = 4000, 6, 0.3
    matrices = sigma * rng.normal(size=(steps, size, size))
    found = lyapunov_spectrum(MatrixSequence(matrices), burn_in=10, backend=backend)
    expected, deviation = gaussian_exponents(size, sigma)
    deviation = deviation / np.sqrt(steps - 10)
    assert np.all(np.abs(found.exponents - expected) < 4 * deviation)
    # A standard error from at least 16 blocks has a relative standard deviation of 1/√30 at most.
    np.testing.assert_allclose(found.standard_errors, deviation, rtol=4 / np.sqrt(30))


def test_error_bars_cover_as_often_as_they_claim():
    size, steps, runs = 3, 700, 240
    expected, _ = gaussian_exponents(size, 1.0)
    scores = []
    for seed in range(runs):
        matrices = np.random.default_rng([7, seed]).normal(size=(steps, size, size))
        found = lyapunov_spectrum(MatrixSequence(matrices), burn_in=4, seed=seed, backend="reference")
        scores.append((found.exponents - expected) / found.standard_errors)
    for width in (1, 2):
        inside = int(np.sum(np.abs(scores) < width))
        claimed = 1 - 2 * norm.sf(width)
        # The estimates are independent; a scatter of 1/√(2·15) in the error bars costs 2 % of coverage at most.
        assert binomtest(inside, np.size(scores), claimed - 0.02, alternative="less").pvalue > 1e-3, inside
        assert binomtest(inside, np.size(scores), claimed + 0.03, alternative="greater").pvalue > 1e-3, inside


@pytest.mark.parametrize("name", ["elman", "leaky", "chain"])
def test_exponents_sum_to_the_mean_growth_of_volume(name, rng, backend):
    def layer(inputs, **options):
        return Elman(rng.normal(size=(4, 4)), rng.normal(size=(4, inputs)), rng.normal(size=4), **options)

    cell = {
        "elman": layer(2),
        "leaky": layer(2, leak=0.3, nonlinearity="elu"),
        "chain": Chain([layer(2), Dense(rng.normal(size=(3, 4)), nonlinearity="sigmoid"), layer(3, leak=0.6)]),
    }[name]
    inputs = rng.normal(size=(600, 2))
    found = lyapunov_spectrum(cell, inputs, burn_in=200, backend=backend)
    states = simulate(cell, inputs, keep="states", backend="reference").states
    assert found.exponents.sum() == pytest.approx(mean_volume(cell, inputs, states, 200), abs=1e-9)


def mean_volume(cell, inputs, states, burn_in):
    """Mean log|det A_t| by LU: of a chain it is that of its layers' own blocks."""
    from rnncore import jacobian

    found = [
        np.linalg.slogdet(jacobian(cell, before, x, backend="reference"))[1]
        for before, x in zip(states[burn_in - 1 : -1], inputs[burn_in:])
    ]
    return np.mean(found)


def network(seed, size, gain, **options):
    rng = np.random.default_rng(seed)
    return Elman(gain * rng.normal(size=(size, size)) / np.sqrt(size), **options), rng.normal(size=size)


def test_the_spectrum_of_a_random_network_does_not_depend_on_its_size(backend):
    # Engelken, Wolf and Abbott, arXiv 2006.02427: chaos is extensive, exponents are a function of i / n.
    curves, dimensions = [], []
    for size, steps in ((40, 1000), (80, 600)):
        cell, state = network(2, size, 4.0)
        found = lyapunov_spectrum(cell, steps=steps, state=state, backend=backend)
        curves.append(np.interp([0.02, 0.1, 0.25], (np.arange(size) + 0.5) / size, found.exponents))
        dimensions.append(found.kaplan_yorke_dimension / size)
    # Networks of these sizes, and runs of one of them, scatter by 0.05 in the upper quarter and 0.01 in the dimension.
    np.testing.assert_allclose(*curves, atol=0.2)
    assert dimensions[0] == pytest.approx(dimensions[1], abs=0.04)


def test_the_spectrum_of_a_slow_random_network_is_point_symmetric(backend):
    # Same paper: time reversal of τ dh/dt = -h + φ(W h) makes λ_i + λ_{n+1-i} = -2/τ; a small leak a is dt/τ.
    leak, size = 0.05, 40
    cell, state = network(3, size, 4.0, leak=leak)
    exponents = lyapunov_spectrum(cell, steps=6000, state=state, backend=backend).exponents / leak
    pairs = exponents + exponents[::-1]
    spread = exponents[0] - exponents[-1]
    # Steps of a are an error of order a, and the symmetry is that of large n: 5 % of the spread here.
    np.testing.assert_allclose(pairs / 2, -1, atol=0.08 * spread)
    cell, state = network(3, size, 4.0)
    exponents = lyapunov_spectrum(cell, steps=500, state=state, backend=backend).exponents
    assert np.ptp(exponents + exponents[::-1]) > 0.2 * (exponents[0] - exponents[-1])
