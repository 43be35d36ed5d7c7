"""A run recorded, so that gradients of any number of functions of it can be taken."""

import os
from contextlib import ExitStack, nullcontext
from typing import NamedTuple

import numpy as np

from .. import arrays
from ..backends import choose_backend, prepare
from ..backends.protocol import Backend
from ..destinations import Rows, destination
from ..notebook import ShownInNotebooks
from ..progress import progress_reporter
from ..runs import Run
from ..threads import resolve_threads
from ..trajectory import Trajectory
from . import arguments
from .checkpoints import StatesInFile
from .input_gradients import InputGradients
from .memory_limit import read_memory_limit
from .nonfinite_gradients import check_results
from .parameter_sums import ParameterSums, bytes_of_sums
from .result import Gradients
from .schedule import make_plan
from .walk import Backpropagation, needs_of


def record(
    cell,
    inputs=None,
    *,
    steps=None,
    state=None,
    keep="outputs",
    memory_limit=None,
    checkpoint_path=None,
    check_finite=True,
    raise_nonfinite=True,
    chunk=None,
    backend=None,
    threads=None,
    progress=None,
):
    """Run a cell along time and keep what back-propagation needs: outputs first, then gradients of functions of them.

    Where the cotangent is known beforehand, :func:`rnncore.gradients` is all that is needed.

    Parameters
    ----------
    cell : Cell
    inputs : array, (T, input_size) or (T, B, input_size), optional
        As for :func:`rnncore.simulate`; they are read again on the way back and must not change until then.
    steps : int, optional
        T, where there are no inputs.
    state : array, (state_size,) or (B, state_size), optional
        Where to start; zeros by default.
    keep : {"outputs", "last"}
        Which outputs ``trajectory`` holds.
    memory_limit : int or str, optional
        As for :func:`rnncore.gradients`. As the recording stays whole on the way back, half of it goes to what is
        recomputed there where the limit is below what a tape of the run takes.
    checkpoint_path : path, optional
        As for :func:`rnncore.gradients`; the file is there as long as the recording.
    check_finite : bool
        True: NaN and infinities in inputs or state are an error before work starts.
    raise_nonfinite : bool
        True: raise when the state, or later a gradient, leaves the finite numbers.
    chunk : int, optional
        Steps between two looks at Ctrl-C and the progress; the result does not depend on it, bit for bit.
    backend : {"native", "numba", "reference"}, optional
    threads : int, optional
        All cores by default; the result does not depend on it, bit for bit.
    progress : bool or callable, optional
        As in :func:`rnncore.simulate`.

    Returns
    -------
    Recording
        ``trajectory``, with the bits of :func:`rnncore.simulate`, and a method ``gradients``.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name, before work starts; a memory limit below the least that would do, which is named.
    NonFiniteError
        The state left the finite numbers.
    BackendUnavailable
        The backend asked for cannot run here.
    OSError
        The disk is too small for the checkpoints.

    Examples
    --------
    >>> import numpy as np, rnncore
    >>> recording = rnncore.record(rnncore.Elman([[0.5]], [[1.0]]), np.ones((100, 1)))
    >>> error = recording.trajectory.outputs - 0.9
    >>> recording.gradients(error).state.shape, recording.gradients(error[-1], at="last").inputs.shape
    ((1,), (100, 1))
    """
    if not isinstance(keep, str) or keep not in ("outputs", "last"):
        raise ValueError(f'keep must be "outputs" or "last", got {keep!r}')
    options = read_options(memory_limit, checkpoint_path, raise_nonfinite, chunk, backend, threads)
    run = Run(cell, inputs, steps, state, check_finite)
    with progress_reporter(progress, run.steps, "record") as report, ExitStack() as stack:
        recording = Recording(run, list(cell.parameters), options, lasting=True)
        shape = (run.steps, *run.lead, cell.output_size)
        if keep == "outputs":
            outputs = stack.enter_context(destination(None, shape, cell.dtype, run))
            recording.go_forward(report, Rows(outputs, run.width))
        else:
            last = LastOutput(run)
            recording.go_forward(report, last)
            outputs = last.output
    final_state = run.state[0] if run.batch is None else run.state
    recording.trajectory = Trajectory(outputs, None, final_state.copy(), run.steps, options.backend.name)
    return recording


class Options(NamedTuple):
    """How a recording is made, checked."""

    limit: int | None
    checkpoint_path: str | os.PathLike | None
    raise_nonfinite: bool
    chunk: int | None
    backend: Backend
    threads: int


