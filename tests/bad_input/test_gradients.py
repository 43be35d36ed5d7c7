"""Wrong arguments of ``gradients``, ``record`` and ``truncated_gradients``: refused by name before work starts."""

import errno
import os
import re

import numpy as np
import pytest
import torch

from rnncore import Chain, Dense, Elman, Linear, gradients, record, truncated_gradients

from ..programs import output_of

CELL = Elman(np.eye(3) / 2, np.ones((3, 2)))
U, Y = np.zeros((6, 2)), np.zeros((6, 3))
BATCH, BATCH_Y = np.zeros((6, 4, 2)), np.zeros((6, 4, 3))
CHAIN = Chain([CELL, Dense(np.ones((1, 3)))])
SHAPE = "cotangent must have shape (6, 3), got "

REFUSED = [
    # cotangents
    (lambda: gradients(CELL, U, None), ValueError, "cotangent is None: give ∂D/∂outputs, or final_state_cotangent="),
    (lambda: record(CELL, U).gradients(), ValueError, "cotangent is None"),
    (lambda: gradients(CELL, U, Y[:5]), ValueError, SHAPE + "(5, 3)"),
    (lambda: gradients(CELL, U, Y[:, :2]), ValueError, SHAPE + "(6, 2)"),
    (lambda: gradients(CELL, U, Y[0]), ValueError, SHAPE + "(3,)"),
    (lambda: gradients(CELL, U, BATCH_Y), ValueError, SHAPE + "(6, 4, 3)"),
    (lambda: gradients(CELL, U, 1.0), ValueError, SHAPE + "()"),
    (lambda: gradients(CELL, BATCH, Y), ValueError, "cotangent must have shape (6, 4, 3), got (6, 3)"),
    (lambda: gradients(CELL, BATCH, BATCH_Y[:, :3]), ValueError, "cotangent must have shape (6, 4, 3), got (6, 3, 3)"),
    (lambda: gradients(CELL, U, Y, at="last"), ValueError, "cotangent must have shape (3,), got (6, 3)"),
    (lambda: gradients(CELL, BATCH, Y[0], at="last"), ValueError, "cotangent must have shape (4, 3), got (3,)"),
    (lambda: gradients(CHAIN, U, Y), ValueError, "cotangent must have shape (6, 1), got (6, 3)"),
    (lambda: gradients(CELL, U[:0], Y[0], at="last"), ValueError, "that of the last output, but the run has no steps"),
    (lambda: gradients(CELL, U, Y * 1j), TypeError, "cotangent must hold real numbers, got an array of dtype complex"),
    (lambda: gradients(CELL, U, "y"), TypeError, "cotangent must hold real numbers"),
    (lambda: gradients(CELL, U, [[1.0], [1.0, 2.0]]), ValueError, "cotangent cannot be read as an array"),
    (
        lambda: gradients(CELL, U, torch.zeros(6, 3, requires_grad=True)),
        ValueError,
        "cotangent cannot be read as an array of real numbers: Can't call numpy() on Tensor that requires grad",
    ),
    (
        lambda: gradients(CELL, U, np.where(np.arange(18).reshape(6, 3) == 7, np.nan, 0)),
        ValueError,
        "cotangent must be finite in float64, got nan at index (2, 1); check_finite=False lets it through",
    ),
    (
        lambda: gradients(CELL.astype("f4"), U, Y + 1e99),
        ValueError,
        "cotangent must be finite in float32, got 1e+99 at index (0, 0)",
    ),
    (
        lambda: gradients(CELL, U, Y, final_state_cotangent=[1.0]),
        ValueError,
        "final_state_cotangent must have shape (3,), got (1,)",
    ),
    (
        lambda: gradients(CELL, BATCH, None, final_state_cotangent=[1.0] * 3),
        ValueError,
        "final_state_cotangent must have shape (4, 3), got (3,)",
    ),
    (
        lambda: gradients(CELL, U, Y, final_state_cotangent=[0, 0, np.inf]),
        ValueError,
        "final_state_cotangent must be finite in float64, got inf at index 2",
    ),
    (lambda: gradients(CELL, U, Y, at="first"), ValueError, 'at must be "all" or "last", got \'first\''),
    (lambda: gradients(CELL, U, Y, at=-1), ValueError, 'at must be "all" or "last", got -1'),
    # what is wanted
    (lambda: gradients(CELL, U, Y, wrt=[]), ValueError, "wrt is empty: nothing is asked for"),
    (lambda: gradients(CELL, U, Y, wrt=3), TypeError, "wrt must be a sequence of names, got int"),
    (lambda: gradients(CELL, U, Y, wrt=[3]), ValueError, "got 3"),
    (
        lambda: gradients(CELL, U, Y, wrt="weights"),
        ValueError,
        "wrt may name parameters, inputs, state, weight_hh, weight_ih; got 'weights'",
    ),
    (lambda: gradients(CHAIN, U, Y[:, :1], wrt=["weight_hh"]), ValueError, "0.weight_hh, 0.weight_ih, 1.weight; got"),
    (lambda: truncated_gradients(CELL, U, Y, wrt="inputs"), ValueError, "wrt may name parameters only, got 'inputs'"),
    # memory and truncation
    (lambda: gradients(CELL, U, Y, memory_limit=0), ValueError, "memory_limit must be at least 1, got 0"),
    (lambda: gradients(CELL, U, Y, memory_limit=1e9), TypeError, "memory_limit must be an integer, got 1000000000.0"),
    (lambda: gradients(CELL, U, Y, memory_limit=True), TypeError, "memory_limit must be an integer, got True"),
    (
        lambda: gradients(CELL, U, Y, memory_limit="1 XB"),
        ValueError,
        'memory_limit must be bytes, or a text such as "500 MB" or "2 GiB", got \'1 XB\'',
    ),
    (lambda: gradients(CELL, U, Y, memory_limit="1"), ValueError, "memory_limit must be bytes, or a text"),
    (lambda: gradients(CELL, U, Y, memory_limit="0 MB"), ValueError, "memory_limit must be at least 1, got 0"),
    (lambda: gradients(CELL, U, Y, memory_limit="1 B"), ValueError, "for these 6 steps, got 1"),
    (lambda: gradients(CELL, U, Y, truncation=0), ValueError, "truncation must be at least 1, got 0"),
    (lambda: gradients(CELL, U, Y, truncation=2.0), TypeError, "truncation must be an integer, got 2.0"),
    (
        lambda: truncated_gradients(CELL, U, Y, truncations=[]),
        ValueError,
        "truncations must be an integer or a sequence",
    ),
    (lambda: truncated_gradients(CELL, U, Y, truncations=[1.5]), ValueError, "truncations must be an integer or a"),
    (lambda: truncated_gradients(CELL, U, Y, truncations=[4, 0]), ValueError, "truncations must be at least 1, got 0"),
    (lambda: gradients(CELL, U, Y, checkpoint_path=3), TypeError, "checkpoint_path must be a path, got int"),
    # out
    (lambda: gradients(CELL, U, Y, out=np.empty((6, 3))), ValueError, "out must have shape (6, 2), got (6, 3)"),
    (lambda: gradients(CELL, U, Y, out=np.empty((6, 2), "f4")), TypeError, "out must have the cell's dtype float64"),
    (lambda: gradients(CELL, U, Y, out=U), ValueError, "out overlaps inputs in memory"),
    (lambda: gradients(CELL, U, Y, out=Y[:, :2]), ValueError, "out overlaps cotangent in memory"),
    (lambda: gradients(CELL, U, Y, wrt="state", out=np.empty((6, 2))), ValueError, "out would receive nothing"),
    (lambda: gradients(Linear([[1.0]]), None, [[0.0]], steps=1, out="x.npy"), ValueError, "out would receive nothing"),
    # what all calls share
    (lambda: gradients(CELL, U, Y, chunk=0), ValueError, "chunk must be at least 1, got 0"),
    (lambda: gradients(CELL, U, Y, threads=0), ValueError, "threads must be at least 1, got 0"),
    (lambda: gradients(CELL, U, Y, backend="cuda"), ValueError, "backend must be one of native, numba, reference"),
    (lambda: gradients(CELL, U, Y, check_finite=1), TypeError, "check_finite must be True or False, got 1"),
    (lambda: record(CELL, U).gradients(Y, check_finite=1), TypeError, "check_finite must be True or False, got 1"),
    (lambda: gradients(CELL, U, Y, raise_nonfinite=1), TypeError, "raise_nonfinite must be True or False, got 1"),
    (lambda: gradients(CELL, U, Y, progress=1), TypeError, "progress must be True, False, None or a function"),
    (lambda: gradients(CELL, None, Y), ValueError, "steps is missing"),
    (lambda: gradients(CELL, U * np.nan, Y), ValueError, "inputs must be finite in float64"),
    (lambda: gradients(Elman, U, Y), TypeError, "cell must be a cell such as rnncore.Elman"),
    (lambda: record(CELL, U, keep="states"), ValueError, 'keep must be "outputs" or "last", got \'states\''),
    (lambda: record(CELL, U, keep=2), ValueError, 'keep must be "outputs" or "last", got 2'),
]


