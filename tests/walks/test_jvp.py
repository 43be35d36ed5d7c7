"""Tangents along time, against central differences and torch's forward mode."""

import numpy as np
import pytest
import scipy.sparse
import torch
from torch.autograd import forward_ad

from rnncore import Chain, Dense, Elman, Linear, NonFiniteError, jvp, simulate

from ..contract.examples import EXAMPLES, KINDS, experiment
from ..contract.layouts import memory_map

STEPS = 12


def random_tangents(case, seed=7):
    rng = np.random.default_rng(seed)
    drawn = {
        "state": rng.normal(size=case.state.shape),
        "parameters": {name: rng.normal(size=array.shape) for name, array in case.cell.parameters.items()},
    }
    for name, array in case.cell.parameters.items():
        if np.iscomplexobj(array):
            drawn["parameters"][name] = drawn["parameters"][name] + 1j * rng.normal(size=array.shape)
    for name, array in case.cell.parameters.items():
        if scipy.sparse.issparse(array):
            drawn["parameters"][name] *= array.toarray() != 0
    if case.inputs is not None:
        drawn["inputs"] = rng.normal(size=case.inputs.shape)
    return drawn


def moved(case, tangents, by, backend):
    parameters = {
        name: case.cell.parameters[name] + by * tangent for name, tangent in tangents.get("parameters", {}).items()
    }
    parameters = {
        name: scipy.sparse.csr_array(value) if scipy.sparse.issparse(case.cell.parameters[name]) else value
        for name, value in parameters.items()
    }
    cell = case.cell.replace(**parameters) if parameters else case.cell
    state = case.state + by * tangents.get("state", 0)
    inputs = None if case.inputs is None else case.inputs + by * tangents.get("inputs", 0)
    return simulate(cell, inputs, steps=case.steps, state=state, backend=backend).outputs


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("batch", [None, 2])
def test_it_is_the_limit_of_differences(name, batch, backend):
    # Central differences of step h err by h² · third derivatives, of order 1e2 after some steps, and by eps / h.
    case = experiment(name, np.dtype("float64"), size=3, steps=STEPS, batch=batch)
    tangents = random_tangents(case)
    for chosen in (["inputs"], ["state"], ["parameters"], list(tangents)):
        part = {key: tangents[key] for key in chosen if key in tangents}
        trajectory, got = jvp(
            case.cell, case.inputs, part, steps=None if case.inputs is not None else STEPS,
            state=case.state, backend=backend,
        )  # fmt: skip
        want = (moved(case, part, 1e-5, backend) - moved(case, part, -1e-5, backend)) / 2e-5
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-7 * max(1, np.abs(want).max()))
        np.testing.assert_allclose(trajectory.outputs, moved(case, part, 0, backend), rtol=1e-13, atol=1e-14)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")  # torch itself imports it
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_it_is_torch_forward_mode(nonlinearity, backend):
    case = experiment(f"elman-{nonlinearity}", np.dtype("float64"), size=6, input_size=3, steps=30, batch=4)
    tangents = random_tangents(case)
    phi = getattr(torch, nonlinearity)  # the fused kernel of torch.nn.RNN has no forward mode; the step has
    with forward_ad.dual_level():

        def dual(primal, tangent):
            return forward_ad.make_dual(torch.tensor(primal), torch.tensor(tangent))

        inputs, h = dual(case.inputs, tangents["inputs"]), dual(case.state, tangents["state"])
        weight = {name: dual(array, tangents["parameters"][name]) for name, array in case.cell.parameters.items()}
        outputs = []
        for x in inputs:
            h = phi(x @ weight["weight_ih"].T + weight["bias_ih"] + h @ weight["weight_hh"].T + weight["bias_hh"])
            outputs.append(h)
        want = forward_ad.unpack_dual(torch.stack(outputs))
    trajectory, got = jvp(case.cell, case.inputs, tangents, state=case.state, backend=backend)
    # 30 contracting steps of sums of ten products.
    np.testing.assert_allclose(trajectory.outputs, want.primal, rtol=0, atol=1e-13)
    np.testing.assert_allclose(got, want.tangent, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("batch", [None, 3])
def test_chunks_and_threads_change_no_bit(name, batch, backend, dtype):
    case = experiment(name, dtype, steps=STEPS, batch=batch)
    run = {"steps": None if case.inputs is not None else STEPS, "state": case.state, "backend": backend}
    tangents = random_tangents(case)
    want = jvp(case.cell, case.inputs, tangents, **run)
    assert want[1].shape == want[0].outputs.shape and want[1].dtype == dtype
    for chunk, threads in ((1, 2), (5, 1)):
        got = jvp(case.cell, case.inputs, tangents, chunk=chunk, threads=threads, **run)
        np.testing.assert_array_equal(got[0].outputs, want[0].outputs)
        np.testing.assert_array_equal(got[0].final_state, want[0].final_state)
        np.testing.assert_array_equal(got[1], want[1])


def test_a_sparse_tangent_equals_the_dense_one(backend):
    case = experiment("linear-sparse", np.dtype("float64"), size=6)
    dense = np.zeros((6, 6))
    dense[2, 3] = dense[5, 0] = 1.5
    results = [
        jvp(case.cell, case.inputs, {"parameters": {"weight_hh": tangent}}, state=case.state, backend=backend)[1]
        for tangent in (dense, scipy.sparse.coo_array(dense))
    ]
    np.testing.assert_array_equal(*results)
    assert np.abs(results[0]).max() > 0


def test_inputs_tangents_and_matrices_may_be_memory_maps(backend):
    case = experiment("chain-matrix-sequence", np.dtype("float64"), steps=STEPS)
    tangents = {"parameters": {"0.matrices": np.random.default_rng(0).normal(size=(19, 5, 5))}}
    mapped = {"parameters": {"0.matrices": memory_map(tangents["parameters"]["0.matrices"])}}
    got, want = (jvp(case.cell, None, t, steps=STEPS, state=case.state, backend=backend)[1] for t in (mapped, tangents))
    np.testing.assert_array_equal(got, want)
    case = experiment("elman-tanh", np.dtype("float64"))
    tangent = np.random.default_rng(0).normal(size=case.inputs.shape)
    got, want = (jvp(case.cell, case.inputs, {"inputs": t}, backend=backend)[1] for t in (memory_map(tangent), tangent))
    np.testing.assert_array_equal(got, want)


def test_a_batch_of_states_shares_one_series_and_its_tangent(backend):
    case = experiment("elman-tanh", np.dtype("float64"))
    states = np.stack([case.state, -case.state])
    tangents = {"inputs": np.ones_like(case.inputs), "state": np.ones(5)}
    got = jvp(case.cell, case.inputs, tangents, state=states, backend=backend)[1]
    for index in range(2):
        alone = jvp(case.cell, case.inputs, tangents, state=states[index], backend=backend)[1]
        np.testing.assert_allclose(got[:, index], alone, rtol=0, atol=1e-14)


def test_without_tangents_or_steps_nothing_moves(backend):
    cell = Linear([[0.5]], [[1.0]])
    np.testing.assert_array_equal(jvp(cell, np.ones((3, 1)), {}, backend=backend)[1], np.zeros((3, 1)))
    trajectory, tangents = jvp(cell, np.ones((0, 1)), {"state": [1.0]}, backend=backend)
    assert trajectory.steps == 0 and tangents.shape == (0, 1)


def test_the_step_of_an_overflow_is_named_and_the_rest_kept(backend):
    run = {"steps": 9, "chunk": 2, "raise_nonfinite": True, "backend": backend}
    with pytest.raises(NonFiniteError, match="tangent is not finite after step 4, at component 0") as caught:
        jvp(Linear([[1e100]]), None, {"state": [1.0]}, **run)
    trajectory, tangents = caught.value.partial
    assert trajectory.steps == 2
    np.testing.assert_allclose(tangents[:, 0], [1e100, 1e200], rtol=1e-15)
    with pytest.raises(NonFiniteError, match="state is not finite after step 4"):
        jvp(Linear([[1e100]]), None, {}, state=[1.0], **run)
    assert np.isinf(jvp(Linear([[1e100]]), None, {"state": [1.0]}, steps=4, backend=backend)[1][-1])


@pytest.mark.parametrize(
    "tangents, error, message",
    [
        (None, TypeError, "tangents must be a dict, got NoneType"),
        ({"input": 1}, ValueError, "tangents may hold inputs, state and parameters; got 'input'"),
        ({"inputs": [[1.0]]}, ValueError, r"tangents\['inputs'\] must have shape \(2, 1\), got \(1, 1\)"),
        ({"inputs": [[1.0], [np.nan]]}, ValueError, r"tangents\['inputs'\] must be finite"),
        ({"state": [1.0]}, ValueError, r"tangents\['state'\] must have shape \(2,\)"),
        ({"state": np.ones((3, 2))}, ValueError, r"tangents\['state'\] must have shape \(2,\)"),
        ({"state": [1.0, np.inf]}, ValueError, r"tangents\['state'\] must be finite"),
        ({"parameters": [1.0]}, TypeError, r"tangents\['parameters'\] must be a dict"),
        ({"parameters": {"weight": 1}}, ValueError, "names 'weight', but the cell has 0.weight_hh"),
        ({"parameters": {"0.weight_hh": [1.0]}}, ValueError, r"\['0.weight_hh'\] must have shape \(2, 2\)"),
        ({"parameters": {"1.bias": [np.nan]}}, ValueError, r"\['1.bias'\] must be finite"),
        ({"parameters": {"1.weight": scipy.sparse.eye_array(1, 2)}}, TypeError, "must be a dense array"),
    ],
)
def test_wrong_tangents_are_named(tangents, error, message):
    cell = Chain([Elman(np.eye(2), np.ones((2, 1))), Dense(np.ones((1, 2)), [0.0])])
    with pytest.raises(error, match=message):
        jvp(cell, np.ones((2, 1)), tangents)


def test_tangents_of_inputs_that_are_not_there_are_an_error():
    with pytest.raises(ValueError, match="there are no inputs"):
        jvp(Linear([[1.0]]), None, {"inputs": [[1.0]]}, steps=1)
