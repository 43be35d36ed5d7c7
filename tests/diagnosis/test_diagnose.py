"""The page's other facts, on models and series for which they are known."""

import json

import numpy as np
import pytest
import scipy.sparse

import rnncore
from rnncore import Chain, DelayLine, Dense, Elman, Linear, MatrixSequence
from rnncore.data import MODEL, SERIES
from rnncore.io import read_series


@pytest.fixture(scope="module")
def embedded():
    return rnncore.diagnose()


def test_the_embedded_network_beats_persistence_on_held_back_data(embedded):
    forecast = embedded.forecast
    values = read_series(SERIES).values
    assert len(values) == 8730
    outputs = rnncore.simulate(rnncore.load(MODEL), values, backend="reference").outputs[6547:-6, 0]
    truth, present = values[6553:, 0], values[6547:-6, 0]
    assert forecast.rmse == pytest.approx(np.sqrt(np.mean((outputs - truth) ** 2)), rel=1e-4)
    assert forecast.persistence_rmse == pytest.approx(np.sqrt(np.mean((present - truth) ** 2)))
    assert (forecast.steps, forecast.horizon, forecast.unit, forecast.time_unit) == (2177, 6, "°C", "hours")
    assert forecast.improvement > 0.2


def test_the_embedded_network_forgets_in_about_five_days(embedded):
    assert embedded.forgetting.verdict == "forgets"
    assert embedded.forgetting.unit == "hours"
    assert 96 < embedded.forgetting.duration_for_good < 168


def test_the_embedded_networks_gates_keep_about_a_day(embedded):
    (memory,) = embedded.memories
    assert (memory.cell, memory.units, memory.unit) == ("LSTM", 48, "hours")
    assert 18 < max(memory.time_constants) < 36
    assert embedded.gradients.verdict == "vanish"
    assert {gate.gate for gate in embedded.gates} == {"input", "forget", "output"}


def test_repeating_the_series_is_the_same_as_running_over_copies_of_it(rng, backend):
    cell = Elman(rng.normal(size=(5, 5)), rng.normal(size=(5, 2)), leak=0.4)
    inputs = rng.normal(size=(70, 2))
    found = rnncore.diagnose(cell, inputs, steps=10_007, backend=backend)
    states = rnncore.simulate(cell, np.tile(inputs, (143, 1))[:10_007], backend=backend).outputs
    assert (found.run.steps, found.run.backend) == (10_007, backend)
    assert found.boundedness.largest == np.abs(states).max()
    assert found.boundedness.largest_step == np.abs(states).max(axis=1).argmax() + 1


@pytest.mark.parametrize("leak", [1.0, 0.3])
@pytest.mark.parametrize("nonlinearity", ["tanh", "sigmoid", "relu", "elu", "softplus"])
def test_saturation_is_the_share_of_flat_activations(nonlinearity, leak, rng):
    cell = Elman(rng.normal(size=(6, 6)) / 6, 3 * rng.normal(size=(6, 2)), nonlinearity=nonlinearity, leak=leak)
    inputs = rng.normal(size=(3000, 2))
    states = np.vstack([np.zeros(6), rnncore.simulate(cell, inputs).outputs])
    z = states[:-1] @ cell.parameters["weight_hh"].T + inputs @ cell.parameters["weight_ih"].T
    flat = {
        "tanh": np.abs(np.tanh(z)) > 0.99,
        "sigmoid": np.abs(np.tanh(z / 2)) > 0.99,
        "relu": z <= 0,
        "elu": np.expm1(np.minimum(z, 0)) < -0.99,
        "softplus": np.logaddexp(0, z) < 0.01,
    }[nonlinearity]
    (found,) = rnncore.diagnose(cell, inputs).saturation
    assert found.share == pytest.approx(flat.mean(), abs=1e-3)
    assert found.always == flat.all(axis=0).sum()


def test_a_unit_that_never_moves_is_counted(rng):
    cell = Elman(np.zeros((2, 2)), bias_ih=[-1.0, 1.0], nonlinearity="relu")
    (found,) = rnncore.diagnose(cell, steps=50).saturation
    assert (found.share, found.always, found.units) == (0.5, 1, 2)


def test_norms_and_spectral_radius(rng):
    weight = rng.normal(size=(30, 30))
    expected = [np.abs(np.linalg.eigvals(weight)).max(), *(np.linalg.norm(weight, p) for p in (1, 2, np.inf))]
    for matrix in (weight, scipy.sparse.csr_array(weight)):
        (found,) = rnncore.diagnose(Elman(matrix, leak=0.5), steps=5).recurrence
        np.testing.assert_allclose([found.spectral_radius, found.norm_1, found.norm_2, found.norm_inf], expected)
        assert found.leaky_spectral_radius == pytest.approx(
            np.abs(np.linalg.eigvals(0.5 * np.eye(30) + 0.5 * weight)).max()
        )


