"""The page of gated models, on cells whose gates are known."""

import json

import numpy as np
import pytest
from matplotlib.figure import Figure

import rnncore
from rnncore import GRU, LSTM, Chain, Dense, Diagonal, Elman, GatedDiagonal


def constant_lstm(biases, input_size=1):
    """Gates that never move: rows i, f, g, o of biases (4, n)."""
    biases = np.asarray(biases, np.float64)
    size = biases.shape[1]
    return LSTM(np.zeros((4 * size, size)), np.zeros((4 * size, input_size)), biases.ravel())


def text(page):
    return " ".join(page.summary().split())


def test_time_constants_are_those_of_constant_gates_in_the_units_of_the_series(backend):
    keep = np.exp(-1 / np.array([5.0, 41.0]))  # in steps
    cell = constant_lstm([[0, 0], np.log(keep / (1 - keep)), [1, 1], [0, 0]])
    page = rnncore.diagnose(cell, np.ones((600, 1)), interval=2, unit="hours", backend=backend)
    (memory,) = page.memories
    np.testing.assert_allclose(memory.time_constants, [10, 82], rtol=1e-12)
    assert memory.longest == 1
    assert "Unit 1 keeps its memory for 82 hours (half-life 56.8 hours)" in text(page)
    assert "of the 2 units 10 hours at the shortest, 10 hours in the middle, 82 hours at the longest" in text(page)
    # Without weights from h all of a gradient comes by the gates.
    assert memory.shares == pytest.approx({1: 1, 10: 1, 100: 1})
    assert "gradient by gates alone all of it, at every lag" in text(page)


def test_gates_that_stand_open_or_closed_are_counted(rng, backend):
    cell = constant_lstm([[-5, 5], [5, 0], [0, 0], [-5, -5]])
    gates = {gate.gate: gate for gate in rnncore.diagnose(cell, np.ones((50, 3, 1)), backend=backend).gates}
    counts = {name: (g.closed, g.open, g.always_closed, g.always_open) for name, g in gates.items()}
    assert counts == {"input": (0.5, 0.5, 1, 1), "forget": (0, 0.5, 0, 1), "output": (1, 0, 2, 0)}
    assert {gate.steps for gate in gates.values()} == {50}


def test_gates_are_those_of_the_states_wherever_the_layer_stands(rng, backend):
    lstm = LSTM(rng.normal(size=(12, 3)), 3 * rng.normal(size=(12, 4)), weight_co=rng.normal(size=3))
    below = [
        Elman(rng.normal(size=(5, 5)) / 2, rng.normal(size=(5, 2))),
        Dense(rng.normal(size=(4, 5)), nonlinearity="tanh"),
    ]
    gru = GRU(rng.normal(size=(6, 2)), 3 * rng.normal(size=(6, 3)))
    cell, inputs = Chain([*below, lstm, gru]), rng.normal(size=(700, 2))
    found = {(gate.layer, gate.gate): gate for gate in rnncore.diagnose(cell, inputs, backend=backend).gates}
    signal = rnncore.simulate(Chain(below), inputs, backend="reference").outputs
    states = np.vstack([np.zeros(6), rnncore.simulate(lstm, signal, keep="states", backend="reference").states])
    z = states[:-1, :3] @ lstm.parameters["weight_hh"].T + signal @ lstm.parameters["weight_ih"].T
    z[:, 9:] += lstm.parameters["weight_co"] * states[1:, 3:]
    hidden = np.vstack([np.zeros(2), rnncore.simulate(gru, states[1:, :3], backend="reference").outputs])
    of_gru = hidden[:-1] @ gru.parameters["weight_hh"].T + states[1:, :3] @ gru.parameters["weight_ih"].T
    drives = {(2, "input"): z[:, :3], (2, "forget"): z[:, 3:6], (2, "output"): z[:, 9:]}
    drives |= {(3, "reset"): of_gru[:, :2], (3, "update"): of_gru[:, 2:4]}
    assert found.keys() == drives.keys()
    for name, drive in drives.items():
        gates = 1 / (1 + np.exp(-drive))
        assert found[name].closed == np.mean(gates < 0.01)
        assert found[name].open == np.mean(gates > 0.99)
        assert found[name].above_one == 0


