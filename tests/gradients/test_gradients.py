"""Known answers, central differences, and what may be handed in and asked for."""

import numpy as np
import pytest
import scipy.sparse

from rnncore import Chain, Dense, Elman, Linear, MatrixSequence, gradients, record, simulate

from ..contract.examples import EXAMPLES, STEPS, experiment
from ..contract.layouts import LAYOUTS, memory_map
from ..walks.test_jvp import moved, random_tangents

FLOAT64 = np.dtype("float64")


def same(got, want):
    np.testing.assert_array_equal(got, want, strict=True)


def draw(case, seed=1):
    return np.random.default_rng(seed).normal(size=(case.steps, *case.state.shape[:-1], case.cell.output_size))


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("batch", [None, 2])
def test_they_are_the_limit_of_differences(name, batch, backend):
    # Central differences of step h err by h² · third derivatives, of order 1e2 after some steps, and by eps / h.
    case = experiment(name, FLOAT64, size=3, batch=batch)
    cotangent, tangents = draw(case), random_tangents(case)
    found = gradients(case.cell, case.inputs, cotangent, steps=STEPS, state=case.state, backend=backend)
    for kind in tangents:
        part = {kind: tangents[kind]}
        by = 1e-5 if kind != "parameters" else 1e-6
        values = [np.sum(cotangent * moved(case, part, sign * by, backend)) for sign in (1, -1)]
        if kind == "parameters":
            pairs = [(found.parameters[name], tangent) for name, tangent in tangents[kind].items()]
        else:
            pairs = [(getattr(found, kind), tangents[kind])]
        pairs = [(one.toarray() if scipy.sparse.issparse(one) else one, other) for one, other in pairs]
        product = sum(np.sum((np.conj(one) * other).real) for one, other in pairs)
        size = sum(np.abs(one * other).sum() for one, other in pairs)
        assert abs(product - (values[0] - values[1]) / 2 / by) < 1e-6 * max(1, size)


def test_a_scalar_recursion_by_hand(backend, dtype):
    # h_t = a h_{t-1} + b u_t + c: with D = h_T, ∂D/∂u_t = b a^{T-t}, ∂D/∂a = Σ h_{t-1} a^{T-t}, ∂D/∂h_0 = a^T.
    a, b, c, steps = 0.5, 2.0, 1.0, 12
    cell = Linear([[a]], [[b]], [c]).astype(dtype)
    inputs = np.arange(steps, dtype=float)[:, None]
    found = gradients(cell, inputs, [1.0], state=[3.0], at="last", backend=backend)
    powers = a ** np.arange(steps - 1, -1, -1)
    h = [3.0]
    for u in inputs[:, 0]:
        h.append(a * h[-1] + b * u + c)
    # Sums and products of numbers with few binary digits are exact.
    same(found.inputs[:, 0], (b * powers).astype(dtype))
    same(found.state, np.array([a**steps], dtype))
    same(found.parameters["weight_hh"], np.array([[h[:-1] @ powers]], dtype))
    same(found.parameters["weight_ih"], np.array([[inputs[:, 0] @ powers]], dtype))
    same(found.parameters["bias"], np.array([powers.sum()], dtype))


def test_no_step_is_too_far_away(backend):
    # An orthogonal recurrence carries a gradient unchanged over 20 000 steps.
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    found = gradients(Linear(turn), None, [1.0, 2.0], steps=20_000, at="last", backend=backend)
    same(found.state, np.array([1.0, 2.0]))


def test_a_sparse_matrix_gets_a_gradient_on_its_pattern(backend, dtype):
    case = experiment("elman-tanh-sparse", dtype, size=9, batch=2)
    sparse = case.cell.parameters["weight_hh"]
    dense = case.cell.replace(weight_hh=sparse.toarray())
    found, whole = (
        gradients(cell, case.inputs, draw(case), state=case.state, backend=backend).parameters["weight_hh"]
        for cell in (case.cell, dense)
    )
    assert scipy.sparse.issparse(found) and found.dtype == dtype
    same(found.indices, sparse.indices)
    same(found.indptr, sparse.indptr)
    pattern = sparse.toarray() != 0
    # The same sums in another order.
    atol = 100 * np.finfo(dtype).eps * np.abs(whole).max()
    np.testing.assert_allclose(found.toarray(), np.where(pattern, whole, 0), rtol=0, atol=atol)
    assert np.abs(whole[~pattern]).max() > 1e3 * atol
    assert not np.shares_memory(found.indices, sparse.indices)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_of_cotangents_changes_nothing(layout, backend):
    case = experiment("chain-readout", np.dtype("float32"), steps=300, batch=3)
    cotangent, final = draw(case).astype("f4"), np.ones(case.state.shape, "f4")
    options = {"state": case.state, "backend": backend}
    want = gradients(case.cell, case.inputs, cotangent, final_state_cotangent=final, **options)
    laid_out = LAYOUTS[layout]
    got = gradients(case.cell, laid_out(case.inputs), laid_out(cotangent), final_state_cotangent=final, **options)
    same(got.inputs, want.inputs)
    for name, gradient in want.parameters.items():
        same(got.parameters[name], gradient)
    last = gradients(case.cell, case.inputs, cotangent[-1], at="last", **options)
    same(gradients(case.cell, case.inputs, laid_out(cotangent[-1]), at="last", **options).inputs, last.inputs)


