"""Wrong arguments of ``simulate``: refused by name before work starts."""

import re

import numpy as np
import pytest
import torch

import rnncore
from rnncore import Elman, Linear, MatrixSequence, jvp, simulate

CELL = Elman(np.eye(3) / 2, np.ones((3, 2)))
FLOAT32 = CELL.astype("float32")
ALONE = Linear(np.eye(3))
MATRICES = MatrixSequence(np.ones((4, 3, 3)))
U = np.zeros((6, 2))
HUGE = 2**62

REFUSED = [
    # inputs
    (lambda: simulate(CELL, U[0]), ValueError, "inputs must have shape (T, 2) or (T, B, 2), got (2,)"),
    (lambda: simulate(CELL, U[0]), ValueError, "a single series of T values is inputs[:, None]"),
    (lambda: simulate(CELL, 1.0), ValueError, "inputs must have shape (T, 2) or (T, B, 2), got ()"),
    (lambda: simulate(CELL, U[None, None]), ValueError, "inputs must have shape (T, 2) or (T, B, 2), got (1, 1, 6, 2)"),
    (lambda: simulate(CELL, np.zeros((6, 3))), ValueError, "inputs have a last axis of 3, but the cell takes 2 values"),
    (lambda: simulate(ALONE, U), ValueError, "inputs have a last axis of 2, but the cell takes no input: give steps="),
    (lambda: simulate(CELL, [[1, 2], [3]]), ValueError, "inputs cannot be read as an array of real numbers"),
    (lambda: simulate(CELL, U * 1j), TypeError, "inputs must hold real numbers, got an array of dtype complex128"),
    (
        lambda: simulate(CELL, U.astype(object)),
        TypeError,
        "inputs must hold real numbers, got an array of dtype object",
    ),
    (lambda: simulate(CELL, [["1", "2"]]), TypeError, "inputs must hold real numbers, got an array of dtype <U1"),
    (lambda: simulate(CELL, iter(U)), TypeError, "inputs must hold real numbers, got an array of dtype object"),
    (lambda: simulate(CELL, {"x": U}), TypeError, "inputs must hold real numbers, got an array of dtype object"),
    (
        lambda: simulate(CELL, U.astype("M8[s]")),
        TypeError,
        "inputs must hold real numbers, got an array of dtype datetime",
    ),
    (lambda: simulate(CELL, np.zeros(6, "f8,f8")), TypeError, "inputs must hold real numbers"),
    (lambda: simulate(CELL, np.ma.array(U, mask=U == 0)), ValueError, "inputs has masked elements"),
    (lambda: simulate(CELL, torch.zeros(6, 2, requires_grad=True)), ValueError, "inputs cannot be read as an array"),
    (
        lambda: simulate(CELL, np.array([[0, 1], [2, np.nan]])),
        ValueError,
        "inputs must be finite in float64, got nan at index (1, 1)",
    ),
    (
        lambda: simulate(CELL, np.array([[0, -np.inf]])),
        ValueError,
        "got -inf at index (0, 1); check_finite=False lets it",
    ),
    (
        lambda: simulate(FLOAT32, np.array([[0, 1e300]])),
        ValueError,
        "inputs must be finite in float32, got 1e+300 at index (0, 1)",
    ),
    (lambda: simulate(CELL, np.full((1, 2), np.longdouble("1e4000"))), ValueError, "finite in float64, got 1e+4000 at"),
    # steps
    (lambda: simulate(CELL), ValueError, "steps is missing: give inputs, or steps= for a run without input"),
    (lambda: simulate(CELL, steps=-1), ValueError, "steps must be at least 0, got -1"),
    (lambda: simulate(CELL, steps=1.0), TypeError, "steps must be an integer, got 1.0"),
    (lambda: simulate(CELL, steps=True), TypeError, "steps must be an integer, got True"),
    (lambda: simulate(CELL, steps="9"), TypeError, "steps must be an integer, got '9'"),
    (lambda: simulate(CELL, steps=np.arange(2)), TypeError, "steps must be an integer, got array([0, 1])"),
    (lambda: simulate(CELL, U, steps=5), ValueError, "steps is 5 but inputs hold 6 steps; give one of the two"),
    (lambda: simulate(MATRICES, steps=5), ValueError, "steps is 5 but the cell has matrices for 4 steps"),
    (
        lambda: simulate(CELL, steps=2**64),
        ValueError,
        "steps must be at most 9223372036854775807, got 18446744073709551616",
    ),
    (
        lambda: simulate(CELL, steps=HUGE),
        ValueError,
        f"outputs of shape ({HUGE}, 3) (1.11e+20 bytes) are more than this",
    ),
    (
        lambda: simulate(CELL, steps=HUGE, keep="states"),
        ValueError,
        "are more than this machine can address; use keep='last'",
    ),
    (lambda: simulate(CELL, steps=HUGE, keep=2), ValueError, "are more than this machine can address"),
    (lambda: simulate(CELL, steps=HUGE, out="nowhere.npy"), ValueError, "are more than this machine can address"),
    (lambda: simulate(CELL, steps=2**55), MemoryError, "do not fit in memory; use keep='last' or out="),
    # state
    (lambda: simulate(CELL, U, state=[1.0]), ValueError, "state must have shape (3,) or (B, 3), got (1,)"),
    (lambda: simulate(CELL, U, state=0.0), ValueError, "state must have shape (3,) or (B, 3), got ()"),
    (
        lambda: simulate(CELL, U, state=np.ones((1, 1, 3))),
        ValueError,
        "state must have shape (3,) or (B, 3), got (1, 1, 3)",
    ),
    (lambda: simulate(CELL, U, state=[1j, 0, 0]), TypeError, "state must hold real numbers"),
    (
        lambda: simulate(CELL, U, state=[0, np.nan, 0]),
        ValueError,
        "state must be finite in float64, got nan at index 1",
    ),
    (
        lambda: simulate(FLOAT32, U, state=[[0, 0, 1e99]]),
        ValueError,
        "state must be finite in float32, got 1e+99 at index (0, 2)",
    ),
    (
        lambda: simulate(CELL, np.zeros((6, 4, 2)), state=np.ones((5, 3))),
        ValueError,
        "state holds 5 sequences but inputs hold 4",
    ),
    # keep, chunk, threads, progress, backend, cell
    (
        lambda: simulate(CELL, U, keep="output"),
        ValueError,
        'keep must be "outputs", "states", "last" or an integer, got \'output\'',
    ),
    (
        lambda: simulate(CELL, U, keep=None),
        ValueError,
        'keep must be "outputs", "states", "last" or an integer, got None',
    ),
    (lambda: simulate(CELL, U, keep=0), ValueError, "keep must be at least 1, got 0"),
    (lambda: simulate(CELL, U, keep=-3), ValueError, "keep must be at least 1, got -3"),
    (lambda: simulate(CELL, U, keep=True), TypeError, "keep must be an integer, got True"),
    (lambda: simulate(CELL, U, keep=2.0), TypeError, "keep must be an integer, got 2.0"),
    (lambda: simulate(CELL, U, keep=b"last"), TypeError, "keep must be an integer, got b'last'"),
    (lambda: simulate(CELL, U, keep=[1]), TypeError, "keep must be an integer, got [1]"),
    (lambda: simulate(CELL, U, chunk=0), ValueError, "chunk must be at least 1, got 0"),
    (lambda: simulate(CELL, U, chunk=1.5), TypeError, "chunk must be an integer, got 1.5"),
    (lambda: simulate(CELL, U, threads=0), ValueError, "threads must be at least 1, got 0"),
    (lambda: simulate(CELL, U, threads=-1), ValueError, "threads must be at least 1, got -1"),
    (lambda: simulate(CELL, U, threads=True), TypeError, "threads must be an integer, got True"),
    (
        lambda: simulate(CELL, U, progress="yes"),
        TypeError,
        "progress must be True, False, None or a function of (done, total)",
    ),
    (
        lambda: simulate(CELL, U, backend="cuda"),
        ValueError,
        "backend must be one of native, numba, reference; got 'cuda'",
    ),
    (lambda: simulate(CELL, U, backend=["native"]), ValueError, "backend must be one of native, numba, reference"),
    (lambda: simulate(CELL, U, check_finite="no"), TypeError, "check_finite must be True or False, got 'no'"),
    (lambda: simulate(CELL, U, check_finite=U), TypeError, "check_finite must be True or False, got array"),
    (lambda: simulate(CELL, U, raise_nonfinite=None), TypeError, "raise_nonfinite must be True or False, got None"),
    (lambda: jvp(CELL, U, {}, raise_nonfinite=1), TypeError, "raise_nonfinite must be True or False, got 1"),
    (lambda: simulate(Elman, U), TypeError, "cell must be a cell such as rnncore.Elman, got type"),
    (lambda: simulate(np.eye(3), U), TypeError, "cell must be a cell such as rnncore.Elman, got ndarray"),
]


