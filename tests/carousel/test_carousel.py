"""Gradients, gates and what is left of one when the other is taken away: against autograd, and closed forms."""

import numpy as np
import pytest
import torch

from rnncore import GRU, LSTM, Chain, Dense, Diagonal, Elman, GatedDiagonal, NonFiniteError, carousel, gradient_norms

STEPS = 60
# Both sides work a gradient of STEPS steps out in float64, by sums of 10 products a step; conditions are near 1.
CLOSE = {"rtol": 0, "atol": 1e-11}


def lstm(rng, size=4, input_size=2, *, peepholes=False, recurrent=0.6, **changes):
    weights = {
        "weight_hh": recurrent * rng.normal(size=(4 * size, size)),
        "weight_ih": rng.normal(size=(4 * size, input_size)),
        "bias_ih": rng.normal(size=4 * size),
        "bias_hh": rng.normal(size=4 * size),
    }
    if peepholes:
        weights |= {name: rng.normal(size=size) for name in ("weight_ci", "weight_cf", "weight_co")}
    return LSTM(**weights | changes)


def gru(rng, size=4, input_size=2, **options):
    return GRU(
        0.6 * rng.normal(size=(3 * size, size)),
        rng.normal(size=(3 * size, input_size)),
        rng.normal(size=3 * size),
        rng.normal(size=3 * size),
        **options,
    )


def step(layer, weights, x, h, c):
    """``(h, c, forget gate)`` of torch tensors; a GRU's memory is its h."""
    if isinstance(layer, Dense):
        return torch.tanh(weights["weight"] @ x), None, None
    if isinstance(layer, Elman):
        return torch.tanh(weights["weight_hh"] @ h + weights["weight_ih"] @ x), None, None
    from_x, from_h = weights["weight_ih"] @ x + weights["bias_ih"], weights["weight_hh"] @ h + weights["bias_hh"]
    if isinstance(layer, GRU):
        size = len(h)
        reset, update = torch.sigmoid(from_x + from_h)[: 2 * size].split(size)
        if layer.reset_after:
            candidate = from_x[2 * size :] + reset * from_h[2 * size :]
        else:
            rows = slice(2 * size, None)
            candidate = from_x[rows] + weights["weight_hh"][rows] @ (reset * h) + weights["bias_hh"][rows]
        h = (1 - update) * torch.tanh(candidate) + update * h
        return h, h, update
    i, f, g, o = (from_x + from_h).split(len(h))
    peephole = {name: weights.get(name, torch.zeros(len(h))) for name in ("weight_ci", "weight_cf", "weight_co")}
    i, f = torch.sigmoid(i + peephole["weight_ci"] * c), torch.sigmoid(f + peephole["weight_cf"] * c)
    c = f * c + i * torch.tanh(g)
    return torch.sigmoid(o + peephole["weight_co"] * c) * torch.tanh(c), c, f


def autograd(cell, index, inputs, cotangent):
    """Gradients by the memory of one layer and its forget gates, from the last step to the start."""
    layers = [(layer, {n: torch.tensor(a) for n, a in layer.parameters.items()}) for layer in cell.layers]
    sizes = [layer.output_size for layer in cell.layers]
    hidden = [torch.zeros(size, dtype=torch.float64, requires_grad=True) for size in sizes]
    cells = [torch.zeros(size, dtype=torch.float64, requires_grad=True) for size in sizes]
    memories, gates = [cells[index] if isinstance(cell.layers[index], LSTM) else hidden[index]], []
    for x in torch.tensor(inputs):
        for number, (layer, weights) in enumerate(layers):
            hidden[number], cells[number], gate = step(layer, weights, x, hidden[number], cells[number])
            x = hidden[number]
            if number == index:
                cells[number].retain_grad()
                memories.append(cells[number])
                gates.append(gate)
    parts = []
    for layer, h, c in zip(cell.layers, hidden, cells):
        parts += [h, c] if isinstance(layer, LSTM) else [h] if layer.state_size else []
    torch.cat(parts).backward(torch.tensor(cotangent))
    gradients = torch.stack([memory.grad for memory in reversed(memories)]).numpy()
    return gradients, torch.stack(gates[::-1]).detach().numpy()