def test_of_a_long_run_gates_are_looked_at_evenly(rng):
    gates = rng.uniform(-0.2, 1.2, (25_000, 1))
    cell = GatedDiagonal([[1.0]], [[1.0]], gate_nonlinearity="identity")
    (found,) = rnncore.diagnose(cell, gates).gates
    looked_at = np.abs(gates[::3])
    assert found.steps == len(looked_at) <= 10_000
    assert (found.closed, found.open) == (np.mean(looked_at < 0.01), np.mean(looked_at > 0.99))
    assert found.above_one == np.mean(looked_at > 1)
    assert "above 1" in rnncore.diagnose(cell, gates).summary()


def test_the_carousel_is_that_of_its_function(rng):
    cell, inputs = LSTM(rng.normal(size=(12, 3)), rng.normal(size=(12, 2))), rng.normal(size=(400, 2))
    (memory,) = rnncore.diagnose(cell, inputs, seed=3).memories
    expected = rnncore.carousel(cell, inputs, cotangent=np.random.default_rng(3).normal(size=6))
    assert memory.rates == tuple(expected.rates.tolist())
    assert memory.shares == {lag: expected.shares[lag] for lag in (1, 10, 100)}
    assert 0 < memory.shares[100] < 0.9
    assert "; the rest flows through h" in text(rnncore.diagnose(cell, inputs, seed=3))


@pytest.mark.parametrize(
    "factors, sentence",
    [
        ([0.5, 1.0], "Unit 1 keeps its memory for ever"),
        ([1j, 1.0, -1.0], "3 units keep their memory for ever"),
        ([0.0], "Nothing is kept across the run: every gate was 0 at some step"),
        ([2.0**0.25, 0.5], "Unit 0 amplifies its memory: twice its size every 4 steps"),
        ([0.5], "The unit keeps its memory for 1.44 steps (half-life 1 step)"),
    ],
)
def test_diagonal_units_by_their_factors(factors, sentence, backend):
    page = rnncore.diagnose(Diagonal(factors), steps=60, backend=backend)
    assert sentence in text(page)
    (matrix,) = page.recurrence
    np.testing.assert_array_equal(matrix.eigenvalues, factors)
    assert matrix.spectral_radius == matrix.norm_2 == np.abs(factors).max()
    assert page.gates == ()


def test_recurrent_matrices_are_told_gate_by_gate(rng):
    lstm, gru = LSTM(rng.normal(size=(20, 5))), GRU(rng.normal(size=(9, 3)), rng.normal(size=(9, 5)))
    page = rnncore.diagnose(Chain([lstm, gru]), steps=20)
    found = {(matrix.layer, matrix.gate): matrix for matrix in page.recurrence}
    blocks = {
        (0, name): lstm.parameters["weight_hh"][5 * i : 5 * i + 5]
        for i, name in enumerate(("input", "forget", "candidate", "output"))
    }
    blocks |= {
        (1, name): gru.parameters["weight_hh"][3 * i : 3 * i + 3]
        for i, name in enumerate(("reset", "update", "candidate"))
    }
    assert found.keys() == blocks.keys()
    for name, block in blocks.items():
        assert found[name].norm_2 == pytest.approx(np.linalg.norm(block, 2))
        assert found[name].spectral_radius == pytest.approx(np.abs(np.linalg.eigvals(block)).max())
    assert "THE RECURRENT MATRICES OF THE GATES OF LAYER 1" in page.summary()


def test_states_of_gated_cells_are_bounded_only_where_that_is_true(rng):
    inputs = 5 * rng.normal(size=(900, 1))
    gru = GRU(rng.normal(size=(6, 2)), rng.normal(size=(6, 1)))
    assert rnncore.diagnose(gru, inputs).boundedness.cannot_exceed == 1
    assert rnncore.diagnose(gru, inputs, state=[3.0, 0.0]).boundedness.cannot_exceed == 3
    for cell in (
        GatedDiagonal([[1.0]], [[0.0]], bias_gate=[5.0], nonlinearity="tanh"),
        LSTM(np.zeros((4, 1)), [[1.0], [0.0], [1.0], [0.0]], [0.0, 5.0, 0.0, 0.0]),
    ):
        found = rnncore.diagnose(cell, inputs).boundedness
        assert found.cannot_exceed is None and found.largest > 1
    lstm = rnncore.diagnose(LSTM(rng.normal(size=(8, 2)), rng.normal(size=(8, 1))), inputs).boundedness
    assert lstm.largest_of_parts.keys() == {"h", "c"} and lstm.largest_of_parts["h"] <= 1
    assert max(lstm.largest_of_parts.values()) == lstm.largest


