"""Ctrl-C ends a run that would take days, and leaves nothing behind."""

import signal
import time

import pytest

from ..programs import start

PROGRAM = """
import sys
import numpy as np, rnncore
folder, backend, batch, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
cell = rnncore.Elman(np.eye(size) / 2)
told = []
def progress(done, total):
    if not told:
        told.append(print("running", flush=True))
rnncore.simulate(cell, steps=2**40, state=np.ones((batch, size)), keep={keep}, backend=backend, progress=progress)
"""


@pytest.mark.parametrize("batch, size", [(1, 1), (1, 64), (1, 1500), (300, 100)])
def test_an_interrupt_ends_a_run(batch, size, backend, tmp_path):
    process = start(PROGRAM.format(keep="'last'"), tmp_path, backend, batch, size)
    assert process.stdout.readline() == "running\n"
    time.sleep(0.3)  # into the middle of a segment
    process.send_signal(signal.SIGINT)
    # A second is what is promised; ten are given to a crowded machine.
    _, errors = process.communicate(timeout=10)
    assert errors.splitlines()[-1] == "KeyboardInterrupt"
    assert process.returncode == -signal.SIGINT


def test_an_interrupt_removes_the_unfinished_file(backend, tmp_path):
    program = PROGRAM.format(keep="2**30, out=folder + '/out.npy'")
    process = start(program, tmp_path, backend, 1, 8)
    assert process.stdout.readline() == "running\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert errors.splitlines()[-1] == "KeyboardInterrupt"
    assert not list(tmp_path.iterdir())
