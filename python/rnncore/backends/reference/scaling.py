"""Columns as mantissa · 2**exponent: they neither overflow nor underflow."""

import numpy as np


def rescale(block, exponents):
    """The largest magnitude of every column in [1/2, 1), in place; block ``(B, n, k)``, exponents ``(B, k)``.

    A column of zeros, or with NaN or infinities, stays as it is.
    """
    largest = np.abs(block).max(axis=1, initial=0)
    _, shift = np.frexp(np.where(np.isfinite(largest), largest, 0))
    block[...] = np.ldexp(block, -shift[:, None, :])
    exponents += shift


def log2_norms(block, exponents, labels=None, groups=1):
    """log2 of the 2-norms of the columns, for each group of rows: ``(B, groups, k)``; -inf for zero columns."""
    labels = np.zeros(block.shape[1], np.int32) if labels is None else labels
    norms = np.empty((len(block), groups, block.shape[2]))
    for group in range(groups):
        part = block[:, labels == group].astype(np.float64)
        norms[:, group] = np.log2(np.sqrt(np.sum(part * part, axis=1))) + exponents
    return norms
