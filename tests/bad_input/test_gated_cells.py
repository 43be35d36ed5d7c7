"""Wrong parameters of gated and diagonal cells: the message gives the rows, and the order of their gates."""

import re

import numpy as np
import pytest
import scipy.sparse

from rnncore import GRU, LSTM, Chain, Dense, Diagonal, Elman, GatedDiagonal, Linear, jvp, simulate

H4, H3, X4, X3 = np.ones((8, 2)), np.ones((6, 2)), np.ones((8, 3)), np.ones((6, 3))
W, G = np.ones((2, 3)), np.ones((2, 3))
SPARSE = scipy.sparse.csr_array(np.eye(2))

REFUSED = [
    # gates of the wrong multiple
    (lambda: LSTM(None), TypeError, "weight_hh must be a (4 n, n) array, got None"),
    (lambda: GRU(None), TypeError, "weight_hh must be a (3 n, n) array, got None"),
    (
        lambda: LSTM(H3),
        ValueError,
        "weight_hh must have shape (4 n, n), n at least 1, gates in the order i, f, g, o; got (6, 2)",
    ),
    (
        lambda: GRU(H4),
        ValueError,
        "weight_hh must have shape (3 n, n), n at least 1, gates in the order r, z, n; got (8, 2)",
    ),
    (lambda: LSTM(np.eye(2)), ValueError, "weight_hh must have shape (4 n, n), n at least 1"),
    (lambda: LSTM(np.ones(8)), ValueError, "weight_hh must have shape (4 n, n), n at least 1"),
    (lambda: LSTM(np.ones((0, 0))), ValueError, "weight_hh must have shape (4 n, n), n at least 1"),
    (lambda: GRU(np.ones((1, 6, 2))), ValueError, "weight_hh must have shape (3 n, n), n at least 1"),
    (lambda: GRU(H3.T), ValueError, "weight_hh must have shape (3 n, n), n at least 1"),
    (
        lambda: LSTM(H4, X3),
        ValueError,
        "weight_ih must have shape (8, n_in), 4 n rows for n = 2, gates in the order i, f, g, o; got (6, 3)",
    ),
    (lambda: LSTM(H4, np.ones(8)), ValueError, "weight_ih must have shape (8, n_in), 4 n rows for n = 2"),
    (
        lambda: GRU(H3, X4),
        ValueError,
        "weight_ih must have shape (6, n_in), 3 n rows for n = 2, gates in the order r, z, n; got (8, 3)",
    ),
    (lambda: LSTM(H4, X4, np.ones(2)), ValueError, "bias_ih must have shape (8,), 4 n rows for n = 2"),
    (lambda: GRU(H3, X3, None, np.ones(8)), ValueError, "bias_hh must have shape (6,), 3 n rows for n = 2"),
    (lambda: GRU(H3, X3, None, np.ones((6, 1))), ValueError, "bias_hh must have shape (6,), 3 n rows for n = 2"),
    # peepholes
    (lambda: LSTM(H4, weight_ci=np.ones(8)), ValueError, "weight_ci must have shape (2,), got (8,)"),
    (lambda: LSTM(H4, weight_cf=np.eye(2)), ValueError, "weight_cf must have shape (2,), got (2, 2)"),
    (lambda: LSTM(H4, weight_co=1.0), ValueError, "weight_co must have shape (2,), got ()"),
    (lambda: LSTM(H4, weight_co=[1.0, np.nan]), ValueError, "weight_co must be finite in float64, got nan at index 1"),
    # diagonals
    (lambda: Diagonal(None), TypeError, "weight_hh must be an (n,) array, got None"),
    (lambda: Diagonal(np.eye(2)), ValueError, "weight_hh must have shape (n,), the diagonal, n at least 1; got (2, 2)"),
    (lambda: Diagonal([]), ValueError, "weight_hh must have shape (n,), the diagonal, n at least 1; got (0,)"),
    (lambda: Diagonal(0.5), ValueError, "weight_hh must have shape (n,), the diagonal, n at least 1; got ()"),
    (lambda: Diagonal([0.5], np.ones((2, 1))), ValueError, "weight_ih must have shape (1, n_in), got (2, 1)"),
    (lambda: Diagonal([0.5j], [1.0]), ValueError, "weight_ih must have shape (1, n_in), got (1,)"),
    (lambda: Diagonal([0.5], None, [1j, 2]), ValueError, "bias must have shape (1,), got (2,)"),
    (lambda: Diagonal([complex(0, np.inf)]), ValueError, "weight_hh must be finite in complex128, got infj at index 0"),
    (lambda: Diagonal([1e200j]).astype("float32"), ValueError, "weight_hh must be finite in complex64, got infj"),
    (lambda: Diagonal(["a"]), TypeError, "weight_hh must hold numbers, got an array of dtype <U1"),
    (lambda: Diagonal([[1.0], [1.0, 2.0]]), ValueError, "weight_hh cannot be read as an array of numbers"),
    (
        lambda: Diagonal(np.clongdouble([1])),
        TypeError,
        f"weight_hh must be complex64 or complex128, got {np.dtype(np.clongdouble)}",
    ),
    (lambda: Diagonal(np.float16([1])), TypeError, "weight_hh must be float32 or float64, got float16"),
    (
        lambda: Diagonal(np.complex64([1j]), [[1.0]]),
        TypeError,
        "parameters must share one dtype: weight_hh is complex64 but weight_ih is float64",
    ),
    (
        lambda: Diagonal(np.float32([1]), None, [1j]),
        TypeError,
        "parameters must share one dtype: weight_hh is float32 but bias is complex128",
    ),
    # gated memories
    (lambda: GatedDiagonal(None, G), TypeError, "weight_ih must be an (n, n_in) array, got None"),
    (lambda: GatedDiagonal(W, None), TypeError, "weight_gate must be an (n, n_in) array, got None"),
    (lambda: GatedDiagonal([1.0], G), ValueError, "weight_ih must have shape (n, n_in), n at least 1, got (1,)"),
    (lambda: GatedDiagonal(W[:0], G), ValueError, "weight_ih must have shape (n, n_in), n at least 1, got (0, 3)"),
    (lambda: GatedDiagonal(W, G[:1]), ValueError, "weight_gate must have shape (2, 3), got (1, 3)"),
    (lambda: GatedDiagonal(W, G[:, :2]), ValueError, "weight_gate must have shape (2, 3), got (2, 2)"),
    (lambda: GatedDiagonal(W, G, [1.0]), ValueError, "bias must have shape (2,), got (1,)"),
    (lambda: GatedDiagonal(W, G, None, np.ones(3)), ValueError, "bias_gate must have shape (2,), got (3,)"),
    # dtypes
    (lambda: LSTM(H4 * 1j), TypeError, "weight_hh must hold real numbers, got an array of dtype complex128"),
    (lambda: LSTM(H4, weight_ci=[1j, 1]), TypeError, "weight_ci must hold real numbers, got an array of dtype complex"),
    (lambda: GRU(H3, X3 * 1j), TypeError, "weight_ih must hold real numbers, got an array of dtype complex128"),
    (lambda: GRU(H3, None, np.ones(6) * 1j), TypeError, "bias_ih must hold real numbers, got an array of dtype"),
    (lambda: GatedDiagonal(W, G * 1j), TypeError, "weight_gate must hold real numbers, got an array of dtype"),
    (lambda: Linear([[1.0]], None, [1j]), TypeError, "bias must hold real numbers, got an array of dtype complex128"),
    (lambda: Elman([[1j]]), TypeError, "weight_hh must hold real numbers, got an array of dtype complex128"),
    (lambda: Dense([[1j]]), TypeError, "weight must hold real numbers, got an array of dtype complex128"),
    (lambda: LSTM(H4, np.float32(X4)), TypeError, "weight_hh is float64 but weight_ih is float32"),
    (lambda: LSTM(H4, weight_co=np.float32([1, 1])), TypeError, "weight_hh is float64 but weight_co is float32"),
    (lambda: GRU(H3.astype(object)), TypeError, "weight_hh must hold real numbers, got an array of dtype object"),
    (lambda: Diagonal([0.5j]).astype("complex64"), TypeError, "dtype must be float32 or float64, got 'complex64'"),
    # sparse arrays
    (lambda: LSTM(scipy.sparse.csr_array(H4)), TypeError, "weight_hh must be a dense array"),
    (lambda: GRU(H3, scipy.sparse.csr_array(X3)), TypeError, "weight_ih must be a dense array"),
    (lambda: LSTM(H4, weight_cf=scipy.sparse.coo_array(np.ones(2))), TypeError, "weight_cf must be a dense array"),
    (lambda: Diagonal(SPARSE), TypeError, "weight_hh must be a dense array"),
    (lambda: GatedDiagonal(W, scipy.sparse.csr_array(G)), TypeError, "weight_gate must be a dense array"),
    # values
    (lambda: LSTM(np.where(H4 > 0, np.inf, 0)), ValueError, "weight_hh must be finite in float64, got inf at index"),
    (lambda: GRU(1e300 * H3).astype("float32"), ValueError, "weight_hh must be finite in float32, got inf"),
    (lambda: GatedDiagonal(W, G, bias_gate=[0, np.nan]), ValueError, "bias_gate must be finite in float64, got nan"),
    # options
    (lambda: GRU(H3, reset_after=1), TypeError, "reset_after must be True or False, got 1"),
    (lambda: GRU(H3, reset_after=None), TypeError, "reset_after must be True or False, got None"),
    (lambda: GatedDiagonal(W, G, nonlinearity="swish"), ValueError, "nonlinearity must be one of identity, tanh, relu"),
    (
        lambda: GatedDiagonal(W, G, gate_nonlinearity="hard"),
        ValueError,
        "gate_nonlinearity must be one of identity, tanh, relu, sigmoid, elu, softplus; got 'hard'",
    ),
    (lambda: LSTM(H4).replace(reset_after=True), TypeError, "LSTM has no parameter 'reset_after'; it has weight_hh"),
    (lambda: GRU(H3).replace(bias_hh=[1.0]), ValueError, "bias_hh must have shape (6,), 3 n rows for n = 2"),
    # chains
    (
        lambda: Chain([LSTM(H4), Dense(np.ones((1, 4)))]),
        ValueError,
        "layer 0 (LSTM) has 2 outputs but layer 1 (Dense) takes 4 inputs",
    ),
    (
        lambda: Chain([Diagonal([0.5j, 1]), Dense(np.ones((1, 2)))]),
        ValueError,
        "layer 0 (Diagonal) has 4 outputs but layer 1 (Dense) takes 2 inputs",
    ),
    (
        lambda: Chain([Diagonal(np.complex64([1j])), Dense(np.ones((1, 2)))]),
        TypeError,
        "layer 0 (Diagonal) is float32 but layer 1 (Dense) is float64",
    ),
]  # fmt: skip