CELLS = {
    "lstm": (0, lambda rng: lstm(rng)),
    "lstm with peepholes": (0, lambda rng: lstm(rng, peepholes=True)),
    "gru": (0, lambda rng: gru(rng)),
    "gru with the reset before": (0, lambda rng: gru(rng, reset_after=False)),
    "lstm under a readout": (0, lambda rng: Chain([lstm(rng), Dense(rng.normal(size=(1, 4)))])),
    "lowest of three": (
        0,
        lambda rng: Chain(
            [lstm(rng), Dense(rng.normal(size=(3, 4)), nonlinearity="tanh"), gru(rng, 5, 3), lstm(rng, 3, 5)]
        ),
    ),
    "gru in the middle": (2, lambda rng: CELLS["lowest of three"][1](rng)),
    "highest of three": (3, lambda rng: CELLS["lowest of three"][1](rng)),
    "above an Elman network": (
        1,
        lambda rng: Chain([Elman(rng.normal(size=(3, 3)) / 2, rng.normal(size=(3, 2))), lstm(rng, 4, 3)]),
    ),
}


@pytest.mark.parametrize("name", CELLS)
def test_gradient_gates_and_rest_are_those_of_autograd(name, rng, backend):
    index, build = CELLS[name]
    cell = build(rng)
    inputs, cotangent = rng.normal(size=(STEPS, 2)), rng.normal(size=cell.state_size)
    found = carousel(cell, inputs, cotangent=cotangent, layer=index, backend=backend)
    gradients, gates = autograd(cell, index, inputs, cotangent)
    products = np.vstack([np.ones(gates.shape[1]), np.cumprod(gates, axis=0)])
    carried = gradients[0] * products
    np.testing.assert_array_equal(found.lags, np.arange(STEPS + 1))
    np.testing.assert_allclose(found.log2_gates, np.log2(products), **CLOSE)
    np.testing.assert_allclose(np.exp2(found.log2_carousel), np.abs(carried), rtol=1e-11)
    scale = np.abs(gradients).max(axis=1, keepdims=True)
    # A component much smaller than the others, or a small difference of two large parts, has fewer digits.
    np.testing.assert_allclose(np.exp2(found.log2_gradients) / scale, np.abs(gradients) / scale, **CLOSE)
    rest = np.abs(gradients - carried)
    scale = np.maximum(scale, np.abs(carried))
    np.testing.assert_allclose(np.exp2(found.log2_rest) / scale, rest / scale, **CLOSE)
    together = [np.linalg.norm(part, axis=1) for part in (carried, rest)]
    np.testing.assert_allclose(found.shares, together[0] / sum(together), atol=1e-10)
    np.testing.assert_allclose(found.rates, np.log(gates).mean(axis=0), rtol=1e-12)


def test_without_weights_from_h_the_carousel_is_all_of_it(rng, backend, dtype):
    cell = lstm(rng, weight_hh=np.zeros((16, 4))).astype(dtype)
    inputs = rng.normal(size=(300, 2)).astype(dtype)
    for cotangent in (None, rng.normal(size=8)):
        found = carousel(cell, inputs, cotangent=cotangent, backend=backend)
        # Gates, and their products step by step, are rounded by the kernel: an eps or two each, of a gradient's size.
        error = 4 * 300 * np.finfo(dtype).eps
        # One cotangent shares its exponent among the units: float32 holds 2^-100 of the largest.
        told = found.log2_gradients > found.log2_gradients.max(axis=1, keepdims=True) - 100
        told = np.ones_like(told) if cotangent is None else told
        np.testing.assert_allclose(found.log2_gradients[told], found.log2_carousel[told], rtol=0, atol=2 * error)
        assert (found.unit_shares[told] > 1 - error).all() and (found.shares > 1 - error).all()
        assert found.log2_gates[-1].max() < -50  # there was something to lose


@pytest.mark.parametrize("peephole, whole", [("weight_ci", False), ("weight_cf", False), ("weight_co", True)])
def test_what_comes_back_through_peepholes_is_no_carousel(peephole, whole, rng, backend):
    cell = lstm(rng, weight_hh=np.zeros((16, 4)), **{peephole: rng.normal(size=4)})
    found = carousel(cell, rng.normal(size=(50, 2)), cotangent=rng.normal(size=8), backend=backend)
    # The output gate sees c_t and feeds h_t, from which nothing comes back here.
    assert (found.shares[1:] > 1 - 1e-12).all() == whole
    assert found.shares[0] == 1