def test_the_last_output_is_one_with_all_other_cotangents_zero(backend, dtype):
    for name in ("elman-tanh", "chain-readout", "dense-tanh"):
        case = experiment(name, dtype, steps=300, batch=2)
        cotangent = draw(case)
        cotangent[:-1] = 0
        options = {"state": case.state, "backend": backend}
        want = gradients(case.cell, case.inputs, cotangent, **options)
        got = gradients(case.cell, case.inputs, cotangent[-1], at="last", **options)
        for one, other in ((got.inputs, want.inputs), (got.state, want.state), *zip(*map(parameters, (got, want)))):
            same(one, other)


def parameters(found):
    return [*found.parameters.values()]


def test_what_is_wanted_changes_no_bit(backend):
    case = experiment("chain-gated", FLOAT64, steps=300, batch=2)
    options = {"state": case.state, "backend": backend}
    whole = gradients(case.cell, case.inputs, draw(case), **options)
    assert set(whole.parameters) == set(case.cell.parameters)
    for wrt in ("inputs", ["state"], ("parameters",), ["0.weight_ci", "2.bias"], ["inputs", "1.weight_hh"]):
        found = gradients(case.cell, case.inputs, draw(case), wrt=wrt, **options)
        wanted = [wrt] if isinstance(wrt, str) else wrt
        names = set(case.cell.parameters) if "parameters" in wanted else set(wanted) - {"inputs", "state"}
        assert set(found.parameters) == names
        for name, gradient in found.parameters.items():
            same(gradient, whole.parameters[name])
        for kind in ("inputs", "state"):
            if kind in wanted:
                same(getattr(found, kind), getattr(whole, kind))
            else:
                assert getattr(found, kind) is None


def test_sequences_that_share_a_series_or_a_state_share_its_gradient(backend, dtype):
    case = experiment("gru", dtype, size=5, steps=300, batch=3)
    series, state, cotangent = case.inputs[:, 0], case.state[0], draw(case)
    options = {"backend": backend}
    repeated = np.repeat(series[:, None], 3, axis=1)
    want = gradients(case.cell, repeated, cotangent, state=case.state, **options)
    got = gradients(case.cell, series, cotangent, state=case.state, **options)
    same(got.state, want.state)
    # Sums of three.
    tight = {"rtol": 0, "atol": 8 * np.finfo(dtype).eps * np.abs(want.inputs).max()}
    np.testing.assert_allclose(got.inputs, want.inputs.sum(axis=1), **tight)
    chunked = gradients(case.cell, series, cotangent, state=case.state, chunk=256, threads=2, **options)
    same(chunked.inputs, got.inputs)
    got = gradients(case.cell, case.inputs, cotangent, state=state, **options)
    want = gradients(case.cell, case.inputs, cotangent, state=np.repeat(state[None], 3, axis=0), **options)
    assert got.state.shape == state.shape
    np.testing.assert_allclose(got.state, want.state.sum(axis=0), **tight)


def test_inputs_cotangents_matrices_and_out_may_be_memory_maps(backend, tmp_path):
    case = experiment("chain-readout", np.dtype("float32"), steps=1103, batch=2)
    options = {"state": case.state, "backend": backend}
    want = gradients(case.cell, case.inputs, draw(case), **options)
    out = np.memmap(tmp_path / "mapped", "f4", "w+", 1000, case.inputs.shape)
    for place in (out, tmp_path / "file.npy", np.empty((*case.inputs.shape[:-1], 4), "f4")[..., ::2]):
        got = gradients(case.cell, memory_map(case.inputs), memory_map(draw(case)), out=place, **options)
        np.testing.assert_array_equal(got.inputs, want.inputs)
        assert got.inputs is place or place == tmp_path / "file.npy"
    same(np.load(tmp_path / "file.npy"), want.inputs)
    case = experiment("matrix-sequence", FLOAT64, steps=600)
    mapped = MatrixSequence(memory_map(case.cell.matrices))
    got, want = (
        gradients(cell, None, draw(case), state=case.state, backend=backend).parameters["matrices"]
        for cell in (mapped, case.cell)
    )
    same(got, want)


def test_matrices_beyond_the_run_have_no_gradient(backend):
    case = experiment("matrix-sequence", FLOAT64, batch=2)
    found = gradients(case.cell, None, np.ones((7, 2, 5)), steps=7, state=case.state, backend=backend)
    gradient = found.parameters["matrices"]
    assert gradient.shape == case.cell.matrices.shape
    assert gradient[:7].any(axis=(1, 2)).all() and not gradient[7:].any()


