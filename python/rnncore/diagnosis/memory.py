"""How long gates keep a memory, and how much of a gradient they carry."""

from dataclasses import dataclass, field

import numpy as np

from ..gated_memory import Carousel, carousel, gated_layers
from ..gated_memory.result import root_sum
from ..gradient_flow.arguments import read_lags
from ..notebook import ShownInNotebooks

_LAGS = (1, 10, 100, 1000, 10_000)


@dataclass(frozen=True)
class Memory(ShownInNotebooks):
    """Of one gated layer, measured on the first sequence, in float64, over the same steps as the gradients.

    Attributes
    ----------
    layer : int
    cell : {"LSTM", "GRU", "GatedDiagonal", "Diagonal"}
    units, steps : int
    rates : tuple of float
        Mean of ln ``|forget gate|`` of each unit, in nats per step; 0 where it stays at 1, -inf where it was 0.
    shares : dict of int to float
        Lag and the share of what comes back that comes by the gates alone, as :attr:`rnncore.Carousel.shares`, at the
        lags 1, 10, 100, …; the gradient begins in a random direction of the last state.
    ratios : dict of int to float
        Lag and the norm of that part over the norm of the gradient; above 1 where the rest cancels some of it.
    interval : float
        Time of a step.
    unit : str
    carousel : Carousel
        The curves.
    """

    layer: int
    cell: str
    units: int
    steps: int
    rates: tuple[float, ...]
    shares: dict
    ratios: dict
    interval: float
    unit: str
    carousel: Carousel = field(repr=False, metadata={"figure": True})

    @property
    def time_constants(self):
        """Of each unit, in ``unit``: time in which its gates leave 1/e; infinite for 1, negative where they amplify."""
        return tuple(float(steps) * self.interval for steps in self.carousel.time_constants)

    @property
    def longest(self):
        """The unit whose gates keep the most."""
        return int(np.argmax(self.rates))


def measure_memories(task, start, gradients, *, seed, backend, threads):
    """One for each gated layer; none where no gradient was measured. ``start`` is the run's first state, (B, n)."""
    if not gradients.steps:
        return ()
    double, steps = task.in_double(), gradients.steps
    cotangent = np.random.default_rng(seed).normal(size=task.cell.state_size)
    lags = np.union1d(read_lags(None, steps, True), [lag for lag in _LAGS if lag <= steps])
    options = {"state": start[0], "check_finite": False, "backend": backend, "threads": threads}
    found = []
    for index in gated_layers(double.cell):
        curve = carousel(
            double.cell, double.first_inputs(steps), steps=steps, layer=index, cotangent=cotangent, lags=lags, **options
        )  # fmt: skip
        found.append(_describe(curve, steps, task))
    return tuple(found)


def _describe(curve, steps, task):
    rows = {int(lag): row for row, lag in enumerate(curve.lags) if lag in _LAGS and np.isfinite(curve.shares[row])}
    with np.errstate(over="ignore", invalid="ignore"):  # where both are zero there is no share either
        ratios = np.exp2(root_sum(curve.log2_carousel) - root_sum(curve.log2_gradients))
    return Memory(
        layer=curve.layer,
        cell=curve.cell,
        units=len(curve.rates),
        steps=steps,
        rates=tuple(curve.rates.tolist()),
        shares={lag: float(curve.shares[row]) for lag, row in rows.items()},
        ratios={lag: float(ratios[row]) for lag, row in rows.items()},
        interval=task.interval,
        unit=task.unit,
        carousel=curve,
    )