@pytest.mark.parametrize("gate", ["sigmoid", "identity", "tanh", "relu", "elu", "softplus"])
def test_the_gradient_of_a_gated_diagonal_is_the_product_of_its_gates(gate, rng, backend, dtype):
    weights, biases = rng.uniform(-0.6, 0.6, (2, 5, 2)), rng.uniform(-0.4, 0.4, (2, 5))
    cell = GatedDiagonal(*weights, *biases, gate_nonlinearity=gate).astype(dtype)
    inputs = rng.uniform(-1, 1, (120, 2)).astype(dtype)
    found = carousel(cell, inputs, backend=backend)
    norms = gradient_norms(cell, inputs, groups={str(i): [i] for i in range(5)}, backend=backend)
    gradients = np.stack([norms.by_group[str(i)] for i in range(5)], axis=1)
    alive, rounding = np.isfinite(gradients), 120 * 4e3 * np.finfo(dtype).eps
    assert alive.all() == (gate != "relu")
    for log2 in (found.log2_gradients, found.log2_gates):
        np.testing.assert_array_equal(np.isfinite(log2), alive)
        # z, of size 2, is rounded in the cell's dtype, and so a gate by the same over its own size, 5e-4 at the least.
        np.testing.assert_allclose(log2[alive], gradients[alive], rtol=0, atol=rounding)
    np.testing.assert_allclose(found.unit_shares[alive], 1, atol=rounding)
    if gate == "identity":
        drives = inputs[::-1].astype(np.float64) @ cell.parameters["weight_gate"].T + cell.parameters["bias_gate"]
        assert (drives < 0).any() and np.abs(drives).min() > 5e-4


def test_complex_units_turn_and_fade(rng, backend, dtype):
    weights = np.array([0.9 * np.exp(0.3j), 1j, -0.5, 0, 1.001]).astype(np.result_type(dtype, np.complex64))
    cell = Diagonal(weights)
    found = carousel(cell, steps=900, state=np.ones(10), backend=backend)
    expected = np.arange(901)[:, None] * np.log2(np.abs(np.where(weights, weights, 1)).astype(np.float64))
    expected[1:, 3] = -np.inf
    error = 4 * 900 * np.finfo(dtype).eps
    np.testing.assert_allclose(found.log2_gates, expected, atol=error)
    np.testing.assert_allclose(found.log2_gradients, expected, atol=error)
    np.testing.assert_allclose(found.shares, 1, atol=error)
    turning = carousel(cell, steps=900, cotangent=rng.normal(size=10), lags=[0, 500], backend=backend)
    np.testing.assert_allclose(turning.shares, 1, atol=error)
    np.testing.assert_allclose(
        found.time_constants, [-1 / np.log(0.9), np.inf, 1 / np.log(2), 0, -1 / np.log(1.001)], rtol=error
    )
    assert found.rates.shape == (5,) and found.rates[3] == -np.inf


def test_products_of_gates_keep_their_digits_over_long_runs(rng):
    import mpmath

    steps = 20_000
    cell = GatedDiagonal(np.zeros((3, 1)), [[1.0], [8.0], [1e-3]], bias_gate=[45.0, -5.0, 3.0])
    inputs = 4 * rng.normal(size=(steps, 1))
    found = carousel(cell, inputs, cotangent=np.ones(3), lags=[1, 777, steps], backend="reference")
    with mpmath.workdps(60):
        for unit, (weight, bias) in enumerate(((1.0, 45.0), (8.0, -5.0), (1e-3, 3.0))):
            drives = [mpmath.mpf(weight) * mpmath.mpf(x) + bias for x in inputs[::-1, 0].tolist()]
            logs = [-mpmath.log1p(mpmath.exp(-z)) / mpmath.log(2) for z in drives]
            for row, lag in enumerate(found.lags.tolist()):
                exact = mpmath.fsum(logs[:lag])
                # z is a sum of two products of 45 at most: an error of 45 eps makes 45 eps of a gate's logarithm.
                assert abs(found.log2_gates[row, unit] / exact - 1) < 100 * np.finfo(float).eps
    assert found.log2_gates[-1, 1] < -50_000 and -1e-12 < found.log2_gates[-1, 0] < 0


def test_gates_too_close_to_one_to_differ_from_it_still_have_a_time_constant():
    for bias in (3.0, 40.0, 700.0):
        cell = LSTM(np.zeros((4, 1)), bias_ih=[0.0, bias, 0.0, 0.0])
        found = carousel(cell, steps=64, lags=64, backend="reference")
        assert found.time_constants[0] == pytest.approx(1 / np.log1p(np.exp(-bias)), rel=1e-14)
    assert carousel(Diagonal([1.0, 0.5]), steps=3).time_constants[0] == np.inf


