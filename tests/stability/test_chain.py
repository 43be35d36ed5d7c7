"""Chains: bounds by simulation, witnesses that run through all layers, and no instability that inputs cannot reach."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore import GRU, LSTM, Chain, Dense, Diagonal, Elman, GatedDiagonal, Linear, simulate, stability

from .gated_cells import runs

seeds = st.integers(0, 2**32 - 1)


def random_layer(rng, inputs, outputs):
    scale = 10.0 ** rng.uniform(-1.5, 0.3)
    hh, ih, bias = (
        scale * rng.normal(size=(outputs, outputs)),
        rng.normal(size=(outputs, inputs)),
        rng.normal(size=outputs),
    )
    gates = lambda count, columns, size: size * rng.normal(size=(count * outputs, columns))  # noqa: E731
    kind = rng.integers(7)
    if kind == 0:
        return Dense(ih, bias, nonlinearity=rng.choice(["tanh", "relu", "identity"]))
    if kind == 1:
        return Linear(hh / np.sqrt(outputs), ih, bias)
    if kind == 2:
        return Diagonal(rng.uniform(-1.02, 1.02, size=outputs), ih, bias)
    if kind == 3:
        return LSTM(gates(4, outputs, scale), gates(4, inputs, 1.0), gates(4, 1, 1.0)[:, 0], gates(4, 1, 1.0)[:, 0])
    if kind == 4:
        return GRU(gates(3, outputs, scale), gates(3, inputs, 1.0), gates(3, 1, 1.0)[:, 0], gates(3, 1, 1.0)[:, 0])
    nonlinearity = rng.choice(["tanh", "relu", "sigmoid", "softplus"])
    return Elman(hh, ih, bias, nonlinearity=nonlinearity, leak=rng.choice([1.0, 0.5]))


def states(cell, inputs, state=None):
    return simulate(cell, inputs, state=state, keep="states", backend="reference").states


@settings(max_examples=60, deadline=None)
@given(seed=seeds, bound=st.sampled_from([0.1, 1.0]))
def test_random_chains(seed, bound):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 4, size=4)
    layers = [random_layer(rng, n, m) for n, m in pairwise(sizes)]
    cell = Chain(layers)
    found = stability(cell, input_bound=bound)
    assert len(found.layers) == 3
    if found.bound is not None and cell.state_size:
        path = states(cell, runs(rng, bound, 300, 8, cell.input_size))
        assert np.abs(path).max() <= found.bound * (1 + 1e-9)
        for name, part in cell.split_state(path).items():
            assert np.abs(part).max(initial=0) <= found.bounds_of_parts[name] * (1 + 1e-9)
        assert max(found.bounds_of_parts.values(), default=0.0) == found.bound
    if found.incremental.verdict == "stable" and cell.state_size:
        assert all(layer[1].verdict == "stable" for layer in found.layers)
        rate = found.incremental.rate
        if rate is not None and rate < 0.98:
            u = np.repeat(runs(rng, bound, 1500, 2, cell.input_size), 2, axis=1)
            start = 3 * rng.normal(size=(4, cell.state_size))
            path = states(cell, u, start)
            # a chain of three at the same rate decays as t² times its powers: 0.98^1500 1500² is below 1e-6
            assert np.abs(path[-1, ::2] - path[-1, 1::2]).max() <= 1e-6 * max(np.abs(path).max(), 1)
    for prop in found.properties:
        if prop.verdict == "unstable":
            assert_witness(cell, prop)


def assert_witness(cell, prop):
    witness = prop.witness
    with np.errstate(over="ignore", invalid="ignore"):
        path = witness.simulate(cell, 3000, backend="reference").states
    if witness.other_state is None:
        first, path = max(np.abs(witness.state).max(), 1.0), np.abs(path).max(axis=-1)
    else:
        first = np.abs(witness.state - witness.other_state).max()
        with np.errstate(over="ignore", invalid="ignore"):
            path = np.abs(path[:, 0] - path[:, 1]).max(axis=-1)
    path = np.nan_to_num(path, nan=np.inf, posinf=np.inf)
    assert path.max() > 2 * first or np.all(path[-100:] > 0.1 * first)  # grows, or is held


def test_the_first_layer_bounds_what_the_second_gets():
    """tanh gives the integrator's leaky sum |x| <= 1, whatever the input: 1 / (1 - 0.9)."""
    found = stability(Chain([Dense([[100.0]], nonlinearity="tanh"), Linear([[0.9]], [[1.0]])]), input_bound=50.0)
    assert 10 * (1 - 1e-9) <= found.bound <= 10 * (1 + 1e-5)
    found = stability(Chain([Linear([[0.5]], [[1.0]]), Linear([[0.5]], [[1.0]])]))
    assert found.bounds_of_parts["0.h"] == pytest.approx(2, rel=1e-5) and found.bound == pytest.approx(4, rel=1e-5)
    assert found.bound >= 4 and found.incremental.rate >= 0.5


