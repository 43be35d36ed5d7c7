"""Gradient norms against autograd, finite differences and closed forms; what they do not depend on; bad arguments."""

import numpy as np
import pytest
import torch

from rnncore import Chain, Dense, Elman, Linear, MatrixSequence, NonFiniteError, gradient_norms, simulate
from rnncore.gradient_flow.decay import fit_rate, judge

from ..contract.examples import experiment


def chain(rng):
    return Chain([
        Elman(rng.normal(size=(4, 4)) / 2, rng.normal(size=(4, 2)), rng.normal(size=4)),
        Dense(rng.normal(size=(3, 4)), nonlinearity="sigmoid"),
        Elman(rng.normal(size=(3, 3)) / 2, rng.normal(size=(3, 3)), leak=0.4),
    ])  # fmt: skip


def autograd_norms(cell, inputs, cotangent):
    """log2 norms at every lag of the whole state and of the two recurrent layers, by torch."""
    weights = [{n: torch.tensor(a) for n, a in layer.parameters.items()} for layer in cell.layers]
    first, readout, last = weights
    states = [torch.zeros(7, dtype=torch.float64, requires_grad=True)]
    for x in torch.tensor(inputs):
        h, g = states[-1][:4], states[-1][4:]
        h = torch.tanh(first["weight_hh"] @ h + first["weight_ih"] @ x + first["bias_ih"])
        signal = torch.sigmoid(readout["weight"] @ h)
        g = 0.6 * g + 0.4 * torch.tanh(last["weight_hh"] @ g + last["weight_ih"] @ signal)
        states.append(torch.cat([h, g]))
        states[-1].retain_grad()
    states[-1].backward(torch.tensor(cotangent))
    gradients = torch.stack([state.grad for state in reversed(states)]).numpy()
    parts = gradients, gradients[:, :4], gradients[:, 4:]
    return [np.log2(np.linalg.norm(part, axis=1)) for part in parts]


def test_norms_are_those_of_autograd(rng, backend):
    cell, inputs, cotangent = chain(rng), rng.normal(size=(60, 2)), rng.normal(size=7)
    found = gradient_norms(cell, inputs, cotangent=cotangent, backend=backend)
    total, first, last = autograd_norms(cell, inputs, cotangent)
    np.testing.assert_array_equal(found.lags, np.arange(61))
    # Norms, not logs, err by some eps a step, 60 of them; those of a group relative to the whole.
    np.testing.assert_allclose(found.log2_norms, total, atol=1e-12)
    np.testing.assert_allclose(found.by_group["layer 0"][1:], first[1:], atol=1e-11)
    np.testing.assert_allclose(found.by_group["layer 2"], last, atol=1e-11)


def test_norms_are_those_of_finite_differences(rng, backend):
    cell, cotangent, step = chain(rng), rng.normal(size=7), 1e-6
    inputs = rng.normal(size=(8, 2))
    found = gradient_norms(cell, inputs, cotangent=cotangent, state=np.zeros(7), backend=backend)
    for lag in (1, 3, 8):
        before = simulate(cell, inputs[: 8 - lag], keep="last", backend="reference").final_state
        shifted = [before + sign * step * np.eye(7) for sign in (1, -1)]
        ends = [
            simulate(cell, inputs[8 - lag :], state=s, keep="last", backend="reference").final_state for s in shifted
        ]
        gradient = (ends[0] - ends[1]) @ cotangent / (2 * step)
        # Central differences: step² of curvature and eps / step of rounding, both 1e-10, of a gradient near 1.
        assert found.log2_norms[lag] == pytest.approx(np.log2(np.linalg.norm(gradient)), abs=1e-7)


def test_a_scalar_recursion_loses_the_same_share_each_step(backend, dtype):
    cell = Linear(np.array([[-0.25]], dtype), np.ones((1, 1), dtype))
    found = gradient_norms(cell, np.ones((4000, 1)), cotangent=[8.0], backend=backend)
    np.testing.assert_array_equal(found.log2_norms, 3.0 - 2 * np.arange(4001))  # down to 2^-8000
    assert (found.verdict, found.rate) == ("vanishing", pytest.approx(-2 * np.log(2)))
    assert found.half_life == pytest.approx(0.5)


