"""What is to be diagnosed: a cell, the series it runs under, and for how many steps."""

import os
from dataclasses import dataclass, replace

import numpy as np

from ..arrays import as_count, as_flag, as_real_array, check_finite
from ..cells import Cell, Chain, MatrixSequence
from ..data import MODEL, SERIES
from ..io import Model, Series, read_model, read_series
from ..memory.arguments import read_time

EMBEDDED_MODEL = "LSTM (embedded)"
EMBEDDED_SERIES = "hourly air temperature in °C, JFK airport, New York, 2013 (embedded)"
_SHORTEST_PASS = 4096  # steps; a shorter series is laid end to end so that calls do not outweigh steps


@dataclass(frozen=True, eq=False)
class Task:
    """A cell and its series, checked.

    Attributes
    ----------
    cell : Cell
    about : dict
        What the model's file says beside the weights.
    name : str
    series : Series or None
        None: the autonomous system.
    steps : int
    interval : float
        Time of a step, in ``unit``.
    unit : str
    state : array (state_size,) or (B, state_size), or None
        Where the model's file says that it starts.
    """

    cell: Cell
    about: dict
    name: str
    series: Series | None
    steps: int
    interval: float
    unit: str
    state: np.ndarray | None = None

    def pieces(self, length, steps=None):
        """``(start, stop, cell, inputs)`` along the run, the series repeated as often as it takes, without copies."""
        steps = self.steps if steps is None else steps
        rows = None if self.series is None else _lay_end_to_end(self.series.values)
        start = 0
        while start < steps:
            stop = min(start + length, steps)
            inputs = None
            if rows is not None:
                first = start % len(rows)
                inputs = rows[first : first + stop - start]
                stop = start + len(inputs)
            yield start, stop, _cell_between(self.cell, start, stop), inputs
            start = stop

    def first_inputs(self, steps):
        """The inputs of the first sequence over the first steps, (steps, n_in), or None; a view where that serves."""
        if self.series is None:
            return None
        values = self.series.values if self.series.values.ndim == 2 else self.series.values[:, 0]
        return values[:steps] if steps <= len(values) else np.resize(values, (steps, values.shape[1]))

    def in_double(self):
        """The same task in float64, so that rounding errors are small; matrix sequences stay as they are."""
        if any(isinstance(layer, MatrixSequence) for layer in self.cell.layers):
            return self
        return replace(self, cell=self.cell.astype(np.float64))


def make_task(model, inputs, steps, standardize, interval, unit, layer=None):
    """The task of a call of ``diagnose``; without a model the embedded one."""
    if model is None:
        if inputs is not None:
            raise ValueError("inputs are given without a model; give both, or neither for the embedded ones")
        model = read_model(MODEL)._replace(source=EMBEDDED_MODEL)
        inputs = replace(read_series(SERIES), source=EMBEDDED_SERIES)
    model = _read_model(model, layer)
    series = None if inputs is None else _read_series(inputs, model.cell)
    if as_flag("standardize", standardize):
        series = _standardize(series)
    steps = _count_steps(model.cell, series, steps)
    time = _time(model, series, interval, unit)
    return Task(model.cell, model.about, model.source, series, steps, *time, model.state)


def _read_model(model, layer):
    if isinstance(model, (str, os.PathLike)):
        return read_model(model, layer=layer)
    if layer is not None:
        raise ValueError(f"layer={layer!r} is for the path of an .onnx file, got a {type(model).__name__}")
    if isinstance(model, Cell):
        return Model(model, {}, type(model).__name__)
    if isinstance(model, Model):
        return model
    raise TypeError(f"model must be a cell or the path of a model file, got {type(model).__name__}")


def _read_series(inputs, cell):
    if isinstance(inputs, (str, os.PathLike)):
        series = read_series(inputs)
    elif isinstance(inputs, Series):
        series = inputs
    else:
        values = as_real_array("inputs", inputs)
        if values.ndim not in (2, 3):
            raise ValueError(
                f"inputs must have shape (T, {cell.input_size}) or (T, B, {cell.input_size}), got {values.shape}"
            )
        series = Series(values, tuple(str(i) for i in range(values.shape[-1])), "array")
    channels = series.values.shape[-1]
    if channels != cell.input_size:
        listed = ", ".join(series.columns[:12]) + (", …" if channels > 12 else "")
        raise ValueError(
            f"the model takes {cell.input_size} values a step but {series.source} has {channels} columns ({listed})"
            + ("; choose some of them" if channels > cell.input_size > 0 else "")
        )
    if len(series) == 0 or 0 in series.values.shape:
        raise ValueError(f"{series.source} has no steps: its shape is {series.values.shape}")
    check_finite("inputs" if series.source == "array" else series.source, series.values, cell.dtype)
    if not isinstance(series.values, np.memmap):
        with np.errstate(over="ignore"):
            series = replace(series, values=np.ascontiguousarray(series.values, cell.dtype))
    return series


def _time(model, series, interval, unit):
    """What the caller says of a step's length, else the series' file, else the model's."""
    given, _ = read_time(1.0 if interval is None else interval, unit)
    if series is not None and series.unit != "steps":
        known = series.interval, series.unit
    else:
        known = 1.0, model.about.get("unit", "steps")
    return float(known[0] if interval is None else given), known[1] if unit is None else unit


def _standardize(series):
    if series is None:
        raise ValueError("standardize needs a series")
    axes = tuple(range(series.values.ndim - 1))
    mean, deviation = (np.asarray(f(series.values, axis=axes, dtype=np.float64)) for f in (np.mean, np.std))
    if not deviation.all():
        column = series.columns[int(np.argmin(deviation))]
        raise ValueError(f"{series.source}: column {column!r} is constant and cannot be standardised")
    values = ((series.values - mean) / deviation).astype(
        series.values.dtype if series.values.dtype.kind == "f" else float
    )
    return replace(series, values=values)


def _count_steps(cell, series, steps):
    limits = [len(layer.matrices) for layer in cell.layers if isinstance(layer, MatrixSequence)]
    if steps is not None:
        steps = as_count("steps", steps, 1)
        if limits and steps > min(limits):
            raise ValueError(f"steps is {steps} but the cell has matrices for {min(limits)} steps")
        return steps
    if series is not None:
        return len(series)
    if limits:
        return min(limits)
    raise ValueError("inputs are missing: give a series, or steps= for a run without input")


def _lay_end_to_end(values):
    times = -(-_SHORTEST_PASS // len(values))
    return values if times == 1 else np.concatenate([values] * times)


def _cell_between(cell, start, stop):
    """The cell of steps start + 1 … stop: only matrices that change with time depend on it."""
    if not any(isinstance(layer, MatrixSequence) for layer in cell.layers):
        return cell
    layers = [
        MatrixSequence(layer.matrices[start:stop], check_finite=False) if isinstance(layer, MatrixSequence) else layer
        for layer in cell.layers
    ]
    return Chain(layers) if isinstance(cell, Chain) else layers[0]
