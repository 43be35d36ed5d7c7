"""numba's products and factorisations of blocks, in every size of tile and rest."""

import numpy as np
import pytest
import scipy.sparse

from rnncore.backends.numba.block_product import add_block_product
from rnncore.backends.numba.buffers import padded
from rnncore.backends.numba.orthonormalise import orthonormalise
from rnncore.backends.numba.product import pack
from rnncore.backends.numba.simd import VECTOR_BYTES
from rnncore.backends.numba.sparse_product import add_sparse_block_product, pack_sparse

ROWS, DEPTHS, COLUMNS = (1, 3, 4, 5, 8, 17), (1, 7, 300), (2, 9, 17)


def lanes(dtype):
    return VECTOR_BYTES // dtype.itemsize


def blocked(array, rows=None):
    """Panels of columns, [panel, row, lane]."""
    lane, (size, columns) = lanes(array.dtype), array.shape
    panels = -(-columns // lane)
    whole = np.zeros((rows or size, panels * lane), array.dtype)
    whole[:size, :columns] = array
    return np.ascontiguousarray(np.swapaxes(whole.reshape(-1, panels, lane), 0, 1))


def unblocked(block, rows, columns):
    return np.swapaxes(block, 0, 1).reshape(block.shape[1], -1)[:rows, :columns]


def product(w, x, rows, depth, height, columns):
    """W X of a W stored in panels of ``height`` rows."""
    x = blocked(x)
    z = blocked(np.ones((rows, columns), x.dtype))
    add_block_product(
        w, 0, height, depth, x.reshape(-1), 0, x[0].size, z.reshape(-1), 0, z[0].size, rows, len(z), True
    )  # fmt: skip
    return unblocked(z, rows, columns)


def normal(rng, shape, dtype):
    return rng.normal(size=shape).astype(dtype)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("rows", ROWS)
def test_block_product_has_the_same_bits_however_the_matrix_is_stored(rows, depth, rng, dtype):
    w = normal(rng, (rows, depth), dtype)
    for columns in COLUMNS:
        x = normal(rng, (depth, columns), dtype)
        stored = (w.reshape(-1), 1), (w.T.reshape(-1), rows), (pack(w), padded(1, dtype))
        first, *others = (product(array, x, rows, depth, height, columns) for array, height in stored)
        bound = 2 * depth * np.finfo(dtype).eps * (np.abs(w) @ np.abs(x)).max()
        np.testing.assert_allclose(first, w.astype(np.float64) @ x, rtol=0, atol=bound)
        for other in others:
            np.testing.assert_array_equal(other, first)


def test_a_columns_bits_do_not_depend_on_the_columns_beside_it(rng, dtype):
    w, x = normal(rng, (13, 300), dtype), normal(rng, (300, 33), dtype)
    whole = product(w.reshape(-1), x, 13, 300, 1, 33)
    for columns in range(2, 33):
        np.testing.assert_array_equal(product(w.reshape(-1), x[:, :columns], 13, 300, 1, columns), whole[:, :columns])


@pytest.mark.parametrize("columns", COLUMNS)
def test_sparse_block_product_equals_the_dense_one(columns, rng, dtype):
    w = scipy.sparse.csr_array(np.where(rng.random((17, 17)) < 0.3, rng.normal(size=(17, 17)), 0).astype(dtype))
    x = normal(rng, (17, columns), dtype)
    flat, z = blocked(x), blocked(np.zeros_like(x))
    add_sparse_block_product(*pack_sparse(w), flat.reshape(-1), 0, z.reshape(-1), 0, z[0].size, len(z))
    dense = product(w.toarray().reshape(-1), x, 17, 17, 1, columns)
    np.testing.assert_allclose(unblocked(z, 17, columns), dense, rtol=0, atol=40 * np.finfo(dtype).eps)


@pytest.mark.parametrize(("size", "columns"), [(9, 2), (33, 17), (130, 70)])
def test_orthonormalise_gives_the_factors_and_annihilates_what_depends_on_the_rest(size, columns, rng, dtype):
    v = normal(rng, (size, columns), dtype)
    v[:, columns // 2] = 3 * v[:, 0]
    lane, eps = lanes(dtype), np.finfo(dtype).eps
    block = blocked(v, rows=padded(size, dtype))
    panels = len(block)
    factor = np.zeros((panels, panels * lane, lane), dtype)
    work = np.empty(panels * lane * (lane + 1), dtype)
    lost = dtype.type(4 * size * eps)
    orthonormalise(
        block.reshape(-1), 0, block.shape[1], block[0].size, columns, lost, factor.reshape(-1), work
    )  # fmt: skip
    q, r = unblocked(block, size, columns), unblocked(factor, columns, columns)
    alive = np.arange(columns) != columns // 2
    np.testing.assert_array_equal(np.diag(r) > 0, alive)
    np.testing.assert_array_equal(r, np.triu(r))
    np.testing.assert_allclose(q @ r, v, rtol=0, atol=64 * size * eps)
    np.testing.assert_allclose(q.T @ q, np.diag(alive.astype(dtype)), rtol=0, atol=64 * size * eps)


def test_orthonormalise_loses_no_more_than_the_conditioning(rng):
    """Modified Gram-Schmidt: |QᵀQ - I| of the order of eps · cond(V) (Björck 1967), here in three panels."""
    dtype, size, columns = np.dtype(np.float64), 40, 11
    directions = np.linalg.qr(rng.normal(size=(size, size)))[0]
    v = directions[:, :1] + 1e-7 * directions[:, 1 : columns + 1]
    block = blocked(v)
    panels, lane = len(block), lanes(dtype)
    factor = np.zeros((panels, panels * lane, lane), dtype)
    work = np.empty(panels * lane * (lane + 1), dtype)
    orthonormalise(
        block.reshape(-1), 0, size, block[0].size, columns, 4 * size * np.finfo(dtype).eps, factor.reshape(-1), work
    )  # fmt: skip
    q = unblocked(block, size, columns)
    # cond(V) is 3e7; the bound's constant is of the order of columns^1.5. Its square times eps would be 0.2.
    bound = columns**1.5 * np.linalg.cond(v) * np.finfo(dtype).eps
    np.testing.assert_allclose(q.T @ q, np.eye(columns), rtol=0, atol=bound)