@pytest.mark.parametrize("factor, verdict", [(0.99, "vanishing"), (1.0, "carried"), (1.01, "exploding")])
def test_verdicts_on_scaled_rotations(factor, verdict, rng, backend):
    cell = Linear(factor * np.linalg.qr(rng.normal(size=(5, 5)))[0])
    for cotangent in (None, rng.normal(size=5)):
        found = gradient_norms(cell, steps=300, cotangent=cotangent, backend=backend)
        assert found.verdict == verdict
        assert found.rate == pytest.approx(np.log(factor), abs=1e-12)
        assert (found.half_life is None) == (verdict != "vanishing")


def test_a_gradient_that_reaches_zero_has_rate_minus_infinity(backend):
    found = gradient_norms(Linear(np.diag(np.ones(3), 1)), steps=9, cotangent=[1.0, 1.0, 0.0, 0.0], backend=backend)
    # It is shifted down, and out of the state.
    np.testing.assert_allclose(found.log2_norms, [0.5, 0.5, 0.5, 0, *6 * [-np.inf]], atol=1e-15)
    assert found.rate == -np.inf and found.verdict == "vanishing" and found.half_life == 0


@pytest.mark.parametrize(
    "name", ["elman-tanh", "chain-deep", "linear-sparse", "lstm-peepholes", "gru-reset-before", "chain-gated"]
)
def test_the_worst_case_is_the_operator_norm_of_the_product(name, backend):
    from rnncore import jacobian

    case = experiment(name, np.dtype("f8"), size=4, steps=30)
    groups = {"two": [0, 2]}
    found = gradient_norms(case.cell, case.inputs, state=case.state, groups=groups, backend=backend)
    states = case.run("reference", keep="states").states
    before = np.vstack([case.state, states[:-1]])
    product = np.eye(case.cell.state_size)
    for lag in range(1, 31):
        product = product @ jacobian(case.cell, before[-lag], case.inputs[-lag], backend="reference")
        norm = np.linalg.norm(product, 2)
        # Both are products of up to 30 matrices in float64, of condition 1 to 10 each.
        assert found.log2_norms[lag] == pytest.approx(np.log2(norm), abs=1e-10)
        part = np.log2(np.linalg.norm(product[:, [0, 2]], 2))
        assert found.by_group["two"][lag] == pytest.approx(part, abs=1e-9)


def test_singular_directions_are_those_of_the_product(rng, backend):
    matrices = rng.normal(size=(40, 4, 4)) / 2
    found = gradient_norms(MatrixSequence(matrices), lags=12, backend=backend)
    product = np.linalg.multi_dot(matrices[:-13:-1])
    left, values, right = np.linalg.svd(product)
    directions = found.directions
    assert directions.log2_largest == pytest.approx(np.log2(values[0]), abs=1e-12)
    assert found.log2_norms[12] == pytest.approx(np.log2(values[0]), abs=1e-12)
    # NumPy knows the smallest to eps times the condition.
    assert directions.log2_smallest == pytest.approx(np.log2(values[-1]), abs=1e-15 * values[0] / values[-1])
    for mine, theirs in ((directions.largest_gradient, right[0]), (directions.largest_cotangent, left[:, 0])):
        assert abs(mine @ theirs) == pytest.approx(1, abs=1e-12)
    moved = product.T @ directions.smallest_cotangent
    np.testing.assert_allclose(moved, values[-1] * directions.smallest_gradient, atol=1e-14 * values[0])


def test_the_smallest_singular_value_is_right_beyond_the_range_of_floats(backend):
    found = gradient_norms(Linear([[2.0, 1.0], [0.0, 0.5]]), steps=2000, lags=[2000], backend=backend)
    directions = found.directions
    # |det| = 1, and the largest lies within the condition of the eigenvectors of 2^2000.
    assert directions.log2_largest + directions.log2_smallest == pytest.approx(0, abs=1e-9)
    assert directions.log2_largest == pytest.approx(2000, abs=1)


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("name", ["elman-tanh", "chain-deep", "matrix-sequence", "chain-gated"])
def test_chunks_and_threads_change_no_bit(name, given, backend, dtype):
    # At later lags a layer holds less than 2^-100 of the gradient, which float32 cannot tell.
    case = experiment(name, dtype, size=3, steps=80, batch=3)
    cotangent = np.ones(case.cell.state_size) if given else None
    options = {"steps": case.steps, "state": case.state, "cotangent": cotangent, "backend": backend, "lags": 24}
    whole = gradient_norms(case.cell, case.inputs, **options, threads=1)
    for chunk in (1, 30, 100):
        found = gradient_norms(case.cell, case.inputs, **options, chunk=chunk, threads=3)
        np.testing.assert_array_equal(found.log2_norms, whole.log2_norms)
        for name in whole.by_group:
            np.testing.assert_array_equal(found.by_group[name], whole.by_group[name])
        if not given:
            np.testing.assert_array_equal(found.directions.smallest_gradient, whole.directions.smallest_gradient)


