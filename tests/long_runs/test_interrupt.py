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
    if not told and done > {begun} * total:
        told.append(print("running", flush=True))
options = {{"state": np.ones((batch, size)), "backend": backend, "progress": progress}}
rnncore.{call}
"""
SIMULATE = "simulate(cell, steps=2**40, keep='last', **options)"
FORWARD = {
    "spectrum": "lyapunov_spectrum(cell, steps=2**40, **options)",
    "product": "jacobian_product(cell, steps=2**40, **options)",
    "singular": "singular_spectrum(cell, steps=2**40, **options)",
    "saturated": "singular_spectrum(rnncore.Elman(np.eye(size), bias_ih=np.arange(size)), steps=2**40, **options)",
    "covariant": "covariant_lyapunov_vectors(cell, steps=2**40, every=2**20, memory_limit=2**40, **options)",
    "norms": "gradient_norms(cell, steps=2**40, cotangent=np.ones(size), lags=[2**40], **options)",
    "worst case": "gradient_norms(cell, steps=2**40, lags=[2**40], **options)",
}
# What is asked for is more work on the way back than a machine does in the ten seconds.
BACKWARD = {
    "norms": ("gradient_norms(cell, steps=200_000, cotangent=np.ones(size), lags=[200_000], **options)", 1, 300),
    "worst case": ("gradient_norms(cell, steps=20_000, **options)", 1, 200),
    "covariant": ("covariant_lyapunov_vectors(cell, steps=20_000, k=50, every=16, **options)", 4, 100),
}


def interrupt(program, pause, *arguments):
    """Ctrl-C a while after a program has said that it is running; it must end by it, and soon."""
    process = start(program, *arguments)
    assert process.stdout.readline() == "running\n"
    time.sleep(pause)
    process.send_signal(signal.SIGINT)
    # A second is what is promised; ten are given to a crowded machine.
    _, errors = process.communicate(timeout=10)
    assert errors.splitlines()[-1] == "KeyboardInterrupt"
    assert process.returncode == -signal.SIGINT


@pytest.mark.parametrize("batch, size", [(1, 1), (1, 64), (1, 1500), (300, 100)])
def test_an_interrupt_ends_a_run(batch, size, backend, tmp_path):
    interrupt(PROGRAM.format(call=SIMULATE, begun=0), 0.3, tmp_path, backend, batch, size)


@pytest.mark.parametrize("batch, size", [(1, 1), (1, 64), (30, 20)])
@pytest.mark.parametrize("call", FORWARD)
def test_an_interrupt_ends_a_walk(call, batch, size, backend, tmp_path):
    interrupt(PROGRAM.format(call=FORWARD[call], begun=0), 0.3, tmp_path, backend, batch, size)


@pytest.mark.parametrize("call", BACKWARD)
def test_an_interrupt_ends_a_walk_back(call, backend, tmp_path):
    call, batch, size = BACKWARD[call]
    interrupt(PROGRAM.format(call=call, begun=0.5), 0, tmp_path, backend, batch, size)


def test_an_interrupt_removes_the_unfinished_file(backend, tmp_path):
    call = "simulate(cell, steps=2**40, keep=2**30, out=folder + '/out.npy', **options)"
    interrupt(PROGRAM.format(call=call, begun=0), 0, tmp_path, backend, 1, 8)
    assert not list(tmp_path.iterdir())
