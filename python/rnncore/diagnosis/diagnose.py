"""The page's order of work."""

import numpy as np

from ..arrays import as_count, as_real_array, check_finite
from .boundedness import BoundednessWatcher
from .forecast import forecast_watcher
from .forgetting import measure_forgetting
from .gates import gate_watchers
from .gradients import measure_gradients
from .memory import measure_memories
from .provenance import Stopwatch
from .recall import measure_recall
from .recurrence import describe_recurrences
from .report import Diagnosis
from .run import run_watched
from .saturation import saturation_watchers
from .stability import prove_stability
from .task import make_task
from .traces import TraceWatcher


def diagnose(
    model=None,
    inputs=None,
    *,
    layer=None,
    steps=None,
    state=None,
    interval=None,
    unit=None,
    horizon=None,
    held_back=None,
    standardize=False,
    seed=0,
    backend=None,
    threads=None,
    progress=None,
):
    """Run a network under a series and report what it does.

    Parameters
    ----------
    model : Cell, path or None
        An .npz, .safetensors, .pt or .onnx file is read as :func:`rnncore.load` does. None: the embedded network, on
        the embedded series.
    inputs : array (T, input_size) or (T, B, input_size), path, or None
        A .csv, .npy, .npz or .wav file. None: the run without input, ``steps`` long.
    layer : str or list of str, optional
        Which layer of an .onnx file, as for :func:`rnncore.load`.
    steps : int, optional
        Length of the run; the series is repeated as often as it takes. By default the series once.
    state : array, (state_size,), optional
        Where the run starts. By default where an .onnx file says; else zeros under a series, a random state without.
    interval : float, optional
        Time from one step to the next, in ``unit``. By default what the files say, else 1.
    unit : str, optional
        "hours", say. By default what the files say, else "steps".
    horizon : int, optional
        How many steps ahead the outputs forecast the first columns of the series. By default what the model file says;
        without it no forecast is judged.
    held_back : float, optional
        Share of the series, from its end, on which forecasts are judged. By default what the model was not trained on
        where its file says so, else 0.25.
    standardize : bool
        Give every column mean 0 and standard deviation 1 first. By default the series is used as it is.
    seed : int
        Of the random states.
    backend, threads, progress
        As for :func:`rnncore.simulate`.

    Returns
    -------
    Diagnosis
        ``print`` it, or take ``.to_html(path)``, ``.to_dict()``, ``.to_json()``, ``.plot()``.

    Examples
    --------
    >>> import numpy as np, rnncore
    >>> cell = rnncore.Elman([[0.5]], [[1.0]])
    >>> found = rnncore.diagnose(cell, np.sin(np.arange(200.0))[:, None])
    >>> found.forgetting.verdict, found.forgetting.steps <= 7
    ('forgets', True)
    """
    watch = Stopwatch()
    task = watch.time(
        "reading the model and the series", make_task, model, inputs, steps, standardize, interval, unit, layer
    )
    start = _start(task, state, seed)
    bounds = BoundednessWatcher(task, start)
    saturation = saturation_watchers(task)
    gates = gate_watchers(task, backend, threads)
    traces = TraceWatcher(task)
    forecast, no_forecast = forecast_watcher(task, horizon, held_back)
    watchers = [bounds, *saturation, *gates, traces, *([forecast] if forecast else [])]
    execution = {"backend": backend, "threads": threads}
    run = watch.time("the run, watched", run_watched, task, start, watchers, progress=progress, **execution)
    boundedness = bounds.result()
    judged = forecast.result() if forecast else None
    options = {"seed": seed, **execution}
    gradients = watch.time("gradients and exponents", measure_gradients, task, start, **options)
    stability, no_stability = watch.time("proofs of stability", prove_stability, task)
    return Diagnosis(
        run=run,
        boundedness=boundedness,
        saturation=tuple(watcher.result() for watcher in saturation),
        gates=tuple(gate for watcher in gates for gate in watcher.results()),
        stability=stability,
        no_stability=no_stability,
        recurrence=watch.time("recurrent matrices", describe_recurrences, task.cell),
        forgetting=watch.time("forgetting", measure_forgetting, task, boundedness, **options),
        gradients=gradients,
        recall=watch.time("memory horizon and capacity", measure_recall, task, start, gradients, **options),
        memories=watch.time("memory of the gates", measure_memories, task, start, gradients, **options),
        forecast=judged,
        no_forecast=no_forecast if judged or no_forecast else "the run ended before the held-back part",
        traces=traces.result(),
        provenance=watch.provenance(
            {
                "layer": layer, "steps": steps, "state": None if state is None else f"of shape {np.shape(state)}",
                "interval": interval, "unit": unit, "horizon": horizon, "held_back": held_back,
                "standardize": standardize, **options,
            }
        ),
    )  # fmt: skip


def _start(task, state, seed):
    """(B, state_size): zeros under an input; without one, at random, since zero may be a fixed point."""
    width = task.series.values.shape[1] if task.series is not None and task.series.values.ndim == 3 else 1
    shape = (width, task.cell.state_size)
    as_count("seed", seed, 0)
    if state is not None:
        state = as_real_array("state", state)
        if state.shape not in (shape, shape[1:]):
            raise ValueError(f"state must have shape {shape[1:]}, got {state.shape}")
        check_finite("state", state, task.cell.dtype)
        return np.broadcast_to(state, shape).astype(task.cell.dtype)
    if task.state is not None:
        if task.state.ndim == 2 and len(task.state) != width:
            raise ValueError(
                f"{task.name} starts a batch of {len(task.state)} sequences, each from a state of its own, but the "
                f"series has {width}; give state="
            )
        return np.broadcast_to(task.state, shape).astype(task.cell.dtype)
    if task.series is not None:
        return np.zeros(shape, task.cell.dtype)
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(task.cell.dtype)
