"""Lags and cotangents as callers give them."""

import numpy as np

from ..arrays import as_count, as_real_array, check_finite
from ..scaled_svd import normalise

_EVERY_LAG = 1000
_LAGS_PER_DECADE = 50


def read_lags(lags, steps, spread):
    """Ascending, each once; with ``spread`` a largest lag means every one to 1 000, then 50 a decade."""
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
    if not spread or largest <= _EVERY_LAG:
        return np.arange(largest + 1)
    count = int(_LAGS_PER_DECADE * np.log10(largest / _EVERY_LAG)) + 2
    return np.append(
        np.arange(_EVERY_LAG), np.unique(np.geomspace(_EVERY_LAG, largest, count).round().astype(np.int64))
    )


def read_cotangent(cotangent, run):
    """``(B, n, 1)`` of the cell's dtype, and its exponents."""
    cotangent = as_real_array("cotangent", cotangent)
    size = run.cell.state_size
    if cotangent.shape not in ((size,), (*run.lead, size)):
        batch = f" or ({run.batch}, {size})" if run.batch is not None else ""
        raise ValueError(f"cotangent must have shape ({size},){batch}, got {cotangent.shape}")
    check_finite("cotangent", cotangent, np.dtype(np.float64))
    columns = np.broadcast_to(cotangent.astype(np.float64), (run.width, size))[..., None]
    block, exponents = normalise(columns, np.zeros((run.width, 1), np.int64))
    return block.astype(run.cell.dtype), exponents
