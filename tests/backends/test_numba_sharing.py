"""Batches large enough for several threads: the contract's are not worth starting one."""

import numpy as np
import pytest

from rnncore import Chain, Dense, Elman
from rnncore.backends import get_backend, prepare
from rnncore.backends.numba.sharing import NUMBERS_PER_THREAD, share_sequences

STEPS, BATCH, SIZE, COLUMNS = 40, 5, 24, 9


@pytest.fixture
def program(rng):
    weights = rng.normal(size=(2, SIZE, SIZE)) / 4
    cell = Chain([Elman(weights[0], rng.normal(size=(SIZE, 2))), Dense(weights[1]), Elman(weights[1], weights[0])])
    return prepare(cell, get_backend("numba"))


def walk(program, name, threads):
    rng = np.random.default_rng(3)
    inputs, state = rng.normal(size=(STEPS, BATCH, 2)), rng.normal(size=(BATCH, 2 * SIZE))
    block, exponents = rng.normal(size=(BATCH, 2 * SIZE, COLUMNS)), np.zeros((BATCH, COLUMNS), np.int64)
    results = {
        "norms": np.zeros((STEPS, BATCH, COLUMNS)),
        "growth": np.zeros((STEPS, BATCH, COLUMNS)),
        "factors": np.zeros((STEPS, BATCH, COLUMNS, COLUMNS)),
        "exponents": np.zeros((STEPS, BATCH, COLUMNS), np.int64),
        "frames": np.zeros((STEPS, BATCH, 2 * SIZE, COLUMNS)),
    }
    norms = results.pop("norms")
    if name == "multiply":
        options = {"exponents": exponents, "every": 1, "norms": norms}
    elif name == "pull_back":
        options = {"exponents": exponents, "labels": None, "groups": 1, "norms": norms[:, :, None]}
    else:
        options = {"interval": 1, **results}
    getattr(program, name)(inputs, STEPS, state, block, start=0, threads=threads, **options)
    return [state, block, exponents, norms, *results.values()]


@pytest.mark.parametrize("name", ["multiply", "pull_back", "orthonormalise", "orthonormalise_back"])
def test_threads_change_no_bit_of_a_large_walk(name, program):
    assert STEPS * BATCH * 2 * SIZE * COLUMNS > 4 * NUMBERS_PER_THREAD
    for one, other in zip(walk(program, name, 1), walk(program, name, 4)):
        np.testing.assert_array_equal(one, other, strict=True)


def test_every_sequence_belongs_to_one_share():
    for threads in (1, 2, 3, 8):
        shares = []
        share_sequences(shares.append, 5, 100 * NUMBERS_PER_THREAD, threads)
        assert len(shares) == min(threads, 5)
        assert sorted(i for share in shares for i in range(5)[share]) == list(range(5))
