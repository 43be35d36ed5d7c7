"""The Jacobian of one step, against complex steps, central differences, and formulas."""

import numpy as np
import pytest

from rnncore import Chain, Dense, Elman, Linear, MatrixSequence, jacobian, simulate

from ..contract.examples import EXAMPLES, experiment


def step(cell, state, inputs, of, backend):
    run = simulate(cell, inputs, steps=None if inputs is not None else 1, state=state, backend=backend)
    return run.final_state if of == "state" else run.outputs[0]


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("of", ["state", "outputs"])
def test_it_is_the_limit_of_differences(name, of, backend):
    # Central differences of step h err by h² · third derivatives and by eps / h: 1e-10 each at h = 1e-5.
    case = experiment(name, np.dtype("float64"), size=4, input_size=2, batch=3, steps=1)
    arrays = {"state": case.state, "input": None if case.inputs is None else case.inputs[0]}
    for wrt in ("state", "input"):
        if arrays[wrt] is None:
            continue
        got = jacobian(case.cell, case.state, arrays["input"], wrt=wrt, of=of, backend=backend)
        want = np.empty_like(got)
        for column in range(arrays[wrt].shape[1]):
            moved = []
            for sign in (1, -1):
                shifted = {key: None if array is None else array.copy() for key, array in arrays.items()}
                shifted[wrt][:, column] += sign * 1e-5
                inputs = None if shifted["input"] is None else shifted["input"][None]
                moved.append(step(case.cell, shifted["state"], inputs, of, backend))
            want[:, :, column] = (moved[0] - moved[1]) / 2e-5
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-9)


def test_one_state_and_a_batch_agree(backend, dtype):
    case = experiment("chain-deep", dtype, batch=3)
    together = jacobian(case.cell, case.state, case.inputs[0], backend=backend)
    assert together.dtype == dtype
    for index in range(3):
        alone = jacobian(case.cell, case.state[index], case.inputs[0, index], backend=backend)
        np.testing.assert_allclose(alone, together[index], rtol=0, atol=64 * np.finfo(dtype).eps)
    shared = jacobian(case.cell, case.state, case.inputs[0, 0], backend=backend)
    np.testing.assert_array_equal(shared[0], together[0])


def test_a_linear_recursion_gives_its_matrices(backend):
    weight_hh, weight_ih = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0], [6.0]])
    cell = Linear(weight_hh, weight_ih)
    np.testing.assert_array_equal(jacobian(cell, None, backend=backend), weight_hh)
    np.testing.assert_array_equal(jacobian(cell, None, wrt="input", backend=backend), weight_ih)
    sequence = MatrixSequence(np.stack([weight_hh, np.eye(2)]))
    np.testing.assert_array_equal(jacobian(sequence, None, backend=backend), weight_hh)
    assert jacobian(sequence, None, wrt="input", backend=backend).shape == (2, 0)


def test_a_layer_without_memory_has_a_jacobian_by_its_input(backend):
    cell = Dense([[1.0, 2.0]], nonlinearity="relu")
    np.testing.assert_array_equal(jacobian(cell, [], [1.0, 1.0], wrt="input", of="outputs", backend=backend), [[1, 2]])
    assert jacobian(cell, [], [1.0, 1.0], backend=backend).shape == (0, 0)


def test_at_its_kink_the_slope_of_relu_is_zero(backend):
    cell = Elman(np.eye(2), nonlinearity="relu")
    np.testing.assert_array_equal(jacobian(cell, [0.0, 1.0], backend=backend), np.diag([0.0, 1.0]))


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"wrt": "inputs"}, "wrt must be one of state, input"),
        ({"of": None}, "of must be one of state, outputs"),
        ({"input": [1.0]}, r"input must have shape \(2,\) or \(B, 2\), got \(1,\)"),
        ({"input": 1.0}, "input must have shape"),
        ({"input": [1.0, np.nan]}, "input must be finite"),
        ({"input": np.ones((3, 2)), "state": np.ones((2, 1))}, "input holds 3 sequences but state holds 2"),
        ({"state": [1.0, 2.0]}, r"state must have shape \(1,\)"),
        ({"state": [np.inf]}, "state must be finite"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    cell = Elman([[1.0]], [[1.0, 1.0]])
    with pytest.raises(ValueError, match=message):
        jacobian(cell, **{"state": [0.0], **arguments})


def test_what_is_no_cell_is_named():
    with pytest.raises(TypeError, match="cell must be a cell"):
        jacobian(np.eye(2), [0.0, 0.0], [1.0])


def test_layers_of_a_chain_are_coupled_within_the_step(backend):
    chain = Chain([Linear([[2.0]], [[1.0]]), Linear([[3.0]], [[5.0]])])
    np.testing.assert_array_equal(jacobian(chain, [0.0, 0.0], backend=backend), [[2, 0], [10, 3]])
    np.testing.assert_array_equal(jacobian(chain, [0.0, 0.0], of="outputs", backend=backend), [[10, 3]])
    np.testing.assert_array_equal(jacobian(chain, [0.0, 0.0], wrt="input", backend=backend), [[1], [5]])
