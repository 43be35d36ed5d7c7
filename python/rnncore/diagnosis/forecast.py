"""The readout's error on data it was not fitted to, beside that of persistence."""

from dataclasses import dataclass, field

import numpy as np

from ..arrays import as_count, as_number
from ..notebook import ShownInNotebooks

HELD_BACK = 0.25
_WINDOW = 336  # steps in the figure


@dataclass(frozen=True)
class Forecast(ShownInNotebooks):
    """Outputs at step t against the series at t + horizon, over the held-back end of the series.

    Attributes
    ----------
    horizon : int
    first_step, steps : int
        The first forecast's step (counted from 0) and their number.
    columns : tuple of str
        What is forecast; the errors are over all of them.
    rmse : float
        Root mean squared error of the readout.
    persistence_rmse : float
        That of x_{t + horizon} = x_t.
    unit : str
        That of the errors.
    interval, time_unit
        Those of a step.
    window : dict of arrays
        The last forecasts: "step" forecast for, "truth", "readout", "persistence"; for the figure.
    """

    horizon: int
    first_step: int
    steps: int
    columns: tuple
    rmse: float
    persistence_rmse: float
    unit: str
    interval: float
    time_unit: str
    window: dict = field(repr=False, metadata={"figure": True})

    @property
    def improvement(self):
        """Share of persistence's error that the readout takes away; negative where it does worse."""
        return 1 - self.rmse / self.persistence_rmse if self.persistence_rmse else None


class ForecastWatcher:
    def __init__(self, task, horizon, first_step):
        self.task, self.series, self.channels = task, task.series, task.cell.output_size
        self.horizon, self.first_step = horizon, first_step
        self.last = min(task.steps, len(task.series) - horizon)  # forecasts beyond it have no truth
        self.squares = np.zeros(2)
        self.count = 0
        self.window = []

    def see(self, start, states, previous, outputs):
        first, last = max(start, self.first_step), min(start + len(outputs), self.last)
        if first >= last:
            return False
        values = self.series.values
        truth = _channels(values[first + self.horizon : last + self.horizon], self.channels)
        persistence = _channels(values[first:last], self.channels)
        readout = outputs[first - start : last - start].reshape(truth.shape).astype(np.float64)
        with np.errstate(all="ignore"):
            self.squares += [np.sum((guess - truth) ** 2) for guess in (readout, persistence)]
        self.count += truth.size
        steps = np.arange(first, last) + self.horizon
        self.window.append(np.stack([steps, truth[:, 0], readout[:, 0], persistence[:, 0]]))
        while sum(part.shape[1] for part in self.window[1:]) >= _WINDOW:
            self.window.pop(0)
        return False

    def result(self):
        if self.count == 0:
            return None
        rmse = np.sqrt(self.squares / self.count)
        window = np.concatenate(self.window, axis=1)[:, -_WINDOW:]
        return Forecast(
            self.horizon,
            self.first_step,
            self.last - self.first_step,
            self.series.columns[: self.channels],
            float(rmse[0]),
            float(rmse[1]),
            self.task.about.get("target_unit", ""),
            self.task.interval,
            self.task.unit,
            dict(zip(("step", "truth", "readout", "persistence"), window)),
        )


def forecast_watcher(task, horizon, held_back):
    """``(watcher, None)``, or ``(None, why)`` where there is no forecast to judge."""
    held_back = None if held_back is None else _read_share(held_back)
    if horizon is None and "horizon" in task.about:
        horizon = int(task.about["horizon"])
    if horizon is None:
        return None, "no horizon is given, and the model file names none"
    if task.series is None:
        return None, "there is no series"
    horizon = as_count("horizon", horizon, 1)
    total = len(task.series)
    if not 1 <= task.cell.output_size <= task.series.values.shape[-1]:
        return None, f"the model has {task.cell.output_size} outputs for a series of {len(task.series.columns)} columns"
    first = _first_held_back(task, total, held_back)
    if first + horizon >= total:
        return None, f"the series of {total} steps ends before a held-back forecast {horizon} steps ahead"
    if task.steps <= first:
        return None, f"the run of {task.steps} steps does not reach the held-back part, which begins at step {first}"
    return ForecastWatcher(task, horizon, first), None


def _first_held_back(task, total, held_back):
    if held_back is None and "trained_steps" in task.about:
        return int(task.about["trained_steps"])
    held_back = HELD_BACK if held_back is None else held_back
    return total - max(1, round(held_back * total))


def _read_share(held_back):
    share = as_number("held_back", held_back)
    if not 0 < share <= 1:
        raise ValueError(f"held_back must be a share in (0, 1], got {held_back}")
    return share


def _channels(values, count):
    values = np.asarray(values, np.float64)[..., :count]
    return values.reshape(len(values), -1)
