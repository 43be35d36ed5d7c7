"""A walk that leaves the finite numbers says where."""

import pickle

import numpy as np
import pytest

from rnncore import (
    Chain,
    Elman,
    GradientNorms,
    Linear,
    MatrixSequence,
    NonFiniteError,
    gradient_norms,
    jacobian_product,
    lyapunov_spectrum,
)
from rnncore.backends import get_backend, prepare
from rnncore.graded_product import GradedProduct
from rnncore.nonfinite import nonfinite_error
from rnncore.runs import Run

HUGE = 1.5e308


def located(cell, backend, state, block=None):
    run = Run(cell, None, 8, state, True)
    block = None if block is None else np.array(np.broadcast_to(block, (run.width, *np.shape(block))), order="C")
    error = nonfinite_error(run, prepare(cell, get_backend(backend)), 0, 8, run.state.copy(), block, threads=1)
    return error.what, error.step, error.unit, error.batch


def test_the_state_is_named_before_the_tangent(backend):
    cell = Linear(np.diag([1.0, 1e100]))
    assert located(cell, backend, [1.0, 1.0]) == ("state", 4, 1, None)
    assert located(cell, backend, [[1.0, 0.0], [1.0, 1e250]], np.eye(2)) == ("state", 1, 1, 1)


def test_the_tangent_is_named_where_the_state_stays_finite(backend):
    matrices = np.stack([np.eye(2)] * 5 + [[[1.0, 0.0], [HUGE, HUGE]]] + [np.eye(2)] * 2)
    assert located(MatrixSequence(matrices), backend, None, [[0.9], [0.9]]) == ("tangent", 6, 1, None)


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("k", [1, None])
def test_a_jacobian_that_overflows_is_no_annihilation(k, size, backend):
    huge = np.diag([1e200] + [1.0] * (size - 1))
    cell = Chain([Linear(huge), Elman(np.zeros((size, size)), huge)])
    with pytest.raises(NonFiniteError, match=f"tangent is not finite after step 1, at component {size}"):
        lyapunov_spectrum(cell, steps=5, k=k, backend=backend)


@pytest.mark.parametrize(
    "walk",
    [
        jacobian_product,
        lambda cell, **options: lyapunov_spectrum(cell, burn_in=0, qr_interval=50, **options),
        lambda cell, **options: gradient_norms(cell, cotangent=[1.0, 1.0], **options),
    ],
)
@pytest.mark.parametrize("name", ["native", "numba"])
def test_a_step_too_near_the_largest_float_is_named(walk, name):
    """Kernels let columns grow to 2^60 before they rescale them: single steps would not overflow."""
    matrices = np.tile(2.0**15 * np.array([[0.6, -0.8], [0.8, 0.6]]), (51, 1, 1))
    matrices[17] *= 1e300
    with pytest.raises(NonFiniteError, match="tangent is not finite after step 18, at component 0") as caught:
        walk(MatrixSequence(matrices), backend=name)
    if isinstance(caught.value.partial, GradientNorms):
        np.testing.assert_array_equal(caught.value.partial.lags, np.arange(34))
        np.testing.assert_allclose(caught.value.partial.log2_norms, 0.5 + 15 * np.arange(34))


@pytest.mark.parametrize("back", [False, True])
def test_a_graded_product_stays_what_it_was(back, backend):
    turned, huge = np.array([[0.6, -0.8], [0.8, 0.6]]), np.array([[1.0, 0.0], [HUGE, HUGE]])
    matrices = np.stack([turned.T, huge.T if back else huge, turned])
    run = Run(MatrixSequence(matrices), None, None, None, True)
    program = prepare(run.cell, get_backend(backend))
    product = GradedProduct(1, 2, np.dtype(np.float64))
    with pytest.raises(NonFiniteError, match="tangent is not finite after step 2, at component 1"):
        product.multiply(run, program, 0, 3, np.zeros((1, 2)), back=back)
    np.testing.assert_array_equal(product.log_singular_values(), [[0, 0]])


def test_partial_results_survive_pickling():
    error = pickle.loads(pickle.dumps(NonFiniteError(3, 1, None, "tangent", partial=np.arange(3))))
    np.testing.assert_array_equal(error.partial, np.arange(3))
    assert (error.step, error.what) == (3, "tangent") and NonFiniteError(1, 0).partial is None


def test_a_saturated_network_stays_finite(backend):
    cell = Elman(np.full((2, 2), 1e150), bias_ih=[1.0, 2.0])
    product = GradedProduct(1, 2, np.dtype(np.float64))
    run = Run(cell, None, 5, None, True)
    product.multiply(run, prepare(cell, get_backend(backend)), 0, 5, run.state)
    assert not np.isnan(product.log_singular_values()).any()