@pytest.mark.parametrize("call, kind, message", REFUSED, ids=[message for _, _, message in REFUSED])
def test_a_wrong_argument_is_refused_by_name(call, kind, message):
    with pytest.raises(kind, match=re.escape(message)):
        call()


@pytest.mark.parametrize(
    "text, count",
    [("500 MB", 500e6), ("2GiB", 2**31), ("1.5 kb", 1500), (" .5 GB ", 5e8), ("1024 B", 1024), ("64 mib", 2**26)],
)
def test_memory_limits_in_words(text, count):
    from rnncore.backpropagation.memory_limit import read_memory_limit

    assert read_memory_limit(text) == count


def test_free_memory_is_some_of_the_machines():
    import psutil

    from rnncore.backpropagation.memory_limit import free_memory

    assert 1 << 20 < free_memory() <= psutil.virtual_memory().total


def test_the_least_memory_that_would_do_does():
    with pytest.raises(ValueError, match="memory_limit must be at least") as refused:
        gradients(CELL, np.zeros((2000, 2)), np.zeros((2000, 3)), memory_limit="1 kB")
    least = int(re.search(r"at least (\d+) bytes", str(refused.value))[1])
    assert gradients(CELL, np.zeros((2000, 2)), np.zeros((2000, 3)), memory_limit=least).peak_bytes <= least


