"""What remains of perturbations, where theory says it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rnncore
from rnncore import GRU, LSTM, Chain, Dense, Diagonal, Elman, GatedDiagonal, Linear, MatrixSequence, memory_horizon
from tests.contract.examples import KINDS, experiment


def series(rng, steps=2000, channels=1):
    return rng.normal(size=(steps, channels))


@pytest.mark.parametrize("size", [None, 0.5])
@pytest.mark.parametrize("factor", [0.2, 0.9, -0.95, 0.99])
def test_a_scalar_recursion_forgets_state_and_input_at_its_own_rate(rng, factor, size):
    found = memory_horizon(Linear([[factor]], [[3.0]]), series(rng, 5000), starts=200, size=size)
    expected = int(np.ceil(np.log(0.01) / np.log(abs(factor))))
    assert found.verdict == "forgets"
    assert found.steps == found.first_steps == found.input_steps == expected
    assert found.steps_of_starts == (expected,) * 5
    assert found.decay.law == "exponential"
    # Differences of states as large as 1 are told to 1e-16, and the fit goes down to 1e-12 of them: 1e-4 of ln.
    rel = 1e-9 if size is None else 1e-3
    assert found.decay.rate == pytest.approx(np.log(abs(factor)), rel=rel)
    low, high = found.decay.rate_interval
    assert low <= found.decay.rate <= high
    assert high - low <= rel * abs(found.decay.rate)
    assert found.time_constant == pytest.approx(-1 / np.log(abs(factor)), rel=rel)


def test_the_curve_is_the_norm_of_powers_of_a_matrix(rng):
    """For a normal matrix with eigenvalues of one magnitude every direction shrinks alike."""
    rotation = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    found = memory_horizon(Linear(0.8 * rotation, rng.normal(size=(6, 2))), series(rng, 500, 2), max_lag=40)
    np.testing.assert_allclose(found.percentiles, np.tile(0.8 ** np.arange(41.0), (5, 1)), rtol=1e-12)
    np.testing.assert_allclose(found.input_percentiles, found.percentiles, rtol=1e-12)


@pytest.mark.parametrize("starts", [20, 400])
def test_tangents_along_a_nonlinear_run_are_products_of_its_jacobians(rng, starts):
    """Whether starts share a stretch (400 of them) or not: one direction has the percentiles of single products."""
    cell = Elman([[1.1]], [[0.7]], leak=0.6)  # one unit: the only direction is known
    inputs = series(rng, 600)
    found = memory_horizon(cell, inputs, max_lag=30, starts=starts, burn_in=0)
    states = np.concatenate([[[0.0]], rnncore.simulate(cell, inputs).outputs])[:, 0]
    slopes = 0.4 + 0.6 * (1 - ((states[1:] - 0.4 * states[:-1]) / 0.6) ** 2) * 1.1
    products = np.array([np.prod(slopes[t : t + 30]) for t in range(570)])
    assert found.starts >= min(starts, 569) - 16  # stretches that share are equally long
    # Random starts of 570: quantiles of a sample lie within those of the whole, three deviations of a rank around it.
    for q, remains in zip((10, 25, 50, 75, 90), found.percentiles[:, -1]):
        width = 100 * 3 * np.sqrt(q / 100 * (1 - q / 100) / found.starts)
        low, high = np.percentile(products, np.clip([q - width, q + width], 0, 100))
        assert low <= remains <= high


def test_small_finite_perturbations_are_tangents(rng):
    cell = Elman(0.9 * np.linalg.qr(rng.normal(size=(5, 5)))[0], rng.normal(size=(5, 1)))
    inputs = series(rng, 400)
    options = {"max_lag": 25, "starts": 15, "seed": 3}  # so few that neither shares a stretch: the same starts
    tangents, runs = memory_horizon(cell, inputs, **options), memory_horizon(cell, inputs, size=1e-6, **options)
    # Of the order of the size, and of rounding over what is left of it.
    np.testing.assert_allclose(runs.percentiles, tangents.percentiles, rtol=1e-4)
    np.testing.assert_allclose(runs.input_percentiles, tangents.input_percentiles, rtol=1e-4)


def test_small_perturbations_grow_where_large_ones_saturate():
    """From the fixed point 0 of x → tanh(2 x) small differences double; large ones end at a fixed point x* of either
    sign, 0.9575 from 0."""
    cell, options = Elman([[2.0]]), {"steps": 200, "max_lag": 60, "starts": 10, "state": [0.0]}
    small = memory_horizon(cell, **options)
    np.testing.assert_allclose(small.curve, 2.0 ** np.arange(61), rtol=1e-12)
    assert small.verdict == "does not forget"
    large = memory_horizon(cell, size=3.0, **options)
    assert large.curve[-1] == pytest.approx(0.957504024 / 3, rel=1e-6)
    assert large.verdict == "does not forget"


def test_a_nilpotent_matrix_wipes_out_everything(rng):
    found = memory_horizon(Linear(np.diag(np.ones(4), 1), np.eye(5)[:, 4:]), series(rng))
    assert found.verdict == "forgets"
    assert (found.curve[5:] == 0).all()
    assert found.curve[4] > 0
    np.testing.assert_array_equal(found.input_curve[:7], [1, 1, 1, 1, 1, 0, 0])
    assert found.steps == found.input_steps == 5
    assert "nothing remains from lag 5 on" in found.explanation


def test_a_zero_matrix_keeps_nothing(rng):
    found = memory_horizon(Linear(np.zeros((3, 3)), np.ones((3, 1))), series(rng))
    assert found.steps == 1
    assert (found.curve[1:] == 0).all()
    assert found.decay is None


def test_a_rotation_never_forgets(rng):
    found = memory_horizon(Linear([[0.6, 0.8], [-0.8, 0.6]], [[1.0], [0.0]]), series(rng))
    assert (found.verdict, found.steps, found.time_constant, found.duration) == ("does not forget", None, None, None)
    np.testing.assert_allclose(found.curve, 1, rtol=1e-10)


def test_a_slow_mode_in_too_short_a_series_is_no_verdict(rng):
    found = memory_horizon(Linear([[0.999]], [[1.0]]), series(rng, 1000))
    assert found.verdict == "cannot say"
    more = np.log(0.01) / np.log(0.999) - (len(found.lags) - 1)
    assert f"about {more:,.4g} more" in found.explanation


def test_many_time_constants_make_a_power_law(rng):
    """Log-uniform time constants τ with weights w² ∝ 1/τ: what an input leaves is the root of Σ w² exp(-2k/τ) ~ 1/k."""
    constants = np.geomspace(1, 1e5, 400)
    weights = constants**-0.5
    found = memory_horizon(
        Diagonal(np.exp(-1 / constants), weights[:, None]), series(rng, 8000), max_lag=3000, starts=50
    )  # fmt: skip
    assert found.input_decay.law == "power law"
    assert found.input_decay.exponent == pytest.approx(-0.5, abs=0.02)  # ends of the range of time constants show


def test_the_confidence_of_a_rate_covers_the_exponent_of_the_run(rng):
    cell = Elman([[1.2]], [[1.0]], nonlinearity="tanh")
    inputs = series(rng, 40_000)
    found = memory_horizon(cell, inputs, starts=4000, max_lag=60)
    exponent = rnncore.lyapunov_spectrum(cell, inputs).exponents[0]
    low, high = found.decay.rate_interval
    # The median of products of single slopes has the rate of the mean logarithm up to terms of 1/lag.
    assert low - 0.02 < exponent < high + 0.02


@pytest.mark.parametrize("name", KINDS)
def test_every_cell_has_a_horizon_on_every_backend(name):
    case = experiment(name, np.float64, steps=300)
    if not case.cell.state_size:
        with pytest.raises(ValueError, match="no state"):
            memory_horizon(case.cell, case.inputs, steps=None if case.inputs is not None else 300)
        return
    steps = None if case.inputs is not None else case.steps
    options = {"steps": steps, "state": case.state, "max_lag": 12, "starts": 40}
    found = [memory_horizon(case.cell, case.inputs, backend=b, **options) for b in ("reference", "native")]
    # Twelve Jacobians of norm 1 or so, in two orders of summation.
    np.testing.assert_allclose(found[0].percentiles, found[1].percentiles, rtol=1e-9, atol=1e-13)
    assert (found[0].input_curve is None) == (case.inputs is None)
    second = memory_horizon(case.cell, case.inputs, size=1e-5, **options)
    np.testing.assert_allclose(second.curve[:3], found[1].curve[:3], rtol=0.5, atol=1e-6)  # other starts, alike


def test_every_backend_follows_the_same_perturbations(rng, backend):
    cell = Elman(0.5 * rng.normal(size=(4, 4)), rng.normal(size=(4, 2)), leak=0.7)
    inputs = series(rng, 300, 2)
    for size in (None, 1.0):
        options = {"size": size, "max_lag": 10, "starts": 60}
        found, true = (memory_horizon(cell, inputs, backend=b, **options) for b in (backend, "reference"))
        np.testing.assert_allclose(found.percentiles, true.percentiles, rtol=1e-10)
        np.testing.assert_allclose(found.input_percentiles, true.input_percentiles, rtol=1e-10)


@pytest.mark.parametrize("gate", ["LSTM", "GRU", "GatedDiagonal"])
def test_gates_that_stand_at_a_value_keep_that_much(rng, gate):
    """With all other weights zero the gate is the whole Jacobian of the memory."""
    opening = np.log(0.9 / 0.1)  # σ of this is 0.9
    if gate == "LSTM":
        weights = np.zeros((4, 1))
        weights[2] = 1.0
        cell = LSTM(np.zeros((4, 1)), weights, [0.0, opening, 0.0, 0.0])
    elif gate == "GRU":
        cell = GRU(np.zeros((3, 1)), [[0.0], [0.0], [1.0]], [0.0, opening, 0.0])
    else:
        cell = GatedDiagonal([[1.0]], [[0.0]], None, [opening])
    found = memory_horizon(cell, series(rng), max_lag=100)
    assert found.decay.rate == pytest.approx(np.log(0.9), rel=0.01)  # h of the LSTM adds a slope of tanh that varies
    assert found.decay.law == "exponential"


def test_a_matrix_sequence_is_followed_through_its_own_matrices(rng):
    matrices = np.exp(rng.normal(-0.1, 0.3, size=(400, 1, 1)))
    found = memory_horizon(MatrixSequence(matrices), max_lag=10, starts=300, burn_in=0, state=[1.0])
    products = np.array([matrices[t : t + 10].prod() for t in range(390)])
    assert products.min() <= found.percentiles[:, -1].min()
    assert found.curve[-1] == pytest.approx(np.median(products), rel=0.1)
    runs = memory_horizon(MatrixSequence(matrices), max_lag=10, starts=300, burn_in=0, state=[1.0], size=1.0)
    assert runs.curve[-1] == pytest.approx(np.median(products), rel=0.1)


def test_a_chain_is_followed_as_a_whole(rng):
    cell = Chain([Linear([[0.5]], [[1.0]]), Linear([[0.9]], [[1.0]]), Dense([[2.0]])])
    found = memory_horizon(cell, series(rng), max_lag=120)
    assert found.decay.rate == pytest.approx(np.log(0.9), rel=0.01)  # the slower of its two modes, after the faster


def test_a_batch_gives_what_its_sequences_give_alone(rng):
    cell = Elman([[0.9]], [[1.0]])
    inputs = rng.normal(size=(500, 2, 1)) * [[1.0], [3.0]]
    both = memory_horizon(cell, inputs, max_lag=20, starts=50)
    assert len(both) == 2
    assert both[1].steps < both[0].steps  # a larger input saturates
    alone = memory_horizon(cell, inputs[:, 1], max_lag=20, starts=50)
    assert alone.steps == pytest.approx(both[1].steps, abs=1)  # other directions, the same starts


def test_results_do_not_depend_on_threads_chunk_or_dtype_of_the_inputs(rng):
    cell = Elman(0.5 * rng.normal(size=(8, 8)), rng.normal(size=(8, 1)))
    inputs = series(rng, 1500).astype(np.float32)
    first = memory_horizon(cell, inputs, starts=300, threads=1)
    for options in ({"threads": 2}, {"chunk": 7}, {"progress": lambda done, total: None}):
        second = memory_horizon(cell, inputs, starts=300, **options)
        np.testing.assert_array_equal(first.percentiles, second.percentiles)
    np.testing.assert_array_equal(memory_horizon(cell, inputs.astype(float), starts=300).curve, first.curve)


@pytest.mark.parametrize("size", [None, 1.0])
@pytest.mark.parametrize("autonomous", [False, True])
def test_progress_ends_at_its_total(rng, size, autonomous):
    cell = Elman([[0.5]], None if autonomous else [[1.0]])
    seen = []
    memory_horizon(
        cell, None if autonomous else series(rng, 300), steps=300 if autonomous else None, state=[0.3], max_lag=20,
        size=size, progress=lambda *pair: seen.append(pair),
    )  # fmt: skip
    assert seen[-1][0] == seen[-1][1]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_time_is_told_in_the_unit_of_the_series(rng):
    found = memory_horizon(Linear([[0.5]], [[1.0]]), series(rng), interval=0.25, unit="hours")
    assert (found.steps, found.duration, found.unit) == (7, 1.75, "hours")
    facts = found.to_dict()
    assert facts["duration"] == 1.75
    assert facts["decay"]["law"] == "exponential"


def test_a_constant_series_is_perturbed_all_the_same():
    found = memory_horizon(Linear([[0.5]], [[1.0]]), np.ones((500, 1)))
    assert found.steps == found.input_steps == 7
    assert memory_horizon(Linear([[0.5]], [[1.0]]), np.ones((500, 1)), size=1.0).steps == 7


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), size=st.integers(1, 6), norm=st.floats(0.05, 0.98))
def test_a_contraction_forgets_at_least_as_fast_as_its_norm(seed, size, norm):
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(size, size))
    weights *= norm / np.linalg.norm(weights, 2)
    found = memory_horizon(Elman(weights, rng.normal(size=(size, 1))), rng.normal(size=(200, 1)), max_lag=30, starts=20)
    bound = norm ** np.arange(31.0)
    assert (found.percentiles <= bound * (1 + 1e-10)).all()  # thirty products
    assert (found.input_percentiles <= bound * (1 + 1e-10)).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"threshold": 0.0}, "threshold must be in"),
        ({"threshold": 1.0}, "threshold must be in"),
        ({"threshold": float("nan")}, "threshold must be in"),
        ({"max_lag": 0}, "max_lag must be at least 1"),
        ({"max_lag": 200}, r"burn_in \+ max_lag, 20 \+ 200"),
        ({"burn_in": 200}, "burn_in must be less than"),
        ({"starts": 0}, "starts must be at least 1"),
        ({"size": -1.0}, "size must be positive"),
        ({"size": float("inf")}, "size must be positive"),
        ({"interval": 0.0}, "interval must be positive"),
    ],
)
def test_bad_arguments_are_named(rng, options, words):
    with pytest.raises(ValueError, match=words):
        memory_horizon(Linear([[0.5]], [[1.0]]), series(rng, 200), **options)


def test_what_is_no_cell_no_unit_or_too_short_is_named(rng):
    with pytest.raises(TypeError, match="cell must be a cell"):
        memory_horizon([[0.5]], series(rng))
    with pytest.raises(TypeError, match="unit must be a string"):
        memory_horizon(Linear([[0.5]], [[1.0]]), series(rng), unit=3)
    with pytest.raises(ValueError, match="must be longer than burn_in"):
        memory_horizon(Linear([[0.5]], [[1.0]]), np.ones((1, 1)))
    with pytest.raises(ValueError, match="must be finite"):
        memory_horizon(Linear([[0.5]], [[1.0]]), np.full((50, 1), np.nan))


def test_a_run_that_diverges_is_told():
    with pytest.raises(rnncore.NonFiniteError):
        memory_horizon(Linear([[1e30]], [[1.0]]), np.ones((200, 1)))