@pytest.mark.parametrize("build, kind, message", REFUSED, ids=[message for _, _, message in REFUSED])
def test_a_wrong_parameter_is_refused_by_name(build, kind, message):
    with pytest.raises(kind, match=re.escape(message)):
        build()


@pytest.mark.parametrize(
    "cell, run, message",
    [
        (LSTM(H4), {"state": np.ones(2)}, "state must have shape (4,) or (B, 4), got (2,)"),
        (Diagonal([1j, 2]), {"state": np.ones(2)}, "state must have shape (4,) or (B, 4), got (2,)"),
        (LSTM(H4, X4), {"inputs": np.ones((5, 4))}, "inputs have a last axis of 4, but the cell takes 3 values a step"),
        (GRU(H3), {"inputs": np.ones((5, 3))}, "inputs have a last axis of 3, but the cell takes no input"),
        (GatedDiagonal(W, G), {"inputs": [[1, 2, np.inf]]}, "inputs must be finite in float64, got inf"),
    ],
)
def test_wrong_runs_are_refused_by_name(cell, run, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        simulate(cell, **({"steps": 5} if "inputs" not in run else {}), **run)


def test_states_and_inputs_of_complex_recursions_are_real():
    """State and outputs are pairs of real numbers; of a complex array the imaginary parts would be lost unseen."""
    cell = Diagonal([0.5j], [[1.0]])
    with pytest.raises(TypeError, match="state must hold real numbers, got an array of dtype complex128"):
        simulate(cell, steps=1, state=[1j, 0])
    with pytest.raises(TypeError, match="inputs must hold real numbers, got an array of dtype complex128"):
        simulate(cell, [[1j]])


def test_tangents_of_parameters_are_complex_where_those_are():
    inputs = np.ones((3, 1))
    real, imaginary = Diagonal([0.5], [[1.0]]), Diagonal([0.5j], [[1.0]])
    with pytest.raises(TypeError, match=r"\['weight_hh'\] must hold real numbers, got an array of dtype complex128"):
        jvp(real, inputs, {"parameters": {"weight_hh": [1j]}})
    with pytest.raises(ValueError, match=r"\['weight_hh'\] must be finite in complex128, got \(?nan\+0j\)? at index 0"):
        jvp(imaginary, inputs, {"parameters": {"weight_hh": [np.nan + 0j]}})
    got, want = (jvp(imaginary, inputs, {"parameters": {"weight_hh": [t]}})[1] for t in (1.0, 1.0 + 0j))
    np.testing.assert_array_equal(got, want)
