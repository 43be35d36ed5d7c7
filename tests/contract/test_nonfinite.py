"""NaN and infinities that are let through spread as in the reference, and are reported where asked."""

import numpy as np
import pytest

from rnncore import Chain, Dense, Linear, NonFiniteError, simulate

from .examples import EXAMPLES, experiment, tolerance


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_they_spread_as_in_the_reference(name, value, backend, dtype):
    case = experiment(name, dtype, size=9, input_size=3, batch=5)
    if case.cell.state_size:
        case.state[1, 0] = value
    if case.inputs is not None:
        case.inputs[3, 2, 1] = value
    got, want = (case.run(b, check_finite=False).outputs for b in (backend, "reference"))
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    # assert_allclose compares infinities exactly
    np.testing.assert_allclose(got, want, rtol=0, atol=tolerance(case.cell, want))
    assert np.isfinite(got[:, [0, 3, 4]]).all()


def test_a_number_that_overflows_in_float32_is_infinite_there(backend):
    inputs = [[1e300], [-1e300], [1.0]]
    outputs = simulate(Dense(np.float32([[1]])), inputs, check_finite=False, backend=backend).outputs
    np.testing.assert_array_equal(outputs[:, 0], [np.inf, -np.inf, 1])


@pytest.mark.parametrize("keep", ["outputs", "states", "last", 5])
@pytest.mark.parametrize("chunk", [None, 1, 4])
def test_the_first_step_and_unit_that_overflow_are_named(keep, chunk, backend):
    cell = Linear(np.diag([1.0, 1e100, 1e60]))
    with pytest.raises(NonFiniteError, match="state is not finite after step 4, at component 1") as caught:
        simulate(cell, steps=50, state=[1, 1, 1], keep=keep, chunk=chunk, raise_nonfinite=True, backend=backend)
    assert (caught.value.step, caught.value.unit, caught.value.batch) == (4, 1, None)
    with pytest.raises(NonFiniteError, match="component 2 of sequence 1") as caught:
        states = [[1, 0, 1], [0, 0, 1e299]]
        simulate(cell, steps=50, state=states, keep=keep, chunk=chunk, raise_nonfinite=True, backend=backend)
    assert (caught.value.step, caught.value.unit, caught.value.batch) == (1, 2, 1)


def test_an_output_that_overflows_behind_finite_states_is_named(backend):
    cell = Chain([Linear([[2.0]]), Dense([[1.0], [1e306]])])
    run = {"steps": 50, "state": [1.0], "raise_nonfinite": True, "backend": backend}
    with pytest.raises(NonFiniteError, match="output is not finite after step 8, at component 1"):
        simulate(cell, **run)
    with pytest.raises(NonFiniteError, match="output is not finite after step 9, at component 1"):
        simulate(cell, **run, keep=3, chunk=2)


def test_an_overflow_is_silent_unless_asked(backend):
    outputs = simulate(Linear([[1e200]]), steps=4, state=[1.0], backend=backend).outputs
    np.testing.assert_array_equal(outputs[:, 0], [1e200, np.inf, np.inf, np.inf])
