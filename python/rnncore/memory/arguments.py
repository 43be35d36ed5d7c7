"""Arguments that the measures of memory share."""

import math

import numpy as np

from ..arrays import as_count, as_number

_LONGEST_BURN_IN = 1000


def read_time(interval, unit):
    """``(interval, unit)`` of a step."""
    interval = as_number("interval", interval)
    if not (interval > 0 and math.isfinite(interval)):
        raise ValueError(f"interval must be positive, got {interval}")
    if unit is not None and not isinstance(unit, str):
        raise TypeError(f"unit must be a string, got {unit!r}")
    return interval, "steps" if unit is None else unit


def read_burn_in(burn_in, steps):
    """``"auto"`` is a tenth of the run, 1 000 steps at most."""
    if isinstance(burn_in, str) and burn_in == "auto":
        return min(steps // 10, _LONGEST_BURN_IN)
    burn_in = as_count("burn_in", burn_in, 0)
    if burn_in >= steps:
        raise ValueError(f"burn_in must be less than the {steps} steps of the run, got {burn_in}")
    return burn_in


def read_size(name, value):
    """A positive finite number."""
    value = as_number(name, value)
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(f"{name} must be positive and finite, got {value}")
    return value


def input_deviations(run):
    """Standard deviation of each input along the series, ``(B, input_size)``, or None for a cell without inputs.

    Where none of a sequence's inputs moves, all count alike.
    """
    if run.inputs is None or run.cell.input_size == 0 or not run.steps:
        return None
    deviations = np.std(run.inputs, axis=0, dtype=np.float64).reshape(-1, run.cell.input_size)
    deviations = np.where(deviations.any(axis=1, keepdims=True), deviations, 1.0)
    return np.broadcast_to(deviations, (run.width, run.cell.input_size))


def check_choice(name, value, allowed):
    """One of some strings."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {value!r}")