@pytest.mark.parametrize("dense", [False, True])
def test_large_matrices_are_described_by_iteration(dense, rng):
    size = 600
    weight = scipy.sparse.random_array((size, size), density=0.01, rng=rng, data_sampler=rng.normal, format="csr")
    full = weight.toarray()
    (found,) = rnncore.diagnose(Elman(full if dense else weight, leak=0.9), steps=3).recurrence
    values = np.linalg.eigvals(full)
    assert found.spectral_radius == pytest.approx(np.abs(values).max(), rel=1e-6)
    assert found.leaky_spectral_radius == pytest.approx(np.abs(0.1 + 0.9 * values).max(), rel=1e-6)
    assert found.norm_2 == pytest.approx(np.linalg.norm(full, 2), rel=1e-6)


def test_a_large_nilpotent_matrix_is_no_failure():
    size = 600
    shift = scipy.sparse.diags_array([np.ones(size - 1)], offsets=[1], format="csr")
    (found,) = rnncore.diagnose(Linear(shift), steps=3).recurrence
    assert found.spectral_radius is None or found.spectral_radius < 1
    assert found.norm_1 == 1


@pytest.mark.parametrize(
    "factor, verdict",
    [(0.5, "no growth seen"), (1.0, "no growth seen"), (1.05, "still growing"), (2.0, "left the finite")],
)
def test_growth_is_seen(factor, verdict):
    found = rnncore.diagnose(Linear([[factor]]), steps=2000, state=[1.0]).boundedness
    assert found.verdict.startswith(verdict)


def test_the_step_that_leaves_the_finite_numbers_is_named():
    found = rnncore.diagnose(Linear([[2.0]]), steps=100_000, state=[1.0]).boundedness
    assert (found.left_finite_numbers, found.largest, found.largest_step) == (1024, 2.0**1023, 1023)


def test_a_forecast_is_judged_against_persistence():
    steps = np.arange(400.0)[:, None]
    found = rnncore.diagnose(Dense([[1.0]], [2.0]), steps, horizon=3).forecast
    assert (found.rmse, found.persistence_rmse, found.steps, found.first_step) == (1, 3, 97, 300)
    assert found.improvement == pytest.approx(2 / 3)
    half = rnncore.diagnose(Dense([[1.0]]), steps, horizon=3, held_back=0.5).forecast
    assert (half.steps, half.improvement) == (197, 0)


@pytest.mark.parametrize(
    "cell, options, why",
    [
        (Linear([[0.5]], [[1.0]]), {}, "no horizon"),
        (Linear([[0.5]], [[1.0]]), {"horizon": 99}, "ends before"),
        (Linear([[0.5]], [[1.0]]), {"horizon": 1, "steps": 10}, "does not reach"),
        (Linear(np.eye(3) / 2, np.ones((3, 1))), {"horizon": 1}, "3 outputs"),
    ],
)
def test_without_a_forecast_the_page_says_why(cell, options, why):
    found = rnncore.diagnose(cell, np.ones((100, 1)), **options)
    assert found.forecast is None and why in found.no_forecast
    assert why in found.summary()


MODELS = {
    "linear": Linear([[0.5]], [[1.0]]),
    "relu": Elman(0.5 * np.eye(3), np.ones((3, 1)), nonlinearity="relu"),
    "diverging": Linear([[10.0]], [[1.0]]),
    "readout": Chain([Elman(0.5 * np.eye(3), np.ones((3, 1))), Dense(np.ones((1, 3)))]),
    "two layers": Chain([Elman(np.eye(2) / 2, np.ones((2, 1))), Elman(np.eye(9) / 2, np.ones((9, 2)))]),
    "dense": Dense([[1.0]]),
    "float32": Linear(np.full((1, 1), 0.5, np.float32), np.ones((1, 1), np.float32)),
}


@pytest.mark.parametrize("shape", [(300, 1), (300, 4, 1), (1, 1)])
@pytest.mark.parametrize("name", MODELS)
def test_every_model_and_series_gets_a_page_a_picture_and_json(name, shape, rng, tmp_path):
    found = rnncore.diagnose(MODELS[name], rng.normal(size=shape), horizon=1)
    assert "HOW FAST IT FORGETS" in str(found)
    facts = json.loads(found.to_json())
    assert facts["run"]["steps"] == found.run.steps
    assert facts["forgetting"]["verdict"] == found.forgetting.verdict
    from matplotlib.figure import Figure

    figure = found.plot(Figure(figsize=(12, 7.4), layout="constrained"))
    figure.savefig(tmp_path / "page.png")
    assert all(ax.get_xlabel() and ax.get_title(loc="left") for ax in figure.axes)


def test_models_without_input_start_at_random_and_take_steps():
    found = rnncore.diagnose(Elman([[0.5]]), steps=10)
    assert found.run.series == "none (autonomous)" and found.boundedness.largest > 0
    assert rnncore.diagnose(MatrixSequence(np.full((30, 1, 1), 0.5))).run.steps == 30


CELL = Elman(0.5 * np.eye(2), np.ones((2, 3)))


