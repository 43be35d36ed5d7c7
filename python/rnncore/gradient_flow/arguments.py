"""Lags and cotangents as callers give them."""

import numpy as np

from ..arrays import as_count, as_real_array, check_finite
from ..scaled_svd import normalise

_EVERY_LAG = 1000
_LAGS_PER_DECADE = 50


def read_lags(lags, steps, spread, *, every=_EVERY_LAG, per_decade=_LAGS_PER_DECADE):
    """Ascending, each once; with ``spread`` a largest lag means each up to ``every``, then so many a decade."""
    lags = steps if lags is None else lags
    if isinstance(lags, (int, np.integer)):
        least = largest = as_count("lags", lags, 0)
    else:
        lags = as_real_array("lags", lags)
        if lags.ndim != 1 or lags.dtype.kind not in "iu" or not lags.size:
            raise ValueError(f"lags must be an integer or a sequence of integers, got {lags.dtype} of {lags.shape}")
        least, largest = lags.min(), lags.max()
    if least < 0 or largest > steps:
        raise ValueError(f"lags must lie between 0 and the {steps} steps of the run, got {least} … {largest}")
    if isinstance(lags, np.ndarray):
        return np.unique(lags).astype(np.int64)
    if not spread or largest <= every:
        return np.arange(largest + 1)
    count = int(per_decade * np.log10(largest / every)) + 2
    return np.append(np.arange(every), np.unique(np.geomspace(every, largest, count).round().astype(np.int64)))


def read_cotangent(cotangent, run):
    """``(B, n, 1)`` of the cell's dtype, and its exponents; of the outputs' cotangent that of the state they are."""
    cotangent = as_real_array("cotangent", cotangent)
    state_size, last = run.cell.state_size, run.cell.layers[-1]
    sizes = sorted({state_size, last.output_size} if last.state_size else {state_size}, reverse=True)
    if cotangent.shape not in [(*lead, size) for size in sizes for lead in ((), run.lead)]:
        expected = [f"({size},)" for size in sizes]
        expected += [f"({run.batch}, {size})" for size in sizes if run.batch is not None]
        raise ValueError(f"cotangent must have shape {' or '.join(expected)}, got {cotangent.shape}")
    check_finite("cotangent", cotangent, np.dtype(np.float64))
    columns = np.zeros((run.width, state_size))
    first = state_size - last.state_size if cotangent.shape[-1] != state_size else 0
    columns[:, first : first + cotangent.shape[-1]] = cotangent
    block, exponents = normalise(columns[..., None], np.zeros((run.width, 1), np.int64))
    return block.astype(run.cell.dtype), exponents
