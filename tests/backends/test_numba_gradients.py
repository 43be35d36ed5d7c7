"""numba's way back: sums over rows in every size of block and rest, groups of sequences, the size of a tape."""

import numpy as np
import pytest
import scipy.sparse

from rnncore import GRU, LSTM, Chain, Dense, Elman
from rnncore.backends import get_backend, prepare
from rnncore.backends.numba.block_sums import BlockSums, Scratch
from rnncore.backends.numba.buffers import Buffer
from rnncore.backends.numba.sharing import NUMBERS_PER_THREAD
from rnncore.backends.numba.tape import LEAST_GROUP, groups
from rnncore.backends.protocol import GRADIENT_BLOCK

COUNTS = [1, 7, GRADIENT_BLOCK, GRADIENT_BLOCK + 9, 2 * GRADIENT_BLOCK]


def filled(rng, count, batch, size, dtype, parts=1):
    """A buffer with NaN in its padding: sums must not read it."""
    buffer = Buffer(count, batch, size, dtype, parts)
    buffer.steps[...] = np.nan
    buffer.steps[..., :size] = rng.normal(size=(count + 1, batch, parts, size))
    return buffer


def rows(vectors, count, batch):
    """The vectors of a buffer, ``(count, batch, size)`` in float64."""
    shape, item = (count * batch, vectors.size), vectors.flat.itemsize
    part = np.lib.stride_tricks.as_strided(vectors.flat[vectors.first :], shape, (vectors.stride * item, item))
    return part.astype(np.float64).reshape(count, batch, -1)


def by_block(array):
    """Sums over the steps and sequences of each block."""
    return np.array([array[i : i + GRADIENT_BLOCK].sum(axis=(0, 1)) for i in range(0, len(array), GRADIENT_BLOCK)])


def assert_sums(got, want, terms):
    """Numbers are below 6 in magnitude and their products below 36: a sum of so many rounds by this at most."""
    np.testing.assert_allclose(got, want, rtol=0, atol=36 * terms**2 * np.finfo(got.dtype).eps)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("batch", [1, 3])
def test_products_of_parts_are_summed_block_by_block(count, batch, rng, dtype):
    for size, width in ((1, 1), (9, 17), (33, 4)):
        y, x = filled(rng, count, batch, size, dtype, 2), filled(rng, count, batch, width, dtype)
        z = filled(rng, count, batch, size, dtype, 4)
        sums = BlockSums(["hh", "ih", "bias"], count, batch, Scratch(dtype))
        sums.products(z, (2, 0, 3), {"hh": y.before(1), "ih": x.now()}, ["bias", "unwanted"])
        assert sums.found.keys() == {"hh", "ih", "bias"}
        parts = np.concatenate([rows(z.now(part), count, batch) for part in (2, 0, 3)], axis=-1)
        terms = min(count, GRADIENT_BLOCK) * batch
        for name, factor in (("hh", y.before(1)), ("ih", x.now())):
            want = by_block(parts[..., None] * rows(factor, count, batch)[..., None, :])
            assert_sums(sums.found[name][0], want, terms)
        assert_sums(sums.found["bias"][0], by_block(parts), terms)


@pytest.mark.parametrize("count", COUNTS)
def test_sparse_products_are_those_of_the_pattern(count, rng, dtype):
    size, batch = 21, 2
    pattern = scipy.sparse.csr_array(np.where(rng.random((size, size)) < 0.3, 1.0, 0))
    z, y = (filled(rng, count, batch, size, dtype) for _ in range(2))
    sums = BlockSums(["weight"], count, batch, Scratch(dtype))
    pointers = pattern.indptr.astype(np.intp), pattern.indices.astype(np.intp)
    sums.sparse_products("weight", z, y.before(), *pointers)
    dense = by_block(rows(z.now(), count, batch)[..., None] * rows(y.before(), count, batch)[..., None, :])
    [found] = sums.found["weight"]
    assert_sums(found, dense[(slice(None), *pattern.nonzero())], min(count, GRADIENT_BLOCK) * batch)