@pytest.mark.parametrize(
    "arguments, options, message",
    [
        ((CELL, np.ones((9, 2))), {}, "takes 3 values a step but array has 2 columns"),
        ((CELL, np.ones((9, 4))), {}, "choose some of them"),
        ((CELL,), {}, "inputs are missing"),
        ((None, np.ones((9, 3))), {}, "without a model"),
        ((CELL, np.ones((0, 3))), {}, "no steps"),
        ((CELL, np.ones(9)), {}, "inputs must have shape"),
        ((CELL, np.full((9, 3), np.nan)), {}, "inputs must be finite"),
        ((CELL, np.ones((9, 3))), {"steps": 0}, "steps must be at least 1"),
        ((CELL, np.ones((9, 3))), {"standardize": True}, "column '0' is constant"),
        ((CELL, np.ones((9, 3))), {"interval": 0}, "interval must be positive"),
        ((CELL, np.ones((9, 3))), {"horizon": 0}, "horizon must be at least 1"),
        ((CELL, np.ones((9, 3))), {"horizon": 1, "held_back": 2}, "held_back must be"),
        ((CELL, np.ones((9, 3))), {"backend": "gpu"}, "backend must be one of"),
        ((CELL, np.ones((9, 3))), {"state": np.zeros(5)}, "state must have shape"),
        ((CELL, np.ones((9, 3))), {"state": [np.nan, 0.0]}, "state must be finite"),
        ((CELL, np.ones((9, 3))), {"held_back": np.inf}, "held_back must be a share"),
        ((CELL, np.ones((9, 3))), {"held_back": "half"}, "held_back must be a number"),
        ((CELL, np.ones((9, 3))), {"horizon": "x"}, "horizon must be an integer"),
        ((CELL, np.ones((9, 3))), {"interval": "hour"}, "interval must be a number"),
        ((CELL, np.ones((9, 3))), {"interval": 10**400}, "interval must be positive"),
        ((CELL, np.ones((9, 3))), {"unit": 3}, "unit must be a string"),
        ((CELL, np.ones((9, 3))), {"standardize": "yes"}, "standardize must be True or False"),
        ((MatrixSequence(np.ones((3, 1, 1))),), {"steps": 4}, "matrices for 3 steps"),
    ],
)
def test_wrong_arguments_are_named(arguments, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        rnncore.diagnose(*arguments, **options)


def test_what_overflows_the_models_precision_is_an_error():
    with pytest.raises(ValueError, match="finite in float32"):
        rnncore.diagnose(MODELS["float32"], np.full((9, 1), 1e300))


def test_standardised_columns_have_mean_zero_and_deviation_one(rng):
    inputs = 50 + 9 * rng.normal(size=(500, 1))
    found = rnncore.diagnose(Linear([[0.0]], [[1.0]]), inputs, standardize=True)
    assert found.boundedness.largest == pytest.approx(np.abs((inputs - inputs.mean()) / inputs.std()).max())


def test_a_sound_file_brings_its_own_time(tmp_path):
    import scipy.io.wavfile

    scipy.io.wavfile.write(tmp_path / "s.wav", 1000, np.zeros(2000, np.int16))
    found = rnncore.diagnose(Linear([[0.9]], [[1.0]]), tmp_path / "s.wav").forgetting
    assert (found.duration, found.unit) == (0.044, "seconds")


def test_a_time_delay_network_forgets_after_as_many_steps_as_it_holds(rng, backend):
    cell = Chain([DelayLine(12, 2), Dense(rng.normal(size=(5, 24)) / 5, nonlinearity="tanh"), Dense(np.ones((1, 5)))])
    found = rnncore.diagnose(cell, rng.normal(size=(1500, 2)), interval=0.5, unit="hours", backend=backend)
    page = " ".join(found.summary().split())
    assert (found.forgetting.verdict, found.forgetting.steps, found.forgetting.steps_for_good) == ("forgets", 12, 12)
    assert "the two runs are identical from step 12 on" in page
    assert found.gradients.exponents == (-np.inf,) * 8 and found.gradients.zero_from == 12
    assert "A gradient is exactly zero from 6 hours back on" in page
    assert found.recall.horizon.steps == 12 and found.recall.horizon.verdict == "forgets"
    assert found.recall.capacity.bound == 24 and found.recall.capacity.by_lag[0] > 1.9
    # The present is held as well, and is no lag.
    np.testing.assert_allclose(found.recall.capacity.by_lag[:11], 2, atol=1e-9)
    assert found.recall.capacity.by_lag[12:].max() < 0.3
    assert "DelayLine 2 → 24 (12 steps)" in page and found.boundedness.verdict == "no growth seen"
    json.loads(found.to_json())


def test_what_a_delay_line_takes_from_tanh_stays_within_one(rng):
    squashed = Chain([Dense(np.ones((2, 1)), nonlinearity="tanh"), DelayLine(3, 2), Dense(np.ones((1, 6)))])
    found = rnncore.diagnose(squashed, 9 * rng.normal(size=(200, 1)), backend="reference")
    assert found.boundedness.cannot_exceed == 1
    raw = Chain([DelayLine(3, 1), Dense(np.ones((1, 3)), nonlinearity="tanh")])
    assert rnncore.diagnose(raw, rng.normal(size=(200, 1)), backend="reference").boundedness.cannot_exceed is None