@pytest.mark.parametrize("call, kind, message", REFUSED, ids=[message for _, _, message in REFUSED])
def test_a_wrong_argument_is_refused_by_name(call, kind, message):
    with pytest.raises(kind, match=re.escape(message)):
        call()


@pytest.mark.parametrize("count", [np.int8(2), np.uint64(2), np.array(2)])
def test_numpy_integers_count(count):
    kept = simulate(CELL, steps=count, keep=count, chunk=count, threads=count)
    assert kept.outputs.shape == (1, 3)


def test_a_batch_of_nothing_ends_at_once_however_many_steps():
    assert simulate(CELL, steps=HUGE, state=np.empty((0, 3)), keep="last").outputs.shape == (0, 3)


def test_more_threads_than_any_machine_has_are_as_good_as_all(backend):
    assert simulate(CELL, U, threads=2**63 - 1, backend=backend).outputs.shape == (6, 3)


def test_wrong_arguments_leave_out_alone(tmp_path):
    out = np.full((6, 3), 7.0)
    for wrong in ({"keep": 0}, {"threads": 0}, {"chunk": 0}, {"backend": "cuda"}, {"state": [1.0]}, {"progress": 5}):
        for place in (out, tmp_path / "out.npy"):
            with pytest.raises((ValueError, TypeError)):
                simulate(CELL, U, out=place, **wrong)
    assert (out == 7).all()
    assert not list(tmp_path.iterdir())


def test_errors_survive_pickling():
    import pickle

    error = pickle.loads(pickle.dumps(rnncore.NonFiniteError(3, 1, 2, "output")))
    assert (error.step, error.unit, error.batch, error.what) == (3, 1, 2, "output")
    assert str(error) == "the output is not finite after step 3, at component 1 of sequence 2"