def test_an_unstable_layer_makes_an_unstable_chain_wherever_it_stands():
    grows, holds = Linear([[1.1]], [[1.0]]), Linear([[0.5]], [[1.0]])
    for layers in ([grows, holds], [holds, grows], [holds, Dense([[1.0]]), grows]):
        found = stability(Chain(layers))
        assert [prop.verdict for prop in found.properties] == ["unstable"] * 3
        assert found.bound is None and found.bounds_of_parts == {}
        assert_witness(Chain(layers), found.bounded)


def test_a_resonance_that_the_layer_before_cannot_excite_is_not_claimed():
    """Differences x_t - x_{t-1} add up to no more than 2: an integrator behind them stays bounded."""
    differences = Chain(
        [Linear([[0.0, 0.0], [1.0, 0.0]], [[1.0], [0.0]]), Dense([[1.0, -1.0]]), Linear([[1.0]], [[1.0]])]
    )
    found = stability(differences)
    assert found.verdict == "undecided"
    assert found.incremental.verdict == "unstable"  # what the integrator held before is never forgotten
    assert_witness(differences, found.incremental)


def test_an_input_that_only_the_zero_state_sends_opens_no_gate():
    """The ReLU layer sends at least 1 from the first step on, so that the gate 1.5 - y never exceeds a half."""
    lower = Elman([[0.0]], [[0.5]], [1.5], nonlinearity="relu")
    upper = GatedDiagonal([[1.0]], [[-1.0]], None, [1.5], gate_nonlinearity="identity")
    found = stability(Chain([lower, upper]))
    assert "unstable" not in [prop.verdict for prop in found.properties]


def test_an_lstm_behind_another_layer_is_not_called_forgetful_for_the_runs_near_zero_only():
    """Its peephole opens the forget gate for large c, so that runs from there differ for ever."""
    upper = LSTM(np.zeros((4, 1)), np.zeros((4, 1)), np.array([0.0, -2.0, 0.01, 0.0]), weight_cf=[1.0])
    found = stability(Chain([Dense([[1.0]], nonlinearity="tanh"), upper]))
    assert found.incremental.verdict != "stable" and found.gradients.verdict != "stable"
    apart = states(upper, np.zeros((2000, 2, 1)), np.array([[0.0, 0.0], [0.0, 60.0]]))
    assert np.abs(apart[-1, 0] - apart[-1, 1]).max() > 10
    alone = stability(upper)
    assert alone.incremental.verdict != "stable" and alone.gradients.verdict != "stable"


def test_an_unstable_fixed_point_of_an_upper_layer_is_claimed_where_the_lower_one_rests():
    upper = Elman([[3.0]], [[1.0]])
    reachable = stability(Chain([Elman([[0.2]], [[1.0]]), upper]))
    assert reachable.incremental.verdict == "unstable"
    assert_witness(Chain([Elman([[0.2]], [[1.0]]), upper]), reachable.incremental)
    saturating = Dense([[0.01]], [50.0])  # sends about 50 at all times: nothing of the upper layer is left to grow
    assert stability(Chain([saturating, upper])).incremental.verdict != "unstable"


def test_layers_without_memory_alone():
    found = stability(Chain([Dense([[2.0]]), Dense([[1.0]], nonlinearity="tanh")]))
    assert [prop.verdict for prop in found.properties] == ["stable"] * 3 and found.bound == 0
    assert "forget" in found.explanation


def test_behind_an_unbounded_layer_only_what_holds_for_all_inputs_is_told():
    found = stability(Chain([Linear([[1.0]], [[1.0]]), Elman([[0.1]], [[1.0]])]))
    assert found.verdict == "unstable" and found.incremental.verdict == "unstable"
    assert [prop.verdict for prop in found.layers[1]] == ["undecided"] * 3
    found = stability(Chain([Linear([[1.0]], [[1.0]]), Linear([[0.1]], [[1.0]])]))
    assert [prop.verdict for prop in found.layers[1]] == ["undecided", "stable", "stable"]