def read_options(memory_limit, checkpoint_path, raise_nonfinite, chunk, backend, threads):
    return Options(
        read_memory_limit(memory_limit),
        arguments.read_checkpoint_path(checkpoint_path),
        arrays.as_flag("raise_nonfinite", raise_nonfinite),
        None if chunk is None else arrays.as_count("chunk", chunk, 1),
        choose_backend(backend),
        resolve_threads(threads),
    )


class Recording(ShownInNotebooks):
    """Result of :func:`rnncore.record`: a run, and the tape of it along which gradients flow back.

    Attributes
    ----------
    trajectory : Trajectory
        Its outputs and final state.
    """

    def __init__(self, run, parameters, options, *, lasting):
        """``lasting``: for any number of ways back, else for one."""
        program = prepare(run.cell, options.backend)
        needs = needs_of(run, program, bytes_of_sums(run.cell, parameters))
        in_file = options.checkpoint_path is not None
        plan = make_plan(run.steps, needs, options.limit, in_file=in_file, kept=lasting)
        checkpoints = StatesInFile(options.checkpoint_path, plan.slots, run.state) if in_file and plan.slots else None
        self._run, self._lasting, self._options, self._plan = run, lasting, options, plan
        self._walk = Backpropagation(
            run, program, plan, needs, checkpoints,
            chunk=options.chunk, threads=options.threads, raise_nonfinite=options.raise_nonfinite,
        )  # fmt: skip

    @property
    def recomputed_steps(self):
        """Steps that a way back walks forward again."""
        return self._plan.recomputed_steps

    def _shown(self):
        return {"recomputed_steps": self.recomputed_steps, "trajectory": self.trajectory.to_dict()}

    def go_forward(self, report, outputs=None):
        self._walk.go_forward(report, outputs)

    def gradients(
        self,
        cotangent=None,
        *,
        at="all",
        wrt=("parameters", "inputs", "state"),
        final_state_cotangent=None,
        truncation=None,
        out=None,
        check_finite=True,
        progress=None,
    ):
        """Gradients of one more function of the run; arguments and result as those of :func:`rnncore.gradients`."""
        request = arguments.read_request(
            self._run, cotangent, at=at, wrt=wrt, final_state_cotangent=final_state_cotangent,
            truncation=truncation, check_finite=check_finite,
        )  # fmt: skip
        total = self._run.steps + self.recomputed_steps
        with (
            progress_reporter(progress, total, "gradients") as report,
            input_gradients(request, out, self._run) as rows,
        ):
            return self.go_back(request, rows, report)

    def go_back(self, request, inputs, report):
        """``inputs`` is the array for the inputs' gradient, or None."""
        run, options = self._run, self._options
        sums, cotangent = ParameterSums(run.cell, request.parameters), request.cotangent
        recomputed = self._walk.go_back(
            cotangent, request.output_cotangents, sums, None if inputs is None else InputGradients(inputs, run),
            request.truncation, report, keep=self._lasting,
        )  # fmt: skip
        parameters = sums.results()
        if options.raise_nonfinite:
            check_results(parameters)
        if run.batch is None:
            cotangent = cotangent[0]
        elif run.shares_state:
            cotangent = cotangent.sum(axis=0)
        return Gradients(
            parameters=parameters,
            inputs=inputs,
            state=cotangent if request.state else None,
            steps=run.steps,
            recomputed_steps=recomputed,
            peak_bytes=self._walk.peak_bytes,
            backend=options.backend.name,
        )

    def __repr__(self):
        run = self._run
        return f"Recording(steps={run.steps}, batch={run.batch}, backend={self._options.backend.name!r})"


def input_gradients(request, out, run):
    """Yields the array to fill with the inputs' gradient, None where that is not wanted."""
    if not request.inputs:
        if out is not None:
            raise ValueError("out would receive nothing: it is for the gradient of inputs, which is not asked for")
        return nullcontext()
    return destination(
        out, run.inputs.shape, run.cell.dtype, run, what="gradients of the inputs",
        instead='wrt without "inputs"', others={"cotangent": request.output_cotangents.array},
    )  # fmt: skip


class LastOutput:
    """Where outputs go of which only the last is kept."""

    def __init__(self, run):
        self.run, self.rows, self.output = run, None, None

    def between(self, start, stop):
        if stop < self.run.steps:
            return None
        self.rows = np.empty((stop - start, self.run.width, self.run.cell.output_size), self.run.cell.dtype)
        return self.rows

    def done(self):
        if self.rows is not None:
            self.output = self.rows[-1].reshape(*self.run.lead, -1).copy()
