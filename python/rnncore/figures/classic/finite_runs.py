"""Runs that stay within the finite numbers, or tell where they leave them."""

import numpy as np

from ...errors import NonFiniteError
from ...simulation import simulate


def finite_outputs(cell, inputs=None, **options):
    """Outputs of a batch, (T, B, n)."""
    outputs = simulate(cell, inputs, **options).outputs
    beyond = np.argwhere(~np.isfinite(outputs))
    if len(beyond):
        step, sequence, unit = beyond[0].tolist()
        raise NonFiniteError(step + 1, unit, sequence)
    return outputs
