"""Memory over a grid of recurrent weights, leaks, biases and inputs."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from ..arrays import as_real_array, check_finite
from ..cells import Cell
from ..notebook import ShownInNotebooks
from ..progress import progress_reporter
from .arguments import check_choice
from .capacity import memory_capacity
from .horizon import memory_horizon
from .variation import varied


@dataclass(frozen=True, eq=False, repr=False)
class MemorySweep(ShownInNotebooks):
    """Result of :func:`rnncore.memory_sweep`.

    Attributes
    ----------
    measure : {"horizon", "capacity"}
    axes : dict of str to array
        The values along each axis that was swept: "recurrent", "leak", "bias", "input", in this order.
    results : object array
        A :class:`MemoryHorizon` or a :class:`MemoryCapacity` for each point of the grid.
    """

    measure: str
    axes: dict
    results: np.ndarray

    @property
    def values(self):
        """Of the shape of the grid: the horizon in steps, infinite where it lies beyond the lags; or the total
        capacity."""
        if self.measure == "capacity":
            return self._each(lambda one: one.total)
        return self._each(lambda one: np.inf if one.steps is None else one.steps)

    @property
    def rates(self):
        """Of the shape of the grid: the rate of the exponential law of each horizon, in nats per step; NaN where none
        could be fitted. None for capacities."""
        if self.measure == "capacity":
            return None
        return self._each(lambda one: np.nan if one.decay is None else one.decay.rate)

    def _each(self, read):
        return np.array([read(one) for one in self.results.flat], np.float64).reshape(self.results.shape)

    def to_dict(self):
        """The fields and properties by name; arrays stay arrays, results are dicts in the order of the flat grid."""
        results = [one.to_dict() for one in self.results.flat]
        return vars(self) | {"results": results, "values": self.values, "rates": self.rates}

    def plot(self, ax=None):
        """Draw the values over the grid; returns the matplotlib axes."""
        from ..figures.memory_sweep import plot_memory_sweep

        return plot_memory_sweep(self, ax)

    def __repr__(self):
        grid = " × ".join(f"{len(values)} of {name}" for name, values in self.axes.items())
        values = self.values
        return f"MemorySweep({self.measure}: {grid or 'one point'}; {values.min():.4g} … {values.max():.4g})"


def memory_sweep(
    cell,
    inputs,
    *,
    measure="horizon",
    recurrent=None,
    leak=None,
    bias=None,
    input=None,
    progress=None,
    **options,
):
    """The memory horizon, or capacity, of a cell at every point of a grid.

    Networks with the same weights and different inputs are walked side by side in one batch.

    Parameters
    ----------
    cell : Cell
    inputs : array, (T, input_size)
    measure : {"horizon", "capacity"}
        :func:`rnncore.memory_horizon` or :func:`rnncore.memory_capacity`.
    recurrent : sequence of float, optional
        Factors of the recurrent weights, in all layers: of all gates, of λ in a Diagonal one.
    leak : sequence of float, optional
        Leaks of the Elman layers, in (0, 1].
    bias : sequence of float, optional
        What is added to the biases: of all units of Linear, Elman and Diagonal layers, of the forget gate of an LSTM,
        the update gate of a GRU, the gate of a GatedDiagonal one.
    input : sequence of float, optional
        Factors of the inputs; -1 turns their sign.
    progress : bool or callable, optional
        As for :func:`rnncore.simulate`, in networks instead of steps.
    options
        Passed on; "capacity" needs ``max_lag``.

    Returns
    -------
    MemorySweep
        ``axes``, ``results``, ``values``, ``rates``.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name: an axis without values, a cell that has nothing of the kind; and those of the measure.

    Examples
    --------
    >>> import numpy as np, rnncore
    >>> inputs = np.random.default_rng(0).normal(size=(2_000, 1))
    >>> found = rnncore.memory_sweep(rnncore.Elman([[1.0]], [[1.0]]), inputs, recurrent=[0.3, 0.9], leak=[1.0, 0.2])
    >>> found.values
    array([[ 3., 26.],
           [ 5., 46.]])
    """
    if not isinstance(cell, Cell):
        raise TypeError(f"cell must be a cell such as rnncore.Elman, got {type(cell).__name__}")
    check_choice("measure", measure, ("horizon", "capacity"))
    series = as_real_array("inputs", inputs)
    if series.ndim != 2:
        raise ValueError(f"inputs must have shape (T, {cell.input_size}), got {series.shape}")
    given = {"recurrent": recurrent, "leak": leak, "bias": bias, "input": input}
    axes = {name: _read_axis(name, values) for name, values in given.items() if values is not None}
    run = memory_horizon if measure == "horizon" else memory_capacity
    of_cell = [axes.get(name, [None]) for name in ("recurrent", "leak", "bias")]
    cells = [varied(cell, *values) for values in product(*of_cell)]
    if "input" in axes:
        series = series[:, None] * axes["input"][:, None]
    results = []
    with progress_reporter(progress, len(cells), "memory_sweep") as report:
        for one in cells:
            found = run(one, series, **options)
            results += found if isinstance(found, tuple) else [found]
            report(1)
    grid = np.empty(len(results), object)
    grid[:] = results
    return MemorySweep(measure, axes, grid.reshape([len(values) for values in axes.values()]))


def _read_axis(name, values):
    values = as_real_array(name, values)
    if values.ndim != 1 or not len(values):
        raise ValueError(f"{name} must be a sequence of numbers, at least one, got shape {values.shape}")
    check_finite(name, values, np.dtype(np.float64))
    return values.astype(np.float64)
