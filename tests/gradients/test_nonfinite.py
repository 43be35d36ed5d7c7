"""Gradients that leave the finite numbers: the step is named, wherever it lies."""

import numpy as np
import pytest

from rnncore import Chain, Dense, Elman, Linear, MatrixSequence, NonFiniteError, gradients, record

FREE, BLOCKS = {}, {"chunk": 256}


def error_of(*arguments, **options):
    with pytest.raises(NonFiniteError) as caught:
        gradients(*arguments, **options)
    return caught.value


@pytest.mark.parametrize("steps", [10, 256, 257, 1000])
@pytest.mark.parametrize("options", [FREE, BLOCKS])
def test_the_step_at_which_the_carried_gradient_overflows(steps, options, backend):
    # 1e100 to the fourth power is beyond 1e308: from x_T to x_{T-3} it is carried through finite numbers.
    error = error_of(Linear([[1e100]]), None, [1.0], steps=steps, at="last", backend=backend, **options)
    assert (error.step, error.unit, error.batch, error.what) == (steps - 3, 0, None, "gradient")
    assert str(error) == f"the gradient is not finite on the way back at step {steps - 3}, at component 0"


@pytest.mark.parametrize("far", [1, 300, 700])
def test_it_is_found_wherever_it_lies(far, backend):
    cell, cotangent = Linear(np.diag([0.5, 1e100])), np.zeros((1000, 3, 2))
    cotangent[far, 2, 1] = 1e300
    error = error_of(cell, None, cotangent, steps=1000, state=np.zeros((3, 2)), backend=backend)
    assert (error.step, error.unit, error.batch) == (far + 1, 1, 2)


def test_an_infinite_cotangent_is_found_where_it_stands(backend):
    cotangent = np.zeros((600, 1))
    cotangent[40] = np.inf
    error = error_of(Elman([[0.5]]), None, cotangent, steps=600, check_finite=False, backend=backend)
    assert error.step == 41


def test_the_state_comes_first(backend):
    error = error_of(Linear([[1e100]]), None, [1.0], steps=10, state=[1.0], at="last", backend=backend)
    assert (error.step, error.what) == (4, "state")
    with pytest.raises(NonFiniteError, match="the state is not finite after step 4"):
        record(Linear([[1e100]]), steps=10, state=[1.0], backend=backend)


def test_gradients_of_inputs_and_parameters_are_named(backend):
    inputs, cotangent = np.ones((600, 1)), np.ones((600, 1))
    cotangent[300] = 1e200
    error = error_of(Linear([[0.5]], [[1e200]]), inputs, cotangent, backend=backend)
    assert (error.step, error.unit, error.what) == (301, 0, "gradient of inputs")
    inputs[300] = 1e200
    error = error_of(Chain([Linear([[0.5]], [[1.0]])]), inputs, cotangent, wrt="parameters", backend=backend)
    assert (error.step, error.unit, error.what) == (301, 0, "gradient of 0.weight_ih")


def test_a_sum_that_overflows_where_no_step_does(backend):
    cell = Dense([[1.0], [1.0]], [0.0, 0.0]).astype("float32")
    inputs, cotangent = np.zeros((600, 1)), np.zeros((600, 2))
    cotangent[[300, 310], 1] = 3e38
    error = error_of(cell, inputs, cotangent, backend=backend, wrt="parameters", **BLOCKS)
    assert (error.step, error.unit, error.what) == (257, 1, "gradient of bias")
    # Here float64 holds the sum of the blocks' sums.
    cotangent[310], cotangent[20, 1] = 0, 3e38
    error = error_of(cell, inputs, cotangent, backend=backend, wrt="parameters")
    assert (error.step, error.unit, error.what) == (1, 1, "gradient of bias")


def test_the_gradient_of_one_matrix(backend):
    cell = MatrixSequence(np.tile(np.diag([0.5, 0.0]), (600, 1, 1)))
    cotangent = np.zeros((600, 2))
    cotangent[0, 1] = 1e200
    error = error_of(cell, None, cotangent, state=[0.0, 1e200], backend=backend)
    assert (error.step, error.unit, error.what) == (1, 3, "gradient of matrices")


def test_unasked_for_they_pass_through(backend):
    found = gradients(Linear([[1e100]]), None, [1.0], steps=10, at="last", raise_nonfinite=False, backend=backend)
    assert found.state[0] == np.inf
    recording = record(Linear([[1e100]]), steps=10, state=[1.0], raise_nonfinite=False, backend=backend)
    assert not np.isfinite(recording.gradients([1.0], at="last").state).any()


def test_a_recording_that_met_them_still_serves(backend):
    cell = Linear([[1e100]])
    recording = record(cell, steps=700, backend=backend)
    with pytest.raises(NonFiniteError):
        recording.gradients([1.0], at="last")
    np.testing.assert_array_equal(recording.gradients([1.0], at="last", truncation=2).state, [0.0])
