"""Wrong parameters: the message names the parameter, what it was and what it should be."""

import re

import numpy as np
import pytest
import scipy.sparse
from scipy.sparse.linalg import aslinearoperator

from rnncore import Chain, DelayLine, Dense, Elman, Linear, MatrixSequence

EYE = np.eye(2)
INDEX_OUT_OF_RANGE = scipy.sparse.csr_array(EYE)
INDEX_OUT_OF_RANGE.indices = np.array([0, 99], np.int32)
NEGATIVE_INDEX = scipy.sparse.csr_array(EYE)
NEGATIVE_INDEX.indices = np.array([-1, 1], np.int32)

REFUSED = [
    # recurrent weights
    (lambda: Linear(None), TypeError, "weight_hh must be an (n, n) array, got None"),
    (lambda: Linear(1.0), ValueError, "weight_hh must be square, (n, n), got shape ()"),
    (lambda: Linear([1.0, 2.0]), ValueError, "weight_hh must be square, (n, n), got shape (2,)"),
    (lambda: Elman(np.ones((2, 3))), ValueError, "weight_hh must be square, (n, n), got shape (2, 3)"),
    (lambda: Elman(np.ones((2, 2, 2))), ValueError, "weight_hh must be square, (n, n), got shape (2, 2, 2)"),
    (lambda: Elman(np.ones((0, 0))), ValueError, "weight_hh must have at least one row, got shape (0, 0)"),
    (lambda: Linear([]), ValueError, "weight_hh must be square, (n, n), got shape (0,)"),
    (lambda: Linear([[1.0, 2.0], [3.0]]), ValueError, "weight_hh cannot be read as an array of real numbers"),
    # the other parameters
    (lambda: Linear(EYE, np.ones((3, 1))), ValueError, "weight_ih must have shape (2, n_in), got (3, 1)"),
    (lambda: Linear(EYE, np.ones(2)), ValueError, "weight_ih must have shape (2, n_in), got (2,)"),
    (lambda: Linear(EYE, None, np.ones(3)), ValueError, "bias must have shape (2,), got (3,)"),
    (lambda: Linear(EYE, None, 1.0), ValueError, "bias must have shape (2,), got ()"),
    (lambda: Elman(EYE, None, np.ones(3)), ValueError, "bias_ih must have shape (2,), got (3,)"),
    (lambda: Elman(EYE, None, None, EYE), ValueError, "bias_hh must have shape (2,), got (2, 2)"),
    (lambda: Dense(None), TypeError, "weight must be an (n_out, n_in) array, got None"),
    (lambda: Dense([1.0]), ValueError, "weight must have shape (n_out, n_in), both at least 1, got (1,)"),
    (lambda: Dense(np.ones((2, 0))), ValueError, "weight must have shape (n_out, n_in), both at least 1, got (2, 0)"),
    (lambda: Dense(EYE, np.ones(3)), ValueError, "bias must have shape (2,), got (3,)"),
    (lambda: MatrixSequence(None), TypeError, "matrices must be an array of real numbers, got None"),
    (lambda: MatrixSequence(EYE), ValueError, "matrices must have shape (T, n, n) with n at least 1, got (2, 2)"),
    (lambda: MatrixSequence(np.ones((4, 2, 3))), ValueError, "matrices must have shape (T, n, n)"),
    (lambda: MatrixSequence(np.ones((4, 0, 0))), ValueError, "matrices must have shape (T, n, n)"),
    # options of a cell without parameters
    (lambda: DelayLine(0, 1), ValueError, "steps must be at least 1, got 0"),
    (lambda: DelayLine(-3, 1), ValueError, "steps must be at least 1, got -3"),
    (lambda: DelayLine(2, 0), ValueError, "input_size must be at least 1, got 0"),
    (lambda: DelayLine(2.0, 1), TypeError, "steps must be an integer, got 2.0"),
    (lambda: DelayLine(True, 1), TypeError, "steps must be an integer, got True"),
    (lambda: DelayLine(2, "3"), TypeError, "input_size must be an integer, got '3'"),
    (lambda: DelayLine(None, 1), TypeError, "steps must be an integer, got None"),
    (lambda: DelayLine(2**62, 4), ValueError, "steps * input_size must be at most 9223372036854775807, got"),
    (lambda: DelayLine(2**70, 1), ValueError, "steps must be at most 9223372036854775807, got"),
    (lambda: DelayLine(2, 1, dtype="float16"), TypeError, "dtype must be float32 or float64, got 'float16'"),
    (lambda: DelayLine(2, 1, dtype=None), TypeError, "dtype must be float32 or float64, got None"),
    # dtypes
    (lambda: Linear(EYE * 1j), TypeError, "weight_hh must hold real numbers, got an array of dtype complex128"),
    (lambda: Linear(EYE.astype(object)), TypeError, "weight_hh must hold real numbers, got an array of dtype object"),
    (lambda: Linear([["a"]]), TypeError, "weight_hh must hold real numbers, got an array of dtype <U1"),
    (lambda: Linear(np.zeros((1, 1), "M8[s]")), TypeError, "weight_hh must hold real numbers"),
    (lambda: Linear(np.zeros((1, 1), [("a", "f8")])), TypeError, "weight_hh must hold real numbers"),
    (lambda: Linear([[2**70]]), TypeError, "weight_hh must hold real numbers, got an array of dtype object"),
    (lambda: Linear(np.float16([[1]])), TypeError, "weight_hh must be float32 or float64, got float16"),
    (lambda: Dense(np.longdouble([[1]])), TypeError, "weight must be float32 or float64, got"),
    (lambda: MatrixSequence(np.ones((1, 1, 1), "f2")), TypeError, "matrices must be float32 or float64, got float16"),
    (
        lambda: Linear(EYE, np.float32([[1], [2]])),
        TypeError,
        "weight_hh is float64 but weight_ih is float32; convert one of them with .astype",
    ),
    (lambda: Dense(EYE, np.float32([1, 2])), TypeError, "weight is float64 but bias is float32"),
    # values
    (
        lambda: Linear([[1.0, np.nan], [0, 0]]),
        ValueError,
        "weight_hh must be finite in float64, got nan at index (0, 1)",
    ),
    (lambda: Elman(EYE, None, [0, -np.inf]), ValueError, "bias_ih must be finite in float64, got -inf at index 1"),
    (lambda: Dense([[np.inf]]), ValueError, "weight must be finite in float64, got inf at index (0, 0)"),
    (
        lambda: MatrixSequence(np.array([[[1.0]], [[np.nan]]])),
        ValueError,
        "matrices must be finite in float64, got nan at index (1, 0, 0); check_finite=False lets it through",
    ),
    (
        lambda: MatrixSequence(np.ones((1, 1, 1)), check_finite=1),
        TypeError,
        "check_finite must be True or False, got 1",
    ),
    (lambda: Linear([[1e300]]).astype("float32"), ValueError, "weight_hh must be finite in float32, got inf"),
    (lambda: Linear(np.ma.array(EYE, mask=EYE)), ValueError, "weight_hh has masked elements"),
    # options
    (
        lambda: Elman(EYE, nonlinearity="Tanh"),
        ValueError,
        "nonlinearity must be one of identity, tanh, relu, sigmoid, elu, softplus; got 'Tanh'",
    ),
    (lambda: Elman(EYE, nonlinearity=np.tanh), ValueError, "nonlinearity must be one of identity, tanh"),
    (lambda: Elman(EYE, nonlinearity=np.array(["tanh"])), ValueError, "nonlinearity must be one of identity, tanh"),
    (lambda: Dense(EYE, nonlinearity=None), ValueError, "nonlinearity must be one of identity, tanh"),
    (lambda: Elman(EYE, leak=0), ValueError, "leak must be in (0, 1], got 0"),
    (lambda: Elman(EYE, leak=1.1), ValueError, "leak must be in (0, 1], got 1.1"),
    (lambda: Elman(EYE, leak=np.nan), ValueError, "leak must be in (0, 1], got nan"),
    (lambda: Elman(EYE, leak=True), TypeError, "leak must be a number in (0, 1], got True"),
    (lambda: Elman(EYE, leak="0.5"), TypeError, "leak must be a number in (0, 1], got '0.5'"),
    (lambda: Elman(EYE, leak=[0.5, 0.5]), TypeError, "leak must be a number in (0, 1], got [0.5, 0.5]"),
    # sparse
    (lambda: Linear(scipy.sparse.csr_array(EYE * 1j)), TypeError, "got a sparse array of dtype complex128"),
    (lambda: Linear(scipy.sparse.csr_array((2, 3))), ValueError, "weight_hh must be square, (n, n), got shape (2, 3)"),
    (
        lambda: Linear(scipy.sparse.coo_array(np.ones(3))),
        ValueError,
        "weight_hh must be square, (n, n), got shape (3,)",
    ),
    (
        lambda: Linear(scipy.sparse.csr_array([[np.nan]])),
        ValueError,
        "weight_hh.data must be finite in float64, got nan",
    ),
    (lambda: Linear(INDEX_OUT_OF_RANGE), ValueError, "weight_hh is not a valid sparse array: indices must be < 2"),
    (lambda: Linear(NEGATIVE_INDEX), ValueError, "weight_hh is not a valid sparse array: indices must be >= 0"),
    (
        lambda: Linear(aslinearoperator(EYE)),
        TypeError,
        "weight_hh must hold real numbers, got an array of dtype object",
    ),
    (
        lambda: Linear(EYE, scipy.sparse.csr_array(EYE)),
        TypeError,
        "weight_ih must be a dense array; only weight_hh may be sparse",
    ),
    (lambda: Dense(scipy.sparse.csr_array(EYE)), TypeError, "weight must be a dense array"),
    (lambda: Dense(EYE, scipy.sparse.csr_array(EYE)), TypeError, "bias must be a dense array"),
    (lambda: MatrixSequence(scipy.sparse.csr_array(EYE)), TypeError, "matrices must hold real numbers"),
    # chains
    (lambda: Chain([]), ValueError, "cells must hold at least one cell"),
    (lambda: Chain(Linear(EYE)), TypeError, "cells must be a sequence of cells, got Linear"),
    (lambda: Chain([Linear(EYE), "tanh"]), TypeError, "cells[1] must be a cell, got str"),
    (lambda: Chain([Linear]), TypeError, "cells[0] must be a cell, got type"),
    (
        lambda: Chain([Linear(EYE), Dense([[1.0]])]),
        ValueError,
        "layer 0 (Linear) has 2 outputs but layer 1 (Dense) takes 1 inputs",
    ),
    (lambda: Chain([Linear(EYE), Linear(EYE)]), ValueError, "layer 1 (Linear) takes 0 inputs"),
    (
        lambda: Chain([Linear([[1.0]]), Dense(np.float32([[1]]))]),
        TypeError,
        "layer 0 (Linear) is float64 but layer 1 (Dense) is float32; convert one with .astype",
    ),
]


@pytest.mark.parametrize("build, kind, message", REFUSED, ids=[message for _, _, message in REFUSED])
def test_a_wrong_parameter_is_refused_by_name(build, kind, message):
    with pytest.raises(kind, match=re.escape(message)):
        build()


def test_a_parameter_that_cannot_be_read_keeps_its_own_error_as_the_cause():
    class Broken:
        def __array__(self, dtype=None, copy=None):
            raise KeyError("no such column")

    with pytest.raises(
        ValueError, match="weight_hh cannot be read as an array of real numbers: 'no such column'"
    ) as caught:
        Linear(Broken())
    assert isinstance(caught.value.__cause__, KeyError)
