"""The pattern task: gradients measured before learning tell how far networks learn."""

import numpy as np
import pytest

import rnncore


@pytest.fixture
def script(example):
    return example("pattern_task")


def test_elman_networks_fail_beyond_the_reach_of_their_gradients_and_gated_ones_do_not(script, tmp_path, capsys):
    reaches, trainings = script.main(tmp_path / "task.png", quick=True)
    longest = script.QUICK_LENGTHS[-1]
    for name in ("Elman tanh", "Elman tanh, orthogonal", "LSTM, gates half open"):
        assert 4 < reaches[name] < 150
        # Training moves the weights and so the gradient; in 110 trainings none succeeded beyond 3.3 times the reach.
        beyond = [found for found in trainings[name] if found.length > 5 * reaches[name]]
        assert len(beyond) >= 2 and not any(found.solved for found in beyond)
        # Guesses are right half of the time; 320 of them: 0.03 the standard deviation.
        assert all(found.accuracy < 0.7 for found in beyond)
        assert script.longest_solved(trainings[name]) >= 10
    assert reaches["Elman tanh, orthogonal"] > 4 * reaches["Elman tanh"]
    learned = {name: script.longest_solved(found) for name, found in trainings.items()}
    assert learned["Elman tanh, orthogonal"] >= learned["Elman tanh"] >= learned["LSTM, gates half open"]
    for name in ("LSTM", "GRU"):
        assert reaches[name] >= longest and learned[name] == longest
    every = [found for some in trainings.values() for found in some]
    assert all(2 * found.reach >= found.length for found in every if found.solved)
    told = capsys.readouterr().out
    for name in script.NETWORKS:
        assert f"{name}: gradients reach" in told
    assert (tmp_path / "task.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("rate", [0.05, 0.5])
def test_an_exponential_gradient_reaches_as_far_as_the_logarithm_of_the_episodes(script, rate):
    curve = -rate * np.arange(2000) / np.log(2)
    for count in (1000, 100_000):
        # M e^(-2λk) against the sum of the series, 1 / (1 - e^(-2λ)) but for its end.
        expected = np.log(count * -np.expm1(-2 * rate) + 1) / (2 * rate) - 1
        assert script.reach(curve, count) == pytest.approx(expected, abs=1.01)


def test_a_gradient_that_is_carried_reaches_as_far_as_there_are_episodes(script):
    assert script.reach(np.zeros(3000), 1000) == 999
    assert script.reach(np.zeros(500), 1000) == 499


def test_the_curve_is_the_gradient_of_the_output_by_the_state(script):
    network = script.orthogonal_elman(0).astype(np.float64)
    curve = script.gradient_curve(network, 6, np.random.default_rng(5))
    inputs, _ = script.episodes(6, script.MEASURED, np.random.default_rng(5))
    layer, readout = network.layers
    states = rnncore.simulate(layer, inputs).outputs
    sizes = []
    for sequence in range(script.MEASURED):
        row = readout.parameters["weight"][0]
        for back in range(4):
            row = row @ rnncore.jacobian(layer, states[-2 - back, sequence], inputs[-1 - back, sequence])
        sizes.append(np.log2(np.linalg.norm(row)))
    assert curve[4] == pytest.approx(np.median(sizes), rel=1e-12)


def test_an_episode_shows_the_pattern_where_the_mark_is(script):
    inputs, signs = script.episodes(30, 200, np.random.default_rng(0))
    marked = inputs[..., 1] == 1
    assert (marked.sum(axis=0) == len(script.PATTERN)).all() and not marked[-30:].any()
    shown = inputs[..., 0].T[marked.T].reshape(200, -1)
    np.testing.assert_array_equal(shown, signs[:, None] * script.PATTERN)
    # Without the pattern the label cannot be told: no distractor has to do with it; 200 episodes, 4.5 deviations.
    correlations = np.corrcoef(np.column_stack([signs, inputs[-30:, :, 0].T]).T)[0, 1:]
    assert np.abs(correlations).max() < 4.5 / np.sqrt(200)
