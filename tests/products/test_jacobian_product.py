"""A_T ⋯ A_1 against exact products, and everything it promises about scale, zeros, batches and chunks."""

import mpmath
import numpy as np
import pytest

from rnncore import (
    Chain,
    Dense,
    Elman,
    Linear,
    MatrixSequence,
    NonFiniteError,
    ScaledMatrix,
    jacobian,
    jacobian_product,
    simulate,
)

from ..contract.examples import EXAMPLES, KINDS, experiment
from ..contract.layouts import memory_map

STATEFUL = [name for name in EXAMPLES if not name.startswith(("dense", "chain-dense-only"))]


def product_of(case, backend, **options):
    steps = None if case.inputs is not None else case.steps
    return jacobian_product(case.cell, case.inputs, steps=steps, state=case.state, backend=backend, **options)


def mp_power(weight, steps):
    """W^T and its entries' decimal exponents, by mpmath."""
    return mpmath.matrix(weight.tolist()) ** steps


@pytest.mark.parametrize("name", STATEFUL)
def test_it_is_the_product_of_the_steps_jacobians(name, backend):
    case = experiment(name, np.dtype("float64"), size=4, steps=6)
    want, state = np.eye(case.cell.state_size), case.state
    matrices = {name: array for name, array in case.cell.parameters.items() if name.endswith("matrices")}
    for step in range(case.steps):
        later = case.cell.replace(**{key: array[step:] for key, array in matrices.items()}) if matrices else case.cell
        inputs = None if case.inputs is None else case.inputs[step]
        want = jacobian(later, state, inputs, backend=backend) @ want
        one = None if inputs is None else inputs[None]
        state = simulate(later, one, steps=1, state=state, backend=backend).final_state
    got = product_of(case, backend).to_array()
    scale = np.abs(want).max(axis=0, keepdims=True)
    scale[scale == 0] = 1  # a gate that shuts by ReLU leaves nothing
    np.testing.assert_allclose(got / scale, want / scale, rtol=0, atol=1e-13)


@pytest.mark.parametrize("steps", [1, 10, 1000, 20_000])
def test_powers_of_a_constant_matrix_are_those_of_mpmath(steps, backend, rng):
    weight = rng.normal(size=(4, 4))
    product = jacobian_product(Linear(weight), steps=steps, backend=backend)
    with mpmath.workdps(60):
        want = mp_power(weight, steps)
        got = [[mpmath.ldexp(float(x), int(e)) for x, e in zip(row, product.exponent)] for row in product.mantissa]
        scale = [max(abs(want[i, j]) for i in range(4)) for j in range(4)]
        error = max(abs(got[i][j] - want[i, j]) / scale[j] for i in range(4) for j in range(4))
    # A step rounds four sums of four products; they add up like a sum, and are amplified at most by the condition of
    # the eigenvectors.
    bound = 8 * np.finfo(np.float64).eps * steps * np.linalg.cond(np.linalg.eig(weight)[1]) ** 2
    assert error < bound