def test_a_network_without_memory_has_gradients_too(backend):
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(4, 3)), rng.normal(size=(2, 4))
    inputs, cotangent = rng.normal(size=(700, 3)), rng.normal(size=(700, 2))
    found = gradients(
        Chain([Dense(weights[0], nonlinearity="tanh"), Dense(weights[1])]), inputs, cotangent, backend=backend
    )
    hidden = np.tanh(inputs @ weights[0].T)
    by_drive = (cotangent @ weights[1]) * (1 - hidden**2)
    # Sums of 700 products of order one.
    np.testing.assert_allclose(found.inputs, by_drive @ weights[0], rtol=0, atol=1e-13)
    np.testing.assert_allclose(found.parameters["0.weight"], by_drive.T @ inputs, rtol=0, atol=1e-11)
    np.testing.assert_allclose(found.parameters["1.weight"], cotangent.T @ hidden, rtol=0, atol=1e-11)
    assert found.state.shape == (0,)


def test_long_sums_of_single_precision_lose_little(backend):
    # Blocks of 256 terms are summed in float32, blocks in float64: an error of some roundings, whatever the length.
    steps = 60_000
    cotangent = np.random.default_rng(0).uniform(0.5, 1.5, (steps, 1))
    cell = Dense([[1.0]], [0.0]).astype("f4")
    found = gradients(cell, np.ones((steps, 1)), cotangent, backend=backend)
    exact = cotangent.astype("f4").sum(dtype=np.float64)
    for name in ("weight", "bias"):
        assert found.parameters[name].item() == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("batch", [None, 0, 2])
def test_runs_over_nothing(batch, backend):
    case = experiment("chain-gated", FLOAT64, steps=0, batch=batch)
    final = np.ones(case.state.shape)
    cotangent = np.empty((0, *case.state.shape[:-1], case.cell.output_size))
    options = {"state": case.state, "final_state_cotangent": final, "backend": backend}
    found = gradients(case.cell, case.inputs, cotangent, **options)
    same(found.state, final)
    assert found.inputs.shape == case.inputs.shape
    assert not any(gradient.any() for gradient in found.parameters.values())


def test_a_batch_of_no_sequences(backend):
    case = experiment("lstm", FLOAT64, steps=300, batch=0)
    found = gradients(case.cell, case.inputs, draw(case), backend=backend)
    assert found.inputs.shape == (300, 0, 2) and found.state.shape == (0, 10)
    assert not found.parameters["weight_hh"].any()


def test_the_final_state_alone_may_matter(backend):
    case = experiment("lstm", FLOAT64)
    rng = np.random.default_rng(0)
    final = rng.normal(size=case.state.shape)
    options = {"state": case.state, "backend": backend}
    got = gradients(case.cell, case.inputs, None, final_state_cotangent=final, **options)
    # h_T is the output, so that its part may be given as that of the last one.
    by_c = np.concatenate([np.zeros(5), final[5:]])
    want = gradients(case.cell, case.inputs, final[:5], at="last", final_state_cotangent=by_c, **options)
    np.testing.assert_array_equal(got.inputs, want.inputs)


def test_a_recording_outlives_changes_of_what_it_gave(backend):
    case = experiment("elman-tanh", FLOAT64, steps=600)
    recording = record(case.cell, case.inputs, state=case.state, backend=backend)
    want = recording.gradients(draw(case)).inputs
    recording.trajectory.outputs[...] = np.nan
    recording.trajectory.final_state[...] = np.nan
    case.state[...] = np.nan
    same(recording.gradients(draw(case)).inputs, want)
    assert repr(recording).startswith("Recording(steps=600")


def test_arguments_stay_as_they_are_and_results_are_the_callers(backend):
    case = experiment("gru", FLOAT64, batch=2)
    given = case.inputs.copy(), draw(case), case.state.copy(), np.ones(case.state.shape)
    before = [array.copy() for array in given]
    inputs, cotangent, state, final = given
    found = gradients(case.cell, inputs, cotangent, state=state, final_state_cotangent=final, backend=backend)
    for now, then in zip(given, before):
        same(now, then)
    for result in (found.inputs, found.state, *found.parameters.values()):
        assert result.flags.writeable
        assert not any(np.shares_memory(result, array) for array in given)
    assert found.to_dict()["inputs"] is found.inputs and "weight_hh" in repr(found)


def test_gradients_descend(backend):
    # What they are for: steps along them make D smaller, down to a net that computes what it shall.
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(400, 1))
    wanted = simulate(Elman([[0.6]], [[0.8]], [0.1]), inputs).outputs
    cell = Elman([[0.0]], [[0.5]], [0.0])
    for _ in range(300):
        recording = record(cell, inputs, backend=backend)
        found = recording.gradients((recording.trajectory.outputs - wanted) / len(inputs), wrt="parameters")
        cell = cell.replace(**{name: cell.parameters[name] - step for name, step in found.parameters.items()})
    # A rate of 1 on a curvature of about 1/2.
    assert cell.parameters["weight_hh"].item() == pytest.approx(0.6, abs=1e-6)
    assert cell.parameters["weight_ih"].item() == pytest.approx(0.8, abs=1e-6)
