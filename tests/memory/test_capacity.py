"""Memory capacity by regression, against closed forms, and what chance makes of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rnncore
from rnncore import Chain, Dense, Elman, Linear, memory_capacity
from rnncore.memory.regression import Regression, whitening
from rnncore.memory.targets import count_products, legendre, orthonormal_polynomials, products
from tests.contract.examples import KINDS, experiment


def uniform(rng, steps=4000, channels=1):
    return rng.uniform(-1, 1, size=(steps, channels))


def delay_line(length, channels=1):
    return Linear(np.diag(np.ones(length - 1), -1), np.eye(length)[:, :channels])


def test_a_delay_line_holds_exactly_as_many_inputs_as_it_is_long(rng):
    found = memory_capacity(delay_line(10), uniform(rng), max_lag=15)
    np.testing.assert_allclose(found.by_lag, [1.0] * 9 + [0.0] * 6, atol=1e-10)
    assert found.present == pytest.approx(1)
    assert found.total == pytest.approx(9)
    assert found.bound == 10


def test_sampled_and_exact_capacities_agree_within_sampling(rng):
    weights = rng.normal(size=(8, 8))
    cell = Linear(0.9 * weights / np.abs(np.linalg.eigvals(weights)).max(), rng.normal(size=(8, 2)))
    exact = memory_capacity(cell, max_lag=30, method="gramian")
    found = memory_capacity(cell, uniform(rng, 60_000, 2), max_lag=30, significance=None)
    # A squared correlation ρ² from N = 6e4 has a standard deviation of 2 ρ (1 - ρ²)/√N ≤ 0.0032; correlations of the
    # states in time make the effective N some 5 times smaller; 5 deviations.
    np.testing.assert_allclose(found.by_channel, exact.by_channel, atol=0.035)
    assert found.total + found.present == pytest.approx(8, abs=0.1)


def test_a_readout_of_known_directions_needs_no_more_than_rounding(rng):
    """States that mix lags with deviations from 1 to 1e-11: each lag is still recovered."""
    mixing = np.linalg.qr(rng.normal(size=(8, 8)))[0] @ np.diag(np.geomspace(1, 1e-11, 8))
    cell = Chain([delay_line(8), Linear(np.zeros((8, 8)), mixing)])
    found = memory_capacity(Chain([cell, Dense(np.eye(8))]), uniform(rng), max_lag=10, readout="outputs")
    # The last direction has 16 - 11 digits left, and its error squared is what is missing.
    np.testing.assert_allclose(found.by_lag[:7], 1, atol=1e-8)


def test_chance_is_what_it_should_be_and_is_taken_away(rng):
    """A network of 50 units that remembers nothing: n/(N - 1) by chance, nothing after the correction."""
    cell = Elman(np.zeros((50, 50)), rng.normal(size=(50, 1)), rng.normal(size=50))
    found = memory_capacity(cell, uniform(rng, 1500), max_lag=40, burn_in=100, surrogates=200, significance=None)
    samples = found.samples
    assert samples == 1400
    assert found.raw[1:].mean() == pytest.approx(found.bound / (samples - 1), rel=0.1)
    # 200 surrogates of relative deviation √(2/50) each.
    assert found.chance[0] == pytest.approx(found.bound / (samples - 1), rel=0.06)
    assert abs(found.total) < 40 * 4 * np.sqrt(2 * 50) / 1400 / np.sqrt(40)
    strict = memory_capacity(cell, uniform(rng, 1500), max_lag=40, burn_in=100, surrogates=200)
    assert strict.total == 0
    assert found.present == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("surrogate", ["shift", "shuffle"])
def test_thresholds_are_passed_by_chance_as_often_as_they_say(rng, surrogate):
    cell = Elman(np.zeros((5, 5)), rng.normal(size=(5, 1)), rng.normal(size=5))
    found = memory_capacity(
        cell, uniform(rng, 3000), max_lag=400, surrogates=300, surrogate=surrogate, significance=0.05
    )  # fmt: skip
    share = np.mean(found.raw[1:] > found.thresholds)
    assert 0.02 < share < 0.09  # 400 lags: 0.05 ± 0.011, and the threshold from 300 surrogates


def test_surrogates_of_a_slow_series_know_its_correlations(rng):
    """Of a random walk all lags look alike: shuffled targets promise that nothing is known by chance, shifted ones tell
    how much that is."""
    slow = np.convolve(rng.normal(size=5099), np.ones(100) / 10, "valid")[:, None]
    cell = Elman(np.zeros((5, 5)), rng.normal(size=(5, 1)), rng.normal(size=5))
    shifted, shuffled = (
        memory_capacity(cell, slow, max_lag=200, surrogate=kind, burn_in=0) for kind in ("shift", "shuffle")
    )
    assert shifted.chance[0] > 5 * shuffled.chance[0]
    assert shifted.by_lag[149:].sum() == 0  # beyond the 100 steps of the window nothing is known
    assert shuffled.by_lag[149:].sum() > 0


def test_every_lag_of_a_periodic_series_is_known():
    """Two delayed values of a sine determine all others."""
    wave = np.sin(0.1 * np.arange(3000))[:, None]
    found = memory_capacity(delay_line(3), wave, max_lag=20)
    np.testing.assert_allclose(found.by_lag, 1, atol=1e-4)  # the mean of a broken number of periods is not zero


def test_ridge_regression_is_that_of_the_textbook(rng):
    features, targets = rng.normal(size=(300, 4)) @ rng.normal(size=(4, 4)), rng.normal(size=(300, 3))
    for matrix in (None, whitening(features, 1e-16)[1]):
        regression = Regression(features.mean(axis=0), matrix, ridge=25.0)
        regression.add(features[:100], targets[:100])
        regression.add(features[100:], targets[100:])
        found, rank = regression.squared_correlations()
        centred, wanted = features - features.mean(axis=0), targets - targets.mean(axis=0)
        weights = np.linalg.solve(centred.T @ centred + 25.0 * np.eye(4), centred.T @ wanted)
        expected = [np.corrcoef(centred @ w, y)[0, 1] ** 2 for w, y in zip(weights.T, wanted.T)]
        np.testing.assert_allclose(found, expected, rtol=1e-9)
        assert rank == 4


def test_ridge_lowers_what_small_directions_hold(rng):
    cell = Linear(0.9 * np.linalg.qr(rng.normal(size=(6, 6)))[0], rng.normal(size=(6, 1)))
    inputs = uniform(rng)
    free, bound = (memory_capacity(cell, inputs, max_lag=20, ridge=ridge).total for ridge in (0.0, 1e4))
    assert bound < free


@pytest.mark.parametrize("degree", [2, 3])
def test_a_static_polynomial_of_the_input_has_all_its_capacity_where_it_belongs(rng, degree):
    """Units that hold P_1 … P_d of the input of one step ago make one capacity of each degree, lag 1."""
    inputs = uniform(rng, 6000)
    before = np.concatenate([[[0.0]], inputs[:-1]])
    polynomials = legendre(before, degree)[..., 0].T
    cell = Linear(np.zeros((degree, degree)), np.eye(degree))
    from rnncore.memory.targets import Targets

    targets = Targets(inputs, legendre(inputs, degree), 3, list(products(degree, 3, 1)), [], [])
    regression = Regression(polynomials[10:].mean(axis=0))
    regression.add(polynomials[10:], targets.rows(10, 6000))
    found, rank = regression.squared_correlations()
    known = dict(zip(targets.products, found[4:]))
    assert known[((0, 1, degree),)] == pytest.approx(1, abs=1e-9)
    assert rank == cell.state_size
    others = [value for factors, value in known.items() if factors != ((0, 1, degree),)]
    assert max(others) < 0.02  # chance of 1e-3 and correlations of a sample


def test_products_are_split_among_degrees_as_the_network_mixes_them(rng):
    """y = tanh of the last two inputs: an odd function, so that nothing of even degree is held."""
    cell = Chain([delay_line(2), Dense([[1.5, 1.5]], nonlinearity="tanh")])
    found = memory_capacity(
        cell, uniform(rng, 30_000), max_lag=(4, 3, 3), degree=3, readout="outputs", surrogates=100
    )  # fmt: skip
    assert found.by_degree[1] == 0
    assert found.by_degree[0] > 0.9
    assert found.by_degree[2] > 0.02
    assert found.processing == pytest.approx(1, abs=0.03)  # degree 5 and more hold the rest of one output
    assert found.bound == 1
    lags = {lag for term in found.terms for _, lag, _ in term.factors}
    assert lags == {0, 1}
    assert all(sum(degree for _, _, degree in term.factors) == 3 for term in found.terms)
    assert [term.capacity for term in found.terms] == sorted((t.capacity for t in found.terms), reverse=True)


def test_a_product_of_two_inputs_is_found_by_name(rng):
    """x² - y² … of u_t and u_{t-1} by ReLU-free algebra: φ(z) = softplus is curved; an even part of z = u_t + u_{t-1}
    holds the product."""
    up = Chain([delay_line(2), Dense([[1.0, 1.0], [-1.0, -1.0]], nonlinearity="softplus"), Dense([[1.0, 1.0]])])
    found = memory_capacity(up, uniform(rng, 20_000), max_lag=(3, 3), degree=2, readout="outputs")
    assert found.by_degree[0] < 0.01
    assert found.terms[0].factors == ((0, 0, 1), (0, 1, 1))
    assert {term.factors for term in found.terms} == {((0, 0, 1), (0, 1, 1)), ((0, 0, 2),), ((0, 1, 2),)}


def test_empirical_polynomials_serve_inputs_of_any_distribution(rng):
    inputs = rng.exponential(size=(20_000, 1))
    cell = Chain([delay_line(2), Dense([[1.0, 1.0]], nonlinearity="tanh")])
    options = {"max_lag": (3, 3, 3), "degree": 3, "readout": "outputs"}
    with pytest.raises(ValueError, match=r'within \[-1, 1\].*basis="empirical"'):
        memory_capacity(cell, inputs, **options)
    found = memory_capacity(cell, inputs, basis="empirical", **options)
    assert 0.9 < found.processing <= 1.01


def test_polynomials_are_orthonormal(rng):
    nodes, weights = np.polynomial.legendre.leggauss(30)
    table = np.vstack([np.ones(30), legendre(nodes, 6)])
    np.testing.assert_allclose(table * weights / 2 @ table.T, np.eye(7), atol=1e-13)
    values = rng.exponential(size=(500, 2))
    table = orthonormal_polynomials(values, 4)
    for channel in range(2):
        both = np.vstack([np.ones(500), table[..., channel]])
        np.testing.assert_allclose(both @ both.T / 500, np.eye(5), atol=1e-9)
    assert (orthonormal_polynomials(np.resize([0.0, 1.0], (10, 1)), 3)[1:] == 0).all()


@pytest.mark.parametrize(("degree", "lags", "channels"), [(2, 3, 1), (3, 4, 2), (4, 2, 1)])
def test_products_are_counted_and_each_comes_once(degree, lags, channels):
    found = list(products(degree, lags, channels))
    assert len(found) == len(set(found)) == count_products(degree, lags, channels)
    for factors in found:
        assert sum(d for _, _, d in factors) == degree
        assert len({place[:2] for place in factors}) == len(factors)


@pytest.mark.parametrize("name", KINDS)
def test_every_cell_has_a_capacity_on_every_backend(name):
    case = experiment(name, np.float64, steps=400)
    if not case.cell.state_size or not case.cell.input_size:
        with pytest.raises(ValueError, match=r"no state|no input"):
            memory_capacity(case.cell, case.inputs, max_lag=5)
        return
    # Without ridge, directions of the state near rounding hold something else on another backend; with it, rounding is
    # enlarged by at most 1 / ridge = 1e6, and of the longest chain 1e-6 is left of that.
    options = {"max_lag": 5, "state": case.state, "significance": None, "ridge": 1e-6}
    found = [memory_capacity(case.cell, case.inputs, backend=b, **options) for b in ("reference", "native")]
    np.testing.assert_allclose(found[0].raw, found[1].raw, atol=1e-5)
    assert found[0].raw.max() <= 1 + 1e-9


def test_a_batch_gives_what_its_sequences_give_alone(rng):
    cell = Elman(0.3 * rng.normal(size=(6, 6)), rng.normal(size=(6, 1)))
    inputs = rng.uniform(-1, 1, size=(1000, 3, 1))
    together = memory_capacity(cell, inputs, max_lag=8, surrogates=0)
    for sequence, found in enumerate(together):
        alone = memory_capacity(cell, inputs[:, sequence], max_lag=8, surrogates=0)
        np.testing.assert_allclose(found.raw, alone.raw, atol=1e-10)


def test_runs_too_large_to_hold_are_walked_again(rng, monkeypatch):
    """Delays and a badly conditioned mix, so that there is a second pass."""
    mixing = np.linalg.qr(rng.normal(size=(6, 6)))[0] @ np.diag(np.geomspace(1, 1e-6, 6))
    cell = Chain([delay_line(6), Linear(np.zeros((6, 6)), mixing)])
    inputs = uniform(rng, 5000)
    held = memory_capacity(cell, inputs, max_lag=8, threads=1)
    monkeypatch.setattr("rnncore.memory.run_states._HELD_BYTES", 0)
    for threads in (1, 2):
        walked = memory_capacity(cell, inputs, max_lag=8, threads=threads)
        np.testing.assert_array_equal(held.raw, walked.raw)


def test_units_that_never_move_do_no_harm(rng):
    cell = Elman(np.zeros((4, 4)), [[1.0], [0.5], [0.0], [0.0]], [0.0, 0.0, -3.0, 5.0], nonlinearity="relu")
    found = memory_capacity(cell, uniform(rng), max_lag=3)
    assert found.bound == 1
    assert 0 < found.present < 1
    still = memory_capacity(cell.replace(weight_ih=np.zeros((4, 1))), uniform(rng), max_lag=3)
    assert (still.total, still.present, still.bound) == (0, 0, 0)


def test_made_up_inputs_are_reproducible(rng):
    cell = Elman([[0.5]], [[1.0]])
    first, second, third = (memory_capacity(cell, max_lag=4, steps=2000, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.raw, second.raw)
    assert (first.raw != third.raw).any()
    assert first.to_dict()["processing"] == first.processing
    assert "total" in repr(first)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), size=st.integers(1, 12), gain=st.floats(0.1, 2.0))
def test_capacities_under_independent_inputs_do_not_exceed_the_states(seed, size, gain):
    rng = np.random.default_rng(seed)
    cell = Elman(gain * rng.normal(size=(size, size)) / np.sqrt(size), rng.normal(size=(size, 1)))
    found = memory_capacity(cell, uniform(rng, 4000), max_lag=(20, 4), degree=2)
    assert found.raw.max() <= 1 + 1e-9
    assert found.processing <= size + 0.15 * np.sqrt(size)  # sampling
    assert 0 <= found.total <= found.by_degree[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_lag": 0}, "max_lag must be at least 1"),
        ({"max_lag": (3, 4)}, "one for each degree"),
        ({"degree": 0}, "degree must be at least 1"),
        ({"degree": 3, "max_lag": 200}, "too many; give each degree"),
        ({"basis": "hermite"}, "basis must be one of"),
        ({"readout": "hidden"}, "readout must be one of"),
        ({"surrogate": "phase"}, "surrogate must be one of"),
        ({"surrogates": 3}, "surrogates must be 0"),
        ({"significance": 1.0}, "significance must be in"),
        ({"ridge": -1.0}, "ridge must be finite and not negative"),
        ({"max_lag": 1999}, "series must be longer"),
        ({"max_lag": 500}, "series must be longer"),
        ({"burn_in": 1998}, "series must be longer"),
        ({"burn_in": 2000}, "burn_in must be less than"),
        ({"seed": -1}, "seed must be at least 0"),
    ],
)
def test_bad_arguments_are_named(rng, options, words):
    with pytest.raises(ValueError, match=words):
        memory_capacity(Elman([[0.5]], [[1.0]]), uniform(rng, 2000), **{"max_lag": 5} | options)


def test_constant_columns_are_named(rng):
    inputs = uniform(rng, 1000, 2)
    inputs[:, 1] = 3.5
    with pytest.raises(ValueError, match=r"column 1 is constant, 3\.5"):
        memory_capacity(Elman([[0.5]], [[1.0, 1.0]]), inputs, max_lag=5)


def test_a_run_that_diverges_is_told(rng):
    with pytest.raises(ValueError, match="must stay bounded"):
        memory_capacity(Linear([[3.0]], [[1.0]]), uniform(rng, 500), max_lag=5)
    with pytest.raises(rnncore.NonFiniteError):
        memory_capacity(Linear([[1e30]], [[1.0]]), uniform(rng, 500), max_lag=5)
