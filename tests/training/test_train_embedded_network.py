"""The network of ``rnncore diagnose``, and the script that trained it."""

import numpy as np
import pytest

import rnncore
from rnncore.data import MODEL, SERIES
from rnncore.io import read_model, read_series

TRAINED, VALIDATED = 6547, 5237  # hours


@pytest.fixture
def script(example):
    return example("train_embedded_network")


@pytest.fixture(scope="module")
def temperature():
    return read_series(SERIES).values[:, 0]


def test_the_network_beats_the_echo_state_network_and_persistence_on_held_back_hours(script, temperature):
    network = read_model(MODEL)
    echo = script.fit_echo_state_network(temperature[:TRAINED], VALIDATED)
    forecasts = (script.forecast(network.cell, temperature), script.forecast(echo, temperature), temperature)
    trained, fitted, persistence = (script.error(values, temperature, TRAINED) for values in forecasts)
    # Root mean squares as data/README.md has them; backends differ by rounding, far below a hundredth of a degree.
    assert (trained, fitted, persistence) == pytest.approx((2.44, 2.53, 3.30), abs=0.006)
    assert trained < 0.97 * fitted < 0.97 * persistence
    assert int(network.about["trained_steps"]) == TRAINED


def test_the_gradient_is_that_of_the_loss(script, rng):
    """Finite differences of the mean squared error, in float64."""
    network = script.initialise(script.Settings(4, 0.0, seed=1)).astype(np.float64)
    inputs, target = rng.normal(size=(2, 150, 1))
    loss, gradients = script.back_propagate(network, inputs, target)
    outputs = rnncore.simulate(network, inputs).outputs
    assert loss == pytest.approx(np.mean((outputs - target)[script.WARM_UP :] ** 2), rel=1e-12)
    for name, array in network.parameters.items():
        change = rng.normal(size=array.shape)
        ends = [
            script.back_propagate(network.replace(**{name: array + step * change}), inputs, target)[0]
            for step in (1e-5, -1e-5)
        ]
        # The central difference: its error is of order 1e-10 by the third derivative, and 1e-11 by rounding.
        assert np.diff(ends)[0] / -2e-5 == pytest.approx(np.sum(gradients[name] * change), rel=1e-6, abs=1e-8)


class Killed(Exception):
    pass


@pytest.mark.parametrize("killed_after", [1, 100, 130])
def test_a_training_that_was_killed_goes_on_with_the_same_bits(script, temperature, tmp_path, killed_after):
    settings = script.Settings(8, 0.03, seed=3, iterations=220)
    whole, losses = script.train(temperature[:800], settings)

    def kill(done, total):
        if done >= killed_after:
            raise Killed

    with pytest.raises(Killed):
        script.train(temperature[:800], settings, tmp_path, kill)
    seen = []
    resumed, others = script.train(temperature[:800], settings, tmp_path, lambda done, total: seen.append(done))
    assert seen[0] == killed_after // script.SAVED_EVERY * script.SAVED_EVERY
    np.testing.assert_array_equal(losses, others)
    for name, array in whole.parameters.items():
        np.testing.assert_array_equal(resumed.parameters[name], array)
    again = []
    script.train(temperature[:800], settings, tmp_path, lambda done, total: again.append(done))
    assert again == [220]


def test_a_state_of_other_data_is_refused(script, temperature, tmp_path):
    settings = script.Settings(4, 0.0, seed=0, iterations=2)
    script.train(temperature[:400], settings, tmp_path)
    with pytest.raises(ValueError, match="of another run"):
        script.train(temperature[1:401], settings, tmp_path)


def test_degrees_are_folded_into_the_weights(script, rng):
    network = script.initialise(script.Settings(6, 0.0, seed=0))
    values = rng.normal(12, 9, size=(200, 1))
    expected = 12 + 9 * rnncore.simulate(network, (values - 12) / 9).outputs
    found = rnncore.simulate(script.in_degrees(network, 12.0, 9.0), values).outputs
    # Drives of up to 5 times their size cancel in float32.
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


def test_the_script_runs_whole(script, temperature, tmp_path, capsys):
    choices = {"units": (4, 6), "noise": (0.02,)}
    script.main(tmp_path, tmp_path / "state", tmp_path / "t.png", choices, seeds=(1,), iterations=20)
    told = capsys.readouterr().out
    assert "chosen: " in told and "held" not in told.partition("chosen")[0]
    for name in ("persistence", "echo-state network", "LSTM"):
        assert name in told
    found = rnncore.diagnose(tmp_path / script.FILE, SERIES)
    assert (found.forecast.horizon, found.forecast.first_step) == (6, TRAINED)
    assert (tmp_path / "t.png").read_bytes().startswith(b"\x89PNG")
    assert len(list((tmp_path / "state").iterdir())) == 3


def test_what_comes_after_the_training_part_changes_nothing(script, temperature, tmp_path, monkeypatch):
    options = {"choices": {"units": (3,), "noise": (0.02, 0.1)}, "seeds": (1,), "iterations": 5}
    files = []
    for name, last in (("a", temperature), ("b", np.r_[temperature[:TRAINED], -temperature[TRAINED:]])):
        monkeypatch.setattr(script, "read_series", lambda path, last=last: read_series(path).__class__(
            last[:, None], ("temperature",), "changed"
        ))  # fmt: skip
        (tmp_path / name).mkdir()
        script.main(tmp_path / name, **options)
        files.append((tmp_path / name / script.FILE).read_bytes())
    assert files[0] == files[1]