@pytest.mark.parametrize("name", ["lowest of three", "gru"])
def test_the_worst_case_is_over_all_cotangents(name, rng, backend):
    index, build = CELLS[name]
    cell, inputs = build(rng), rng.normal(size=(30, 2))
    found = carousel(cell, inputs, layer=index, backend=backend)
    unit_vectors = np.eye(cell.state_size)
    gradients = [autograd(cell, index, inputs, cotangent)[0] for cotangent in unit_vectors]
    np.testing.assert_allclose(np.exp2(found.log2_gradients), np.linalg.norm(gradients, axis=0), rtol=1e-10)


def test_results_do_not_depend_on_chunks_or_threads(rng, backend):
    index, build = CELLS["gru in the middle"]
    cell, inputs, cotangent = build(rng), rng.normal(size=(1003, 2)), rng.normal(size=19)
    lags = [0, 1, 63, 64, 65, 500, 1002, 1003]

    def run(**options):
        return carousel(cell, inputs, cotangent=cotangent, layer=index, lags=lags, backend=backend, **options)

    expected = run()
    for options in ({"chunk": 1}, {"chunk": 100}, {"chunk": 2000, "threads": 3}):
        found = run(**options)
        for name in ("log2_gates", "log2_gradients", "log2_carousel", "log2_rest", "rates"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize("name", ["lowest of three", "gru in the middle", "lstm with peepholes"])
def test_a_batch_is_its_sequences(name, rng, backend):
    index, build = CELLS[name]
    cell, inputs = build(rng), rng.normal(size=(90, 3, 2))
    state, cotangent = rng.normal(size=(2, 3, cell.state_size))
    found = carousel(cell, inputs, state=state, cotangent=cotangent, layer=index, backend=backend)
    assert found.shares.shape == (91, 3) and found.time_constants.shape == found.log2_rest.shape[1:]
    for sequence in range(3):
        options = {"state": state[sequence], "cotangent": cotangent[sequence], "layer": index, "backend": backend}
        single = carousel(cell, inputs[:, sequence], **options)
        # A sequence may be rounded differently beside others.
        np.testing.assert_allclose(found.log2_gates[:, sequence], single.log2_gates, **CLOSE)
        np.testing.assert_allclose(found.shares[:, sequence], single.shares, atol=1e-10)


def test_a_cotangent_of_the_outputs_leaves_c_to_h(rng, backend):
    cell, inputs, by_outputs = lstm(rng), rng.normal(size=(40, 2)), rng.normal(size=4)
    found = carousel(cell, inputs, cotangent=by_outputs, backend=backend)
    expected = carousel(cell, inputs, cotangent=np.concatenate([by_outputs, np.zeros(4)]), backend=backend)
    np.testing.assert_array_equal(found.log2_gradients, expected.log2_gradients)
    assert np.isfinite(found.log2_gradients[0]).all()  # c_T acts on the outputs through h_T


def test_lags_are_those_asked_for(rng):
    cell, inputs = lstm(rng), rng.normal(size=(3000, 2))
    every = carousel(cell, inputs, cotangent=np.ones(8), lags=np.arange(3001))
    for lags, expected in ((7, np.arange(8)), ([5, 2900, 5], [5, 2900]), ([0], [0])):
        found = carousel(cell, inputs, cotangent=np.ones(8), lags=lags)
        np.testing.assert_array_equal(found.lags, expected)
        np.testing.assert_array_equal(found.log2_carousel, every.log2_carousel[expected])
        np.testing.assert_allclose(found.log2_gradients, every.log2_gradients[expected], atol=1e-9)
    spread = carousel(cell, inputs, cotangent=np.ones(8))
    assert len(spread.lags) < 1100 and spread.lags[-1] == 3000
    assert np.isnan(carousel(cell, inputs, cotangent=np.ones(8), lags=[0]).rates).all()
    none = carousel(cell, steps=0, cotangent=np.ones(8))
    assert none.log2_gradients.shape == (1, 4) and not none.log2_gradients.any()


def test_gradients_beyond_the_range_of_floats_are_taken_apart(backend):
    # Only the gates of each unit decide: one grows by 2 a step, one fades by 8, and nothing flows between them.
    cell = GatedDiagonal(np.zeros((2, 1)), np.zeros((2, 1)), bias_gate=[2.0, 0.125], gate_nonlinearity="identity")
    found = carousel(cell, steps=1800, cotangent=[1.0, 1.0], backend=backend)
    assert found.lags[-1] == 1800
    np.testing.assert_allclose(
        found.log2_gates, found.lags[:, None] * [1, -3], rtol=1e-14
    )  # logs of 64 steps at a time
    np.testing.assert_array_equal(found.log2_gradients[:, 0], found.lags)
    np.testing.assert_allclose(found.time_constants, [-1 / np.log(2), 1 / np.log(8)])
    assert found.shares[-1] == pytest.approx(1, abs=1e-11)  # eps of a logarithm of 5400


def test_memory_mapped_inputs_and_progress(rng, tmp_path):
    np.save(tmp_path / "x.npy", rng.normal(size=(500, 2)))
    mapped, seen = np.load(tmp_path / "x.npy", mmap_mode="r"), []
    cell = lstm(rng)
    found = carousel(cell, mapped, cotangent=np.ones(8), progress=lambda done, total: seen.append((done, total)))
    expected = carousel(cell, np.array(mapped), cotangent=np.ones(8))
    np.testing.assert_array_equal(found.log2_rest, expected.log2_rest)
    assert seen[-1] == (1000, 1000)


def test_result_tells_of_itself(rng):
    found = carousel(lstm(rng), rng.normal(size=(20, 2)), cotangent=np.ones(8))
    assert repr(found).startswith("Carousel(LSTM of 4 units, layer 0, lags 0 … 20, unit ")
    facts = found.to_dict()
    assert {"log2_gates", "shares", "half_lives", "layer"} <= facts.keys()
    np.testing.assert_allclose(found.half_lives, np.log(2) * found.time_constants)
    batch = carousel(lstm(rng), rng.normal(size=(20, 3, 2)))
    assert "3 sequences" in repr(batch)
    with pytest.raises(AttributeError):
        found.layer = 1


SMALL = LSTM(np.zeros((4, 1)), np.zeros((4, 1)))


@pytest.mark.parametrize(
    "cell, options, message",
    [
        ("lstm", {}, "cell must be a cell such as rnncore.LSTM, got str"),
        (Elman([[0.5]]), {"steps": 3}, "cell must hold a layer with gates, one of LSTM, GRU, GatedDiagonal, Diagonal"),
        (Chain([SMALL, SMALL]), {"steps": 3}, r"layer is missing: layers 0 \(LSTM\), 1 \(LSTM\) are gated"),
        (Chain([SMALL, Dense([[1.0]])]), {"steps": 3, "layer": 1}, r"layer must be that of a gated layer, 0 \(LSTM\)"),
        (SMALL, {"steps": 3, "layer": 0.5}, "layer must be an integer"),
        (SMALL, {"steps": 3, "lags": 4}, "lags must lie between 0 and the 3 steps"),
        (SMALL, {"steps": 3, "cotangent": np.ones(3)}, r"cotangent must have shape \(2,\) or \(1,\)"),
        (SMALL, {"steps": 3, "cotangent": [1.0, np.nan]}, "cotangent must be finite"),
        (SMALL, {"inputs": np.ones((3, 2))}, "inputs have a last axis of 2"),
        (SMALL, {"inputs": np.full((3, 1), np.inf)}, "inputs must be finite"),
        (SMALL, {}, "steps is missing"),
        (SMALL, {"steps": 3, "chunk": 0}, "chunk must be at least 1"),
        (SMALL, {"steps": 3, "state": [1.0]}, "state must have shape"),
        (SMALL, {"steps": 3, "backend": "gpu"}, "backend must be one of"),
    ],
)
def test_wrong_arguments_are_named(cell, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        carousel(cell, **options)


def test_a_state_that_leaves_the_finite_numbers_is_told(backend):
    cell = GatedDiagonal([[1.0]], [[0.0]], bias_gate=[10.0], gate_nonlinearity="identity")
    with pytest.raises(NonFiniteError) as caught:
        carousel(cell, np.ones((400, 1)), backend=backend)
    assert caught.value.step == 310  # 1 + 10 + … + 10^309


def test_no_gate_is_lost_where_the_kernel_rounds_it_to_one_or_zero(backend):
    """Figures of a memory held for a million steps stand on sums of logarithms, not on the rounded gates."""
    cell = GatedDiagonal([[0.0]], [[0.0]], bias_gate=[50.0])
    found = carousel(cell, steps=2000, cotangent=[1.0], backend=backend)
    assert found.log2_gradients[-1, 0] == 0  # σ(50) is 1 in float64
    assert found.log2_gates[-1, 0] == pytest.approx(-2000 * np.exp(-50) / np.log(2), rel=1e-13)