def test_the_start_of_the_forgetting_run_is_of_the_size_of_each_part():
    # h is at most tanh of c: of a memory of 200 only the start of c is large.
    cell = constant_lstm([[9.0], [9.0], [9.0], [9.0]])
    found = rnncore.diagnose(cell, np.zeros((2000, 1)))
    assert found.boundedness.largest_of_parts["c"] > 200
    assert found.forgetting.verdict == "cannot say" and found.forgetting.remaining > 0.5


def test_gradients_and_exponents_are_of_the_whole_state():
    # Of (h, c) without recurrent weights h is annihilated, and c fades by its gate.
    found = rnncore.diagnose(constant_lstm([[0], [np.log(9.0)], [0], [0]]), np.zeros((300, 1))).gradients
    assert found.exponents == pytest.approx((np.log(0.9), -np.inf))
    assert found.factor_two == pytest.approx(np.log(2) / -np.log(0.9), rel=1e-6)


def readout(rng, cell):
    return Chain([cell, Dense(rng.normal(size=(1, cell.output_size)))])


def models(rng):
    lstm = LSTM(rng.normal(size=(12, 3)), rng.normal(size=(12, 1)), weight_ci=rng.normal(size=3))
    gru = GRU(rng.normal(size=(9, 3)), rng.normal(size=(9, 1)), reset_after=False)
    gated = GatedDiagonal(
        rng.normal(size=(3, 1)), rng.normal(size=(3, 1)), nonlinearity="relu", gate_nonlinearity="tanh"
    )
    turning = Diagonal(np.exp(1j * rng.normal(size=2)) * 0.9, rng.normal(size=(2, 1)))
    upper = LSTM(rng.normal(size=(8, 2)), rng.normal(size=(8, 4)))
    return {
        "LSTM": lstm,
        "LSTM and readout": readout(rng, lstm),
        "GRU": gru,
        "GatedDiagonal": gated,
        "Diagonal": turning,
        "chain": Chain([turning, upper, Dense(rng.normal(size=(1, 2)))]),
        "growing": GatedDiagonal([[1.0]], [[0.0]], bias_gate=[9.0], gate_nonlinearity="identity"),
        "float32": lstm.astype(np.float32),
    }


@pytest.mark.parametrize("shape", [(400, 1), (60, 4, 1), (1, 1)])
@pytest.mark.parametrize("name", models(np.random.default_rng(0)))
def test_every_gated_model_gets_a_page_a_picture_and_json(name, shape, rng, tmp_path):
    cell = models(rng)[name]
    page = rnncore.diagnose(cell, rng.normal(size=shape))
    assert "HOW LONG THE UNITS KEEP A MEMORY" in page.summary()
    facts = json.loads(page.to_json())
    assert len(facts["memories"]) == len(page.memories) == sum(not isinstance(layer, Dense) for layer in cell.layers)
    assert facts["memories"][0]["curve"].keys() == {"lag", "log2_gradient", "log2_carousel", "share"}
    assert len(facts["memories"][0]["time_constants"]) == page.memories[0].units
    figure = page.plot(Figure(figsize=(14, 7.6), layout="constrained"))
    figure.savefig(tmp_path / "page.png")
    assert all(ax.get_xlabel() and ax.get_title(loc="left") for ax in figure.axes)


def test_layers_are_told_apart_by_what_is_special_of_them(rng):
    cells = models(rng)
    described = [
        rnncore.diagnose(cells[name], np.ones((20, 1))).run.layers
        for name in ("LSTM", "GRU", "GatedDiagonal", "Diagonal")
    ]
    assert described == [
        ("LSTM 1 → 3 (peepholes)",),
        ("GRU 1 → 3 (reset before the product)",),
        ("GatedDiagonal 1 → 3 (relu, gates tanh)",),
        ("Diagonal 1 → 4 (complex, real and imaginary parts in turn)",),
    ]