def test_a_batch_is_its_sequences(backend, dtype):
    case = experiment("chain-deep", dtype, size=3, steps=40, batch=3)
    cotangent = np.random.default_rng(0).normal(size=(3, case.cell.state_size))
    for given in (cotangent, None):
        batch = gradient_norms(case.cell, case.inputs, state=case.state, cotangent=given, backend=backend)
        assert batch.log2_norms.shape == (41, 3) and len(batch.verdict) == 3
        for index in range(3):
            single = gradient_norms(
                case.cell, case.inputs[:, index], state=case.state[index],
                cotangent=None if given is None else given[index], backend=backend,
            )  # fmt: skip
            # 40 steps of roundings of sums of 10 terms.
            atol = 400 * np.finfo(dtype).eps
            np.testing.assert_allclose(batch.log2_norms[:, index], single.log2_norms, atol=atol)
            np.testing.assert_allclose(batch.by_group["layer 3"][:, index], single.by_group["layer 3"], atol=10 * atol)


def test_lags_that_are_asked_for(backend, rng):
    case = experiment("elman-tanh", np.dtype("f8"), size=3, steps=90)
    for cotangent in (None, np.ones(3)):
        options = {"state": case.state, "cotangent": cotangent, "backend": backend}
        whole = gradient_norms(case.cell, case.inputs, **options).log2_norms
        for lags in ([17], [0], [80, 3, 3, 0], range(5), np.array([90])):
            told = []
            found = gradient_norms(
                case.cell, case.inputs, lags=lags, **options, chunk=7, progress=lambda *now, told=told: told.append(now)
            )
            np.testing.assert_array_equal(found.lags, sorted(set(lags)))
            np.testing.assert_allclose(found.log2_norms, whole[found.lags], atol=1e-12)
            assert told[-1] == (180, 180) if max(lags) else not told
        assert gradient_norms(case.cell, case.inputs, lags=4, **options).lags.tolist() == [0, 1, 2, 3, 4]


def test_long_worst_cases_are_looked_at_ever_more_rarely(backend):
    found = gradient_norms(Linear([[0.5]]), steps=20_000, backend=backend)
    assert found.lags[:1001].tolist() == list(range(1001)) and found.lags[-1] == 20_000
    assert len(found.lags) < 1100
    np.testing.assert_allclose(found.log2_norms, -found.lags, rtol=1e-15)
    assert found.rate == pytest.approx(-np.log(2))


def test_no_steps_leave_the_cotangent(backend):
    for cotangent, norm in (([3.0, 4.0], np.log2(5)), (None, 0)):
        found = gradient_norms(Linear(np.eye(2) / 2), steps=0, cotangent=cotangent, backend=backend)
        assert found.lags.tolist() == [0] and found.log2_norms == pytest.approx(norm)
        assert (found.verdict, found.rate) == ("too short", None)


@pytest.mark.parametrize("drift", [-0.05, 0.0])
def test_the_error_of_a_fitted_rate_covers_it(drift):
    lags, rng, inside = np.arange(2001), np.random.default_rng(0), 0
    for _ in range(400):
        curve = np.append(0, np.cumsum(drift + 0.3 * rng.normal(size=2000))) / np.log(2)
        rate, error = fit_rate(lags, curve)
        inside += abs(rate - drift) < 2 * error
    # 95.4 % are claimed, 400 curves scatter by 1 %; error bars from 16 blocks cost 2 %.
    assert 0.91 < inside / 400 < 0.985


def test_words_for_rates():
    assert judge(-0.1, 0.01, 100) == "vanishing"
    assert judge(-0.1, 0.06, 100) == judge(0.1, 0.0, 5) == "carried"
    assert judge(0.1, np.nan, 100) == "exploding"


