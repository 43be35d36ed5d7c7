"""Time-delay networks: bounded where their layers are, and they forget within the line's length."""

import numpy as np

import rnncore


def test_a_delay_line_holds_its_inputs_and_forgets_them():
    found = rnncore.stability(rnncore.DelayLine(5, 2), input_bound=[0.5, 3.0])
    assert [part.verdict for part in found.properties] == ["stable"] * 3
    assert found.bound == 3.0 and found.incremental.rate == 0


def test_bounds_go_from_layer_to_layer():
    rng = np.random.default_rng(0)
    chain = rnncore.Chain(
        [
            rnncore.DelayLine(4, 2),
            rnncore.Dense(rng.normal(size=(3, 8)), nonlinearity="tanh"),
            rnncore.Elman(0.3 * np.eye(3), np.eye(3)),
            rnncore.Linear([[0.5]], [[1.0, 2.0, -1.0]]),
        ]
    )
    found = rnncore.stability(chain, input_bound=[0.5, 2.0])
    assert [part.verdict for part in found.properties] == ["stable"] * 3
    inputs = rng.choice([-1.0, 1.0], size=(3000, 2)) * [0.5, 2.0]
    states = np.abs(rnncore.simulate(chain, inputs, keep="states").states).max(axis=0)
    assert states.max() <= found.bound
    for name, part in chain.split_state(states).items():
        assert np.abs(part).max() <= found.bounds_of_parts[name]


def test_an_unstable_layer_behind_a_line_is_shown_by_a_run():
    chain = rnncore.Chain([rnncore.DelayLine(3, 1), rnncore.Elman(3 * np.eye(3), np.eye(3))])
    found = rnncore.stability(chain)
    assert found.verdict == "stable" and found.incremental.verdict == "unstable"
    states = found.incremental.witness.simulate(chain, 200).states
    distance = np.abs(states[:, 0] - states[:, 1]).max(axis=1)
    assert distance[-1] > 100 * distance[0]