def test_sums_do_not_depend_on_what_else_is_wanted_or_on_the_blocks_behind(rng, dtype):
    count, size = 2 * GRADIENT_BLOCK + 5, 19
    z, y, x = (filled(rng, count, 1, size, dtype) for _ in range(3))
    scratch, factors = Scratch(dtype), {"hh": y.before(), "ih": x.now()}
    everything = BlockSums(["hh", "ih", "bias"], count, 1, scratch)
    everything.products(z, [0], factors, ["bias"])
    for name in ("hh", "ih", "bias"):
        alone = BlockSums([name], GRADIENT_BLOCK, 1, scratch)
        alone.products(z, [0], factors, ["bias"])
        assert alone.found.keys() == {name}
        np.testing.assert_array_equal(alone.found[name][0], everything.found[name][0][:1])


@pytest.mark.parametrize("units", [1, 16, 1000])
def test_groups_make_up_the_batch(units):
    for batch in (0, 1, 2, LEAST_GROUP + 1, 37, 1000):
        shares = groups(batch, units)
        assert [i for share in shares for i in range(batch)[share]] == list(range(batch))
        sizes = {share.stop - share.start for share in shares}
        assert len(sizes) <= 2 and max(sizes, default=0) - min(sizes, default=0) <= 1


def gated(rng, size, dtype):
    cell = Chain(
        [
            LSTM(rng.normal(size=(4 * size, size)) / size, rng.normal(size=(4 * size, 2)), weight_co=np.ones(size)),
            GRU(rng.normal(size=(3 * size, size)) / size, rng.normal(size=(3 * size, size)), reset_after=False),
            Elman(scipy.sparse.csr_array(np.eye(size) / 2), rng.normal(size=(size, size)) / size),
            Dense(rng.normal(size=(3, size)), nonlinearity="tanh"),
        ]
    )
    return prepare(cell.astype(dtype), get_backend("numba"))


@pytest.mark.parametrize("steps", [GRADIENT_BLOCK, GRADIENT_BLOCK + 1, 3 * GRADIENT_BLOCK])
@pytest.mark.parametrize("batch", [1, 33])
def test_a_tape_takes_no_more_than_said(steps, batch, rng, dtype):
    program = gated(rng, 24, dtype)
    state = np.zeros((batch, 24 * 4), dtype)
    tape = program.record(None, steps, state, start=0, outputs=None, threads=1)
    taken = sum(buffer.steps.nbytes for part in tape for buffer in [*part.states, *part.slopes] if buffer is not None)
    said = steps * program.tape_bytes(batch)
    assert said * 0.99 < taken <= said


def test_threads_change_no_bit_of_many_groups(rng, dtype):
    program, batch, steps, size = gated(rng, 24, dtype), 33, 2 * GRADIENT_BLOCK + 11, 24
    assert len(groups(batch, program.units)) > 3
    assert steps * batch * program.units > 4 * NUMBERS_PER_THREAD
    inputs = rng.normal(size=(steps, batch, 2)).astype(dtype)
    cotangents = rng.normal(size=(steps, batch, 3)).astype(dtype)

    def walk(threads):
        state, cotangent = np.zeros((2, batch, 4 * size), dtype)
        parameters = [
            {name: np.zeros(array.shape) for name, array in layer.parameters.items() if isinstance(array, np.ndarray)}
            for layer in program.layers.cells
        ]
        moved, outputs = np.empty_like(inputs), np.empty_like(cotangents)
        tape = program.record(inputs, steps, state, start=0, outputs=outputs, threads=threads)
        program.accumulate_gradients(
            tape, inputs, steps, cotangent, start=0, output_cotangents=cotangents, cuts=None,
            parameters=parameters, input_cotangents=moved, threads=threads,
        )  # fmt: skip
        return [state, cotangent, outputs, moved, *(array for layer in parameters for array in layer.values())]

    for one, other in zip(walk(1), walk(3), strict=True):
        np.testing.assert_array_equal(one, other, strict=True)