def test_a_gradient_that_overflows_is_named(backend):
    matrices = np.full((6, 3, 3), 1 / 3)
    matrices[2] = 1.7e308
    cell = MatrixSequence(matrices)
    with pytest.raises(NonFiniteError, match="tangent is not finite after step 3") as caught:
        gradient_norms(cell, cotangent=np.ones(3), backend=backend)
    np.testing.assert_allclose(caught.value.partial.log2_norms, 4 * [np.log2(3) / 2])
    with pytest.raises(NonFiniteError, match="state is not finite"):
        gradient_norms(Linear([[10.0]]), steps=400, state=[1.0], cotangent=[1.0], backend=backend)


def test_lags_far_apart_have_a_rate():
    for lags in ([1, 10, 100, 1000], [0, 1, 2, 3, 1000], [3, 1000]):
        found = gradient_norms(Linear([[0.5]]), steps=1000, cotangent=[1.0], lags=lags)
        assert (found.verdict, found.rate) == ("vanishing", pytest.approx(-np.log(2)))


@pytest.mark.parametrize("chunk", [None, 1, 2])
def test_the_worst_gradient_that_overflows_is_named(chunk, backend):
    matrices = np.ones((6, 3, 3))
    matrices[2] = 1.7e308
    for lags, kept in ((None, [0, 1, 2, 3]), ([1, 3, 4], [1, 3]), ([5], [])):
        with pytest.raises(NonFiniteError, match="tangent is not finite after step 3") as caught:
            gradient_norms(MatrixSequence(matrices), lags=lags, groups={"first": [0]}, chunk=chunk, backend=backend)
        partial = caught.value.partial
        np.testing.assert_array_equal(partial.lags, kept)
        np.testing.assert_allclose(partial.log2_norms, np.log2(3) * partial.lags, atol=1e-14)
        np.testing.assert_allclose(partial.by_group["first"], np.log2(3) * np.maximum(partial.lags - 0.5, 0))
        assert partial.directions is None
    with pytest.raises(NonFiniteError, match="state is not finite") as caught:
        gradient_norms(Linear([[10.0]]), steps=400, state=[1.0], backend=backend)
    assert caught.value.partial is None


CELL = Chain([Elman(np.eye(2) / 2, np.ones((2, 3))), Elman(np.eye(2) / 2, np.ones((2, 2)))])


@pytest.mark.parametrize(
    "options, kind, message",
    [
        ({"cotangent": np.ones(3)}, ValueError, r"cotangent must have shape \(4,\) or \(2,\), got \(3,\)"),
        ({"cotangent": np.full(4, np.nan)}, ValueError, "cotangent must be finite"),
        ({"cotangent": "x"}, TypeError, "cotangent must hold real numbers"),
        ({"lags": 11}, ValueError, "lags must lie between 0 and the 10 steps"),
        ({"lags": [-1, 2]}, ValueError, "lags must lie between 0 and the 10 steps"),
        ({"lags": []}, ValueError, "lags must be an integer or a sequence"),
        ({"lags": [1.5]}, ValueError, "lags must be an integer or a sequence"),
        ({"groups": [1, 2]}, TypeError, "groups must be a dict"),
        ({"groups": {1: [0]}}, TypeError, "strings for names"),
        ({"groups": {"a": [9]}}, ValueError, "'a' does not index a state of 4"),
        ({"groups": {"a": []}}, ValueError, "at least one component"),
        ({"groups": {"a": [0, 1], "b": slice(1, 3)}}, ValueError, "component 1 is in 'a' and in 'b'"),
        ({"groups": {"layer 0": [0]}}, ValueError, "'layer 0' is the name of a layer"),
        ({"state": np.ones(3)}, ValueError, "state must have shape"),
        ({"inputs": np.ones((10, 2))}, ValueError, "last axis of 2"),
    ],
)
def test_wrong_arguments_are_named(options, kind, message):
    with pytest.raises(kind, match=message):
        gradient_norms(CELL, **{"inputs": np.ones((10, 3)), **options})


def test_a_cell_without_state_is_refused():
    with pytest.raises(ValueError, match="the cell has no state"):
        gradient_norms(Dense([[1.0]]), np.ones((5, 1)))


def test_directions_of_zero_singular_values_are_zeros(backend):
    found = gradient_norms(Linear(np.diag([1.0, 0.0])), steps=3, backend=backend).directions
    np.testing.assert_array_equal(np.abs(found.largest_cotangent), [1, 0])
    np.testing.assert_array_equal([found.smallest_gradient, found.smallest_cotangent], np.zeros((2, 2)))
