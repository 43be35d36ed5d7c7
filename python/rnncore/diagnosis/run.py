"""The run itself: the whole trajectory in pieces, watched, timed and thrown away."""

import time
from dataclasses import dataclass

import numpy as np

from ..backends import choose_backend
from ..notebook import ShownInNotebooks
from ..progress import progress_reporter
from ..simulation import simulate
from ..threads import resolve_threads

_PIECE_BYTES = 1 << 22


@dataclass(frozen=True)
class Run(ShownInNotebooks):
    """What was run and how fast.

    Attributes
    ----------
    model, series : str
    layers : tuple of str
    steps : int
    passes : float
        How often the series went by.
    sequences : int
    parameters : int
        Numbers the model consists of.
    dtype, backend : str
    instruction_set : str or None
    threads : int
    seconds : float
        Inside ``simulate``, states and outputs of every step kept; the first piece, which compiles and warms up, is
        run twice and counted once.
    steps_per_second : float
    """

    model: str
    layers: tuple[str, ...]
    series: str
    steps: int
    passes: float
    sequences: int
    parameters: int
    dtype: str
    backend: str
    instruction_set: str | None
    threads: int
    seconds: float
    steps_per_second: float


def run_watched(task, state, watchers, *, backend, threads, progress):
    """Run the task; every watcher sees each piece, ``see(start, states, previous, outputs)``.

    States are (S, B, state_size); for a cell without memory its outputs stand in for them. Stops at a piece that a
    watcher returns True from: there is nothing to see after it.
    """
    cell, chosen = task.cell, choose_backend(backend)
    options = {"backend": chosen.name, "threads": resolve_threads(threads), "check_finite": False}
    width = len(state)
    bytes_per_step = width * max(1, cell.state_size) * cell.dtype.itemsize
    length = max(1, min(_PIECE_BYTES // bytes_per_step, task.steps))
    buffer = np.empty((length, width, cell.state_size), cell.dtype)
    seconds, done = 0.0, 0
    with progress_reporter(progress, task.steps, "diagnose") as report:
        for start, stop, part, inputs in task.pieces(length):
            if start == 0:
                simulate(part, inputs, steps=stop, state=state, keep="last", **options)
            before = time.perf_counter()
            trajectory = simulate(
                part, inputs, steps=stop - start, state=state, keep="states", out=buffer[: stop - start], **options
            )
            seconds += time.perf_counter() - before
            states = trajectory.states if cell.state_size else trajectory.outputs
            stopped = [watcher.see(start, states, state, trajectory.outputs) for watcher in watchers]
            state, done = trajectory.final_state, stop
            report(stop - start)
            if any(stopped):
                break
    return Run(
        model=task.name,
        layers=tuple(_describe(layer) for layer in cell.layers),
        series="none (autonomous)" if task.series is None else task.series.source,
        steps=done,
        passes=0.0 if task.series is None else done / len(task.series),
        sequences=width,
        parameters=sum(array.nnz if hasattr(array, "nnz") else array.size for array in cell.parameters.values()),
        dtype=str(cell.dtype),
        backend=chosen.name,
        instruction_set=chosen.describe().get("target"),
        threads=options["threads"],
        seconds=seconds,
        steps_per_second=done / seconds,
    )


def _describe(layer):
    sizes = f"{layer.input_size} → {layer.output_size}" if layer.input_size else str(layer.output_size)
    details = list(_details(layer))
    return f"{type(layer).__name__} {sizes}" + (f" ({', '.join(details)})" if details else "")


def _details(layer):
    """What is not the plainest of a cell's kind."""
    if getattr(layer, "nonlinearity", "identity") != "identity":
        yield layer.nonlinearity
    if getattr(layer, "gate_nonlinearity", "sigmoid") != "sigmoid":
        yield f"gates {layer.gate_nonlinearity}"
    if hasattr(layer, "steps"):
        yield f"{layer.steps:,} step{'s' if layer.steps > 1 else ''}"
    if getattr(layer, "leak", 1.0) != 1:
        yield f"leak {layer.leak:g}"
    if not getattr(layer, "reset_after", True):
        yield "reset before the product"
    if {"weight_ci", "weight_cf", "weight_co"} & layer.parameters.keys():
        yield "peepholes"
    if getattr(layer, "is_complex", False):
        yield "complex, real and imaginary parts in turn"
