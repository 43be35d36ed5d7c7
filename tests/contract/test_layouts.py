"""Equal numbers give equal bits, however they lie in memory."""

import numpy as np
import pytest
import scipy.sparse

from rnncore import Elman, Linear, simulate

from .examples import experiment
from .layouts import LAYOUTS

KINDS = [
    "elman-tanh",
    "linear-sparse",
    "lstm",
    "diagonal-complex",
    "delay-line",
    "dense-tanh",
    "matrix-sequence",
    "chain-dense-first",
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("batch", [None, 3])
def test_the_layout_of_inputs_and_state_changes_nothing(layout, batch, backend, dtype):
    for name in KINDS:
        case = experiment(name, dtype, batch=batch)
        laid_out = {} if case.inputs is None else {"inputs": LAYOUTS[layout](case.inputs)}
        if case.cell.state_size:
            laid_out["state"] = LAYOUTS[layout](case.state)
        if not laid_out.keys() & {"inputs"}:
            laid_out["steps"] = case.steps
        got = simulate(case.cell, **laid_out, chunk=4, backend=backend)
        want = case.run(backend)
        np.testing.assert_array_equal(got.outputs, want.outputs, strict=True)
        np.testing.assert_array_equal(got.final_state, want.final_state, strict=True)


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "longdouble"])
def test_the_layout_of_parameters_changes_nothing(layout, backend, dtype):
    for name in (
        "elman-tanh",
        "linear",
        "lstm-peepholes",
        "diagonal",
        "gated-diagonal-tanh",
        "dense-tanh",
        "matrix-sequence",
    ):
        case = experiment(name, dtype, batch=2)
        laid_out = {key: LAYOUTS[layout](array) for key, array in case.cell.parameters.items()}
        cell = type(case.cell)(**laid_out, **case.cell.options).astype(dtype)
        np.testing.assert_array_equal(case.run(backend, cell=cell).outputs, case.run(backend).outputs, strict=True)


@pytest.mark.parametrize("kind", ["bool", "int8", "uint8", "int32", "uint64", "float16", ">i2", ">f4"])
def test_any_real_dtype_of_inputs_and_state_is_converted(kind, backend, dtype, rng):
    cell = Elman(rng.normal(size=(3, 3)), rng.normal(size=(3, 2))).astype(dtype)
    inputs = rng.integers(0, 2 if kind == "bool" else 9, (7, 2))
    state = rng.integers(0, 2, 3)
    got = simulate(cell, inputs.astype(kind), state=state.astype(kind), backend=backend).outputs
    want = simulate(cell, inputs.astype(dtype), state=state.astype(dtype), backend=backend).outputs
    np.testing.assert_array_equal(got, want, strict=True)


def test_integer_parameters_follow_the_float_ones_and_are_float64_alone(backend, rng):
    inputs = rng.normal(size=(5, 1))
    want = simulate(Linear([[0.0, 1.0], [1.0, -1.0]], [[2.0], [1.0]]), inputs, backend=backend).outputs
    got = simulate(Linear([[0, 1], [1, -1]], [[2], [1]]), inputs, backend=backend).outputs
    np.testing.assert_array_equal(got, want, strict=True)
    assert Linear(np.float32([[1]]), [[2]], np.array([True])).dtype == np.float32


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "bsr", "lil", "dok", "dia"])
@pytest.mark.parametrize("kind", ["array", "matrix"])
def test_the_form_of_a_sparse_matrix_changes_nothing(form, kind, backend, dtype):
    case = experiment("elman-tanh-sparse", dtype, size=9, batch=2)
    weights = case.cell.parameters["weight_hh"]
    other = getattr(scipy.sparse, f"{form}_{kind}")(weights)
    got = case.run(backend, cell=case.cell.replace(weight_hh=other)).outputs
    np.testing.assert_array_equal(got, case.run(backend).outputs, strict=True)


def test_sparse_indices_may_be_unsorted_repeated_zero_and_of_64_bits(backend, dtype):
    values = np.array([0.25, 0.5, 0.25, 0.0, -0.5], dtype)
    columns = np.array([2, 0, 2, 1, 1], np.int64)
    messy = scipy.sparse.csr_array((values, columns, np.array([0, 4, 4, 5], np.int64)), shape=(3, 3))
    plain = scipy.sparse.csr_array(np.array([[0.5, 0, 0.5], [0, 0, 0], [0, -0.5, 0]], dtype))
    state = np.array([1, 2, 3], dtype)
    got, want = (simulate(Linear(w), steps=4, state=state, backend=backend).outputs for w in (messy, plain))
    np.testing.assert_array_equal(got, want, strict=True)
    np.testing.assert_array_equal(messy.indices, [2, 0, 2, 1, 1])


def test_a_sparse_matrix_without_entries_is_zero(backend, dtype):
    cell = Linear(scipy.sparse.csr_array((4, 4), dtype=dtype), bias=np.ones(4, dtype))
    np.testing.assert_array_equal(simulate(cell, steps=3, state=np.ones(4), backend=backend).outputs, np.ones((3, 4)))


def test_a_sparse_network_equals_the_same_network_dense(backend, dtype):
    sparse = experiment("elman-tanh-sparse", dtype, size=50, batch=3)
    dense = sparse.cell.replace(weight_hh=sparse.cell.parameters["weight_hh"].toarray())
    # tanh and a row norm of 1/2 forget rounding errors of at most 54 eps within a factor 2; twice that for the pair.
    np.testing.assert_allclose(
        sparse.run(backend, cell=dense).outputs, sparse.run(backend).outputs, atol=4 * 54 * np.finfo(dtype).eps
    )