def test_ten_thousand_random_matrices_are_those_of_mpmath(backend, rng):
    matrices = rng.normal(size=(10_000, 3, 3))
    product = jacobian_product(MatrixSequence(matrices), block=[1.0, 0.0, 0.0], backend=backend)
    with mpmath.workdps(40):
        column = mpmath.matrix([1, 0, 0])
        for matrix in matrices:
            column = mpmath.matrix(matrix.tolist()) * column
        norm = float(mpmath.log(mpmath.norm(column), 2))
        direction = np.array([float(x / mpmath.norm(column)) for x in column])
    # Later steps forget earlier errors of direction; those of the norm add up at random, some eps a step.
    assert product.log2_norm("fro") == pytest.approx(norm, abs=1e-12 * 10_000**0.5)
    got = product.mantissa[:, 0] / np.linalg.norm(product.mantissa)
    np.testing.assert_allclose(got, direction, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch", [None, 2])
def test_it_is_canonical(batch, dtype, backend):
    case = experiment("chain-deep", np.dtype(dtype), size=4, batch=batch)
    product = product_of(case, backend, block=np.random.default_rng(0).normal(size=(case.cell.state_size, 3)))
    lead = () if batch is None else (batch,)
    assert product.mantissa.shape == (*lead, case.cell.state_size, 3) and product.mantissa.dtype == dtype
    assert product.exponent.shape == (*lead, 3) and product.exponent.dtype == np.int64
    largest = np.abs(product.mantissa).max(axis=-2)
    assert np.all((largest >= 0.5) & (largest < 1))


def test_exact_zeros_stay_zeros_and_their_exponent_is_zero(backend, dtype):
    shift = np.diag(np.ones(3), 1).astype(dtype)  # nilpotent: its fourth power is zero
    product = jacobian_product(Linear(3 * shift), steps=3, every=1, backend=backend)
    np.testing.assert_array_equal(product.to_array(), np.linalg.matrix_power(3 * shift, 3))
    np.testing.assert_array_equal(product.exponent, [0, 0, 0, 5])
    np.testing.assert_array_equal(np.isfinite(product.log2_norms), ~np.tri(3, 4, dtype=bool))


def test_nothing_multiplied_is_the_block(backend):
    cell = Elman(np.eye(3), np.ones((3, 1)))
    np.testing.assert_array_equal(jacobian_product(cell, np.ones((0, 1)), backend=backend).to_array(), np.eye(3))
    block = np.arange(6.0).reshape(3, 2)
    product = jacobian_product(cell, steps=0, block=block, every=2, backend=backend)
    np.testing.assert_array_equal(product.to_array(), block)
    assert product.steps == 0 and product.log2_norms.shape == (0, 2)


def test_blocks_beyond_float32_keep_their_scale(backend):
    cell = Linear(np.eye(2, dtype=np.float32))
    product = jacobian_product(cell, steps=5, block=[[1e300], [1e299]], backend=backend)
    assert product.log2_norm(np.inf) == pytest.approx(np.log2(1e300), rel=1e-7)


def test_vectors_columns_and_batches_of_them(backend):
    case = experiment("elman-tanh", np.dtype("float64"), size=4, batch=3)
    rng = np.random.default_rng(1)
    blocks = rng.normal(size=(3, 4, 2))
    whole = product_of(case, backend, block=blocks, every=4)
    assert whole.log2_norms.shape == (case.steps // 4, 3, 2)
    for sequence in range(3):
        alone = jacobian_product(
            case.cell, case.inputs[:, sequence], state=case.state[sequence], block=blocks[sequence], backend=backend
        )
        np.testing.assert_allclose(whole.to_array()[sequence], alone.to_array(), rtol=1e-12)
    vector = product_of(case, backend, block=blocks[0, :, 0])
    assert vector.mantissa.shape == (3, 4, 1)
    np.testing.assert_allclose(vector.to_array()[0, :, 0], whole.to_array()[0, :, 0], rtol=1e-12)


@pytest.mark.parametrize("every", [1, 3, 19, 20])
def test_norms_along_the_way_are_those_of_shorter_runs(every, backend):
    case = experiment("elman-tanh", np.dtype("float64"), size=4)
    product = product_of(case, backend, every=every)
    assert product.log2_norms.shape == (19 // every, 4)
    for row, norms in enumerate(product.log2_norms):
        part = jacobian_product(case.cell, case.inputs[: (row + 1) * every], state=case.state, backend=backend)
        want = np.log2(np.linalg.norm(part.to_array(), axis=0))
        np.testing.assert_allclose(norms, want, rtol=1e-12)


@pytest.mark.parametrize("name", [name for name in KINDS if name in STATEFUL])
@pytest.mark.parametrize("batch", [None, 3])
def test_chunks_and_threads_change_no_bit(name, batch, backend, dtype):
    case = experiment(name, dtype, size=9, batch=batch)
    want = product_of(case, backend, every=2)
    for chunk, threads in ((1, 1), (4, 3)):
        got = product_of(case, backend, every=2, chunk=chunk, threads=threads)
        for field in ("mantissa", "exponent", "log2_norms"):
            np.testing.assert_array_equal(getattr(got, field), getattr(want, field))


def test_matrices_may_be_a_memory_map(backend, rng):
    matrices = rng.normal(size=(50, 4, 4))
    got, want = (
        jacobian_product(MatrixSequence(m), backend=backend, chunk=7).to_array()
        for m in (memory_map(matrices), matrices)
    )
    np.testing.assert_array_equal(got, want)


def test_norms_are_numpys():
    product = ScaledMatrix.of(np.array([[3.0, -1.0], [4.0, 5.0], [0.0, 2.0]]), [2, -1])
    array = product.to_array()
    for ord in (1, 2, np.inf, "fro"):
        assert product.log2_norm(ord) == pytest.approx(np.log2(np.linalg.norm(array, ord)), rel=1e-14)
    batch = ScaledMatrix.of(np.stack([product.mantissa, 2 * product.mantissa]), np.stack([product.exponent] * 2))
    for ord in (1, 2, np.inf, "fro"):
        np.testing.assert_allclose(batch.log2_norm(ord), product.log2_norm(ord) + np.arange(2), rtol=1e-14)


def test_the_order_of_a_norm_may_be_any_real_number_but_no_bool():
    product = ScaledMatrix.of(np.array([[3.0, -1.0], [4.0, 5.0]]), [2, -1])
    assert (
        product.log2_norm(np.int64(1)) == product.log2_norm(1)
        and product.log2_norm(np.float32(2)) == product.log2_norm()
    )
    for wrong in (True, 0, -np.inf, np.nan, "nuc", None):
        with pytest.raises(ValueError, match="ord must be 1, 2, inf"):
            product.log2_norm(wrong)


def test_a_zero_matrix_has_the_norm_of_zero():
    product = ScaledMatrix.of(np.zeros((2, 2)), [3, 4])
    np.testing.assert_array_equal(product.exponent, 0)
    assert all(product.log2_norm(ord) == -np.inf for ord in (1, 2, np.inf, "fro"))


def test_what_floats_cannot_hold_becomes_infinite_or_zero():
    product = ScaledMatrix.of(np.array([[0.5, -0.5, 0.5]]), [10**15, 5000, -(10**15)])
    np.testing.assert_array_equal(product.to_array(), [[np.inf, -np.inf, 0]])
    assert product.log2_norm(np.inf) == 1e15 - 1


def test_it_says_what_it_is():
    product = jacobian_product(Linear([[4.0]]), steps=1000)
    assert repr(product) == "ScaledMatrix(1 x 1, float64, 1000 steps, log2 of its Frobenius norm 2000.)"
    assert set(product.to_dict()) == {"mantissa", "exponent", "steps", "every", "log2_norms"}


def test_it_draws():
    import matplotlib

    matplotlib.use("Agg")
    cell = Linear(np.diag([2.0, 0.0]))
    assert jacobian_product(cell, steps=5, every=1).plot().get_xlabel() == "step"
    assert jacobian_product(cell, steps=5).plot().get_xlabel() == "index"


def test_a_state_or_a_product_that_overflows_is_named_and_the_rest_kept(backend):
    with pytest.raises(NonFiniteError, match="state is not finite after step 4, at component 0") as caught:
        jacobian_product(Linear([[1e100]]), steps=9, state=[1.0], chunk=2, every=1, backend=backend)
    assert caught.value.partial.steps == 2
    np.testing.assert_allclose(caught.value.partial.log2_norms[:, 0], np.log2(10) * np.array([100, 200]), rtol=1e-14)
    with pytest.raises(NonFiniteError, match="tangent is not finite after step 3, at component 1") as caught:
        matrices = np.stack([np.eye(2), np.eye(2), [[0, 0], [1.5e308, 1.5e308]], np.eye(2)])
        jacobian_product(MatrixSequence(matrices), block=[0.9, 0.9], backend=backend)
    assert caught.value.what == "tangent" and caught.value.partial.steps == 0


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"block": np.ones((2, 0))}, ValueError, "block must have at least one column"),
        ({"block": np.ones(3)}, ValueError, r"block must have shape \(2,\), \(2, k\), got \(3,\)"),
        ({"block": np.ones((1, 2, 1))}, ValueError, "block must have shape"),
        ({"block": 1.0}, ValueError, r"block must have shape \(2,\), \(2, k\), got \(\)"),
        ({"block": [1.0, np.nan]}, ValueError, "block must be finite in float64, got nan at index 1"),
        ({"block": ["a", "b"]}, TypeError, "block must hold real numbers"),
        ({"every": 0}, ValueError, "every must be at least 1"),
        ({"every": 1.5}, TypeError, "every must be an integer"),
        ({"steps": -1}, ValueError, "steps must be at least 0"),
        ({"state": [1.0]}, ValueError, "state must have shape"),
        ({"chunk": 0}, ValueError, "chunk must be at least 1"),
        ({"backend": "cuda"}, ValueError, "backend must be one of"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        jacobian_product(Linear(np.eye(2)), **{"steps": 3, **arguments})


def test_without_a_state_there_is_no_product():
    with pytest.raises(ValueError, match="the cell has no state"):
        jacobian_product(Dense([[1.0]]), [[1.0]])


def test_layers_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"layer 0 \(Linear\) has 1 outputs but layer 1 \(Dense\) takes 2 inputs"):
        jacobian_product(Chain([Linear([[1.0]]), Dense([[1.0, 1.0]])]), steps=1)
