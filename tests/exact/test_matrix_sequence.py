"""x_t = M_t x_{t-1} against products in 60 digits."""

import mpmath
import numpy as np
import pytest

from rnncore import Linear, MatrixSequence, simulate


@pytest.mark.parametrize("size", [1, 2, 5, 17])
def test_a_product_of_random_matrices_equals_mpmath(size, backend, dtype, rng):
    steps = 40
    matrices = rng.normal(size=(steps, size, size)).astype(dtype)
    state = rng.normal(size=size).astype(dtype)
    with mpmath.workdps(60):
        exact = [mpmath.matrix(state.astype(float).tolist())]
        bound = [abs(state.astype(float))]
        for index in range(steps):
            exact.append(mpmath.matrix(matrices[index].astype(float).tolist()) * exact[-1])
            bound.append(abs(matrices[index].astype(float)) @ bound[-1])
        want = np.array([[float(value) for value in x] for x in exact[1:]])
    got = simulate(MatrixSequence(matrices), state=state, backend=backend).outputs
    # The classic bound: each of t products contributes at most size eps |M_t| … |M_1| |x_0|.
    factor = size * np.arange(1, steps + 1)[:, None] * np.finfo(dtype).eps
    assert (abs(got - want) <= factor * np.array(bound[1:])).all()


def test_a_constant_sequence_is_a_linear_recursion(backend, dtype, rng):
    weights = (rng.normal(size=(9, 9)) / 9).astype(dtype)
    state = rng.normal(size=(4, 9)).astype(dtype)
    got = simulate(MatrixSequence(np.repeat(weights[None], 12, axis=0)), state=state, backend=backend).outputs
    want = simulate(Linear(weights), steps=12, state=state, backend="reference").outputs
    # 12 steps of 9-term products with ‖W‖_∞ below 2 and shrinking states.
    np.testing.assert_allclose(got, want, rtol=0, atol=2 * 12 * 9 * np.finfo(dtype).eps * abs(state).max())


def test_without_steps_it_runs_to_the_end_and_with_steps_it_stops(backend):
    cell = MatrixSequence(np.arange(1.0, 7.0).reshape(6, 1, 1))
    np.testing.assert_array_equal(simulate(cell, state=[1.0], backend=backend).outputs[:, 0], [1, 2, 6, 24, 120, 720])
    np.testing.assert_array_equal(simulate(cell, state=[1.0], steps=2, backend=backend).outputs[:, 0], [1, 2])


def test_from_zeros_it_stays_at_zero(backend):
    assert not simulate(MatrixSequence(np.ones((5, 2, 2))), backend=backend).outputs.any()
