"""What theory proves of the network, for all inputs as large as those of the series."""

import numpy as np

from ..cells import MatrixSequence
from ..stability_analysis import stability

_LARGEST = 200  # states; more take longer than the rest of the page


def prove_stability(task):
    """``(StabilityReport, None)``, or ``(None, why there is none)``."""
    cell = task.cell
    if any(isinstance(layer, MatrixSequence) for layer in cell.layers):
        return None, "matrices that change with time end, and stability is a question about all times"
    if not cell.state_size:
        return None, "a model without state has nothing to forget"
    if cell.state_size > _LARGEST:
        return None, f"{cell.state_size:,} states take long; rnncore.stability answers for them too"
    try:
        return stability(cell, input_bound=_largest_inputs(task)), None
    except (ArithmeticError, MemoryError, RuntimeError, ValueError) as failure:  # of a search, which may find nothing
        return None, f"the search for proofs failed: {failure}"


def _largest_inputs(task):
    """The largest absolute value of each column, or 1 where it is zero throughout."""
    if task.series is None:
        return 1.0
    values = task.series.values[: task.steps]
    axes = tuple(range(values.ndim - 1))
    largest = np.maximum(-values.min(axis=axes).astype(np.float64), values.max(axis=axes).astype(np.float64))
    return np.where(largest > 0, largest, 1.0)
