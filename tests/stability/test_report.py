"""Reports: words, plain data, chains, bad input."""

import json

import numpy as np
import pytest

import rnncore

RNG = np.random.default_rng(0)
CELLS = {
    "linear": rnncore.Linear([[0.5]], [[1.0]]),
    "resonant": rnncore.Linear([[0.0, -1.0], [1.0, 0.0]], [[1.0], [0.0]]),
    "tanh": rnncore.Elman([[3.0]], [[1.0]]),
    "relu": rnncore.Elman([[1.5]], [[1.0]], nonlinearity="relu"),
    "complex": rnncore.Diagonal([0.9j], np.ones((1, 1), complex)),
    "lstm": rnncore.LSTM(0.1 * RNG.normal(size=(8, 2)), RNG.normal(size=(8, 1))),
    "gru": rnncore.GRU(RNG.normal(size=(6, 2)), RNG.normal(size=(6, 1))),
    "gated": rnncore.GatedDiagonal(np.ones((2, 1)), np.ones((2, 1))),
    "delay": rnncore.Chain([rnncore.DelayLine(3, 1), rnncore.Dense(np.ones((2, 3)))]),
    "without memory": rnncore.Dense([[2.0]], nonlinearity="tanh"),
    "autonomous": rnncore.Elman(0.5 * np.eye(2)),
}


@pytest.mark.parametrize("name", CELLS)
def test_a_report_is_readable_and_plain(name):
    found = rnncore.stability(CELLS[name])
    assert found.verdict in ("stable", "unstable", "undecided") and found.verdict in repr(found)
    assert (
        found.explanation[0].isupper() and found.explanation.endswith(".") and str(found).startswith(found.explanation)
    )
    facts = json.loads(json.dumps(found.to_dict()))
    assert facts["verdict"] == found.verdict
    for part in found.properties:
        assert part.certificate and (part.verdict != "unstable" or part.witness is not None)
        assert part.verdict == "stable" or part.rate is None


def test_chains_hand_bounds_from_layer_to_layer():
    chain = rnncore.Chain(
        [
            rnncore.DelayLine(4, 2),
            rnncore.Dense(RNG.normal(size=(3, 8)), nonlinearity="tanh"),
            rnncore.Elman(0.3 * np.eye(3), np.eye(3)),
            rnncore.Linear([[0.5]], [[1.0, 2.0, -1.0]]),
        ]
    )
    found = rnncore.stability(chain, input_bound=[0.5, 2.0])
    assert (found.verdict, found.incremental.verdict, found.gradients.verdict) == ("stable",) * 3
    inputs = RNG.choice([-1.0, 1.0], size=(3000, 2)) * [0.5, 2.0]
    states = np.abs(rnncore.simulate(chain, inputs, keep="states").states).max(axis=0)
    assert states.max() <= found.bound
    for name, part in chain.split_state(states).items():
        assert np.abs(part).max() <= found.bounds_of_parts[name]
    assert len(found.layers) == 4


def test_an_unstable_upper_layer_is_claimed_where_the_lower_ones_can_rest():
    chain = rnncore.Chain([rnncore.Elman(0.5 * np.eye(2), np.eye(2)), rnncore.Elman(3 * np.eye(2), np.eye(2))])
    found = rnncore.stability(chain)
    assert found.incremental.verdict == "unstable"
    states = found.incremental.witness.simulate(chain, 200).states
    distance = np.abs(states[:, 0] - states[:, 1]).max(axis=1)
    assert distance[-1] > 100 * distance[0]


def test_a_resonance_behind_another_layer_is_not_claimed():
    rotation = rnncore.Linear([[0.0, -1.0], [1.0, 0.0]], [[1.0], [0.0]])
    silent = rnncore.Dense([[0.0]])  # sends nothing: no resonance
    found = rnncore.stability(rnncore.Chain([silent, rotation]))
    assert found.verdict != "unstable" and found.incremental.verdict == "unstable"


def test_what_is_behind_an_unbounded_layer_is_left_open():
    chain = rnncore.Chain([rnncore.Linear([[2.0]], [[1.0]]), rnncore.Elman([[0.1]], [[1.0]])])
    assert rnncore.stability(chain).verdict == "unstable"


@pytest.mark.parametrize("bound", [0, -1.0, np.nan, np.inf, [1.0, 0.0]])
def test_bounds_that_are_none(bound):
    with pytest.raises(ValueError, match="input_bound must be positive and finite"):
        rnncore.stability(rnncore.Linear([[0.5]], [[1.0, 1.0]]), input_bound=bound)


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"input_bound must be a number or have shape \(1,\).*got \(2,\)"):
        rnncore.stability(CELLS["linear"], input_bound=[1.0, 2.0])
    with pytest.raises(TypeError, match="input_bound"):
        rnncore.stability(CELLS["linear"], input_bound="much")
    with pytest.raises(TypeError, match=r"cell must be a cell .* got list"):
        rnncore.stability([[0.5]])
    with pytest.raises(ValueError, match="layer 0 is a MatrixSequence"):
        rnncore.stability(rnncore.MatrixSequence(np.ones((3, 1, 1))))
