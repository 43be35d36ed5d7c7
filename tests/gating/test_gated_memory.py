"""The example: what a gated memory holds, and what Elman networks can and cannot."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from rnncore import Chain, Dense, Elman, GatedDiagonal, gradient_norms, jacobian_product, jvp, simulate

PATH = Path(__file__).parents[2] / "examples" / "gated_memory.py"
STEPS = {"native": 1_000_000, "numba": 1_000_000, "reference": 20_000}


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("gated_memory", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("sign", [1, -1])
def test_a_value_is_stored_held_bit_for_bit_and_given_back(sign, example, backend, dtype):
    inputs = example.episode(STEPS[backend], np.random.default_rng(0), dtype)
    inputs[:, 0] *= sign
    found = example.tell(example.gated_network(dtype=dtype), inputs, backend=backend)
    assert found["given_back"] == found["stored"] == inputs[example.STORED_AT, 0]
    assert found["distinct"] == 1 and found["silent"]
    assert found["gradient"] == 1
    assert found["log2_gates"] == found["log2_gradient"] == 0
    assert found["log2_gradient_before_the_store"] == -np.inf  # the flag has closed the gate on what was there


def test_values_are_stored_to_the_rounding_of_the_sum_with_the_flags_weight(example, backend, rng):
    values = rng.uniform(-1, 1, 50)
    inputs = np.zeros((7, 50, 3))
    inputs[..., 0] = rng.uniform(-1, 1, (7, 50))
    inputs[0, :, 0], inputs[0, :, 1], inputs[-1, :, 2] = values, 1, 1
    given_back = simulate(example.gated_network(), inputs, backend=backend).outputs[-1, :, 0]
    # Value and flag, 3 at most, are added up on the way in and on the way out: two roundings each.
    np.testing.assert_allclose(given_back, values, rtol=0, atol=4 * 2 * np.finfo(float).eps)


def test_products_of_jacobians_say_that_the_gradient_is_intact(example, backend):
    memory, steps = example.gated_network().layers[0], STEPS[backend]
    inputs = example.episode(steps, np.random.default_rng(1))[example.STORED_AT + 1 :]
    product = jacobian_product(memory, inputs, backend=backend)
    np.testing.assert_array_equal(product.to_array(), np.diag([1.0, 1.0, 0.0]))
    norms = gradient_norms(memory, inputs, cotangent=[1.0, 0.0, 0.0], lags=[0, 1, 1000, len(inputs)], backend=backend)
    np.testing.assert_array_equal(norms.log2_norms, 0)
    assert norms.verdict == "carried"


def test_the_memory_does_not_hang_on_its_weights(example, backend):
    network, steps = example.gated_network(), STEPS[backend] // 4
    inputs = example.episode(steps, np.random.default_rng(3))
    for seed in range(2):
        changed = example.perturbed(network, 0.1, np.random.default_rng(seed))
        held = simulate(changed.layers[0], inputs, backend=backend).outputs[example.STORED_AT :, :2]
        assert len(np.unique(held, axis=0)) == 1 and held.any()
    assert example.loss(network, 0.1, steps, draws=1, backend=backend) == 0


def test_a_gate_of_moderate_weight_fades_by_its_own_time_constant(backend):
    """e^K steps: the closer to 1 the gate is to be, the less its weight has to grow."""
    memory = GatedDiagonal([[0.0]], [[0.0]], bias_gate=[8.0])
    held = simulate(memory, steps=10_000, state=[1.0], backend=backend).outputs[-1, 0]
    # A million steps would go the same way; each rounds once.
    assert held == pytest.approx(np.exp(-10_000 * np.log1p(np.exp(-8.0))), rel=10_000 * np.finfo(float).eps)


def test_a_linear_network_answers_to_distractors_as_to_what_is_stored(rng, backend):
    """So none can tell them apart: the derivative by a value is the same, flags or none, whatever the weights."""
    for _ in range(5):
        network = Chain([
            Elman(rng.normal(size=(6, 6)) / 2, rng.normal(size=(6, 3)), rng.normal(size=6), nonlinearity="identity"),
            Dense(rng.normal(size=(1, 6)), rng.normal(size=1)),
        ])  # fmt: skip
        inputs = rng.uniform(-1, 1, (12, 3))
        flagged, distracting = inputs.copy(), inputs.copy()
        flagged[3, 1], distracting[3, 1] = 1, 0
        change = np.zeros_like(inputs)
        change[3, 0] = 1
        by_value = [jvp(network, series, {"inputs": change}, backend=backend)[1] for series in (flagged, distracting)]
        np.testing.assert_array_equal(*by_value)
        assert by_value[0][-1] != 0


def test_rectified_units_can_hold_but_only_with_the_right_weights(example, backend):
    network, steps = example.balanced_network(), STEPS[backend] // 4
    inputs = example.episode(steps, np.random.default_rng(0))
    outputs = simulate(network, inputs, backend=backend).outputs[:, 0]
    assert outputs[-1] == inputs[example.STORED_AT, 0] and not outputs[:-1].any()
    # With (1 + δ) W the gradient over N steps is (1 + δ)^N of what it was: the bound that the example tells.
    for delta in (-1e-3, 1e-6):
        changed = network.layers[0].replace(weight_hh=(1 + delta) * network.layers[0].parameters["weight_hh"])
        norms = gradient_norms(
            changed, inputs[example.STORED_AT + 2 :], state=[0, 0, 0.5, 0, 0], cotangent=[0, 0, 1.0, 0, 0],
            lags=[1, 1001], backend=backend,
        )  # fmt: skip
        assert np.diff(norms.log2_norms) == pytest.approx(1000 * np.log2(1 + delta), rel=1e-9)
    lost = [example.loss(network, change, steps, draws=3, backend=backend) for change in (1e-8, 20 / steps)]
    assert lost[0] < 0.05 and lost[1] > 0.5


def test_a_tanh_unit_keeps_no_more_than_a_few_values(backend):
    """122 units, each with other weights: wherever 60 runs begin, they end near fixed points or a cycle of two."""
    weights = np.repeat(np.linspace(-3, 3, 61), 2)
    biases = np.tile([0.0, 0.2], 61)
    starts = np.linspace(-0.95, 0.95, 60)[:, None] * np.ones(len(weights))
    ends = simulate(Elman(np.diag(weights), bias_ih=biases), steps=20_000, state=starts, backend=backend, keep="last")
    for values in np.sort(ends.final_state, axis=0).T:
        # At weight 1 a value falls like 1/√(2 N): to 0.005 here.
        assert 1 + np.sum(np.diff(values) > 0.01) <= 3


def test_elman_networks_lose_what_the_gated_memory_keeps(example):
    delays = (1, 10, 1000)
    missed = {name: example.missed_shares(network, delays) for name, network in example.elman_networks().items()}
    missed["trained"] = example.missed_shares(example.trained_network(1500), delays)
    assert max(missed["trained"][:2]) < 0.1  # training to 20 steps has worked
    # Knowing no more than the sign of a value leaves half of its spread.
    assert min(shares[-1] for shares in missed.values()) > 0.45
    assert max(example.missed_shares(example.gated_network().layers[0], delays)) < 1e-9


def test_the_example_runs_and_draws(example, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(example, "CHANGES", np.array([1e-6, 1e-2]))
    monkeypatch.setattr(example, "DRAWS", 1)
    monkeypatch.setattr(example, "DELAYS", (1, 10))
    example.main(tmp_path / "memory.png", steps=1000, iterations=3)
    assert (tmp_path / "memory.png").read_bytes().startswith(b"\x89PNG")
    told = capsys.readouterr().out
    assert "distinct values held on the way: 1; gradient of what is given back: 1.0" in told
    assert "trained ReLU" in told
