"""How long the network remembers, from many points of the series, and how much of it."""

from dataclasses import dataclass, field

from ..errors import NonFiniteError
from ..memory import MemoryCapacity, MemoryHorizon, memory_capacity, memory_horizon
from ..notebook import ShownInNotebooks

_STARTS = 64
_MOST_LAGS = 1000
_MOST_OPERATIONS = 2e10  # multiplications of weights: seconds
_CAPACITY_LAGS = 100
_STEPS_A_LAG = 12


@dataclass(frozen=True)
class Recall(ShownInNotebooks):
    """Measured on the first sequence, over the same steps as the gradients.

    Attributes
    ----------
    horizon : MemoryHorizon or None
        What remains of perturbations of the state and of the input, at up to 1 000 lags, from 64 starting points.
    no_horizon : str or None
        Why there is none.
    capacity : MemoryCapacity or None
        How much of the series is recovered from the state, at up to 100 lags.
    no_capacity : str or None
        Why there is none.
    """

    horizon: MemoryHorizon | None = field(metadata={"figure": True})
    no_horizon: str | None
    capacity: MemoryCapacity | None = field(metadata={"figure": True})
    no_capacity: str | None


def measure_recall(task, start, gradients, *, seed, backend, threads):
    """``start`` is the run's first state, (B, n)."""
    if not gradients.steps:
        return Recall(None, gradients.explanation, None, gradients.explanation)
    double, steps = task.in_double(), gradients.steps
    options = {"state": start[0], "interval": task.interval, "unit": task.unit, "seed": seed, "check_finite": False}
    options |= {"backend": backend, "threads": threads}
    horizon, no_horizon = _try(_horizon, double, steps, options)
    capacity, no_capacity = _try(_capacity, double, steps, options)
    return Recall(horizon, no_horizon, capacity, no_capacity)


def _try(measure, task, steps, options):
    """``(result, None)``, or None and the reason."""
    try:
        return measure(task, steps, options), None
    except (NonFiniteError, ValueError) as error:
        return None, str(error)


def _horizon(task, steps, options):
    weights = sum(getattr(array, "nnz", array.size) for array in task.cell.parameters.values())
    lags = min(_MOST_LAGS, steps // 2, max(_STARTS, int(_MOST_OPERATIONS / (2 * _STARTS * max(1, weights)))))
    return memory_horizon(
        task.cell, task.first_inputs(steps), steps=steps, max_lag=max(1, lags), starts=_STARTS, **options
    )


def _capacity(task, steps, options):
    if task.series is None:
        raise ValueError("there is no series to remember")
    lags = max(1, min(_CAPACITY_LAGS, steps // _STEPS_A_LAG))
    # Of a series with a trend chance varies so much that a threshold would hide nearly all.
    return memory_capacity(task.cell, task.first_inputs(steps), max_lag=lags, significance=None, **options)