def test_wrong_arguments_leave_out_and_checkpoints_alone(tmp_path):
    out = np.full((6, 2), 7.0)
    for wrong in ({"at": 0}, {"truncation": 0}, {"memory_limit": 1}, {"wrt": "x"}, {"final_state_cotangent": 1}):
        for place in (out, tmp_path / "out.npy"):
            with pytest.raises((ValueError, TypeError)):
                gradients(CELL, U, Y, out=place, checkpoint_path=tmp_path / "states", **wrong)
    assert (out == 7).all()
    assert not list(tmp_path.iterdir())


LONG = np.zeros((3000, 2)), np.zeros((3000, 3))


def small(path):
    # Less than the tape of 3 000 steps on any backend, more than any needs.
    return {"memory_limit": 300_000, "checkpoint_path": path}


def test_a_checkpoint_path_that_cannot_be_written_is_an_error_naming_it(tmp_path):
    cell, inputs, cotangent = Elman(np.eye(30) / 2), np.zeros((3000, 0)), np.zeros((3000, 30))
    (tmp_path / "file").write_text("kept")
    for path, kind in (
        (tmp_path / "missing" / "states", FileNotFoundError),
        (tmp_path / "file" / "states", NotADirectoryError),
        (tmp_path / "file", FileExistsError),
        (tmp_path, FileExistsError),
    ):
        with pytest.raises(kind, match="cannot write") as caught:
            gradients(cell, inputs, cotangent, memory_limit="600 kB", checkpoint_path=path)
        assert str(caught.value.filename) == str(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "kept"


FULL_DISK = """
import resource, sys
import numpy as np, rnncore
from rnncore.backpropagation import checkpoints
folder, reserved = sys.argv[1], sys.argv[2] == "True"
if not reserved:  # as on a file system that cannot reserve
    checkpoints.reserve_file = lambda *arguments: None
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
told = []
cell, cotangent = rnncore.Elman(np.eye(64)), np.ones((1 << 16, 64))
try:
    rnncore.gradients(
        cell, None, cotangent, steps=len(cotangent), memory_limit="1 MB", out=None,
        checkpoint_path=folder + "/states", progress=lambda done, total: told.append(done),
    )
except OSError as error:
    print(error.errno, error.filename, error.strerror, bool(told), sep="|")
"""


@pytest.mark.parametrize("reserved", [True, False])
def test_no_room_for_checkpoints_is_an_error_that_leaves_nothing(reserved, tmp_path):
    # A limit on the size of files stands in for the end of the disk: it needs no rights to set.
    number, name, text, begun = output_of(FULL_DISK, tmp_path, reserved).strip().split("|")
    assert (int(number), name, begun) == (errno.EFBIG, str(tmp_path / "states"), str(not reserved))
    assert text.startswith("cannot write")
    assert not list(tmp_path.iterdir())


def test_no_room_for_the_inputs_gradient_is_an_error_before_work_starts(tmp_path):
    program = """
import resource, sys
import numpy as np, rnncore
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
try:
    rnncore.gradients(rnncore.Elman(np.eye(64), np.eye(64)), np.ones((4096, 64)), np.ones((4096, 64)), out=sys.argv[1])
except OSError as error:
    print(error.errno, error.filename, sep="|")
"""
    assert output_of(program, tmp_path / "out.npy").strip() == f"{errno.EFBIG}|{tmp_path / 'out.npy'}"
    assert os.listdir(tmp_path) == []
