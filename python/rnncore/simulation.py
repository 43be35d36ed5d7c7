"""The forward walk: trajectories."""

from contextlib import ExitStack

import numpy as np

from .arrays import as_count, as_flag, first_nonfinite
from .backends import choose_backend, prepare
from .destinations import Rows, destination
from .errors import NonFiniteError
from .progress import progress_reporter
from .runs import Run
from .scan import AssociativeProgram
from .threads import resolve_threads
from .trajectory import Trajectory


def simulate(
    cell,
    inputs=None,
    *,
    steps=None,
    state=None,
    keep="outputs",
    out=None,
    check_finite=True,
    raise_nonfinite=False,
    chunk=None,
    scan="sequential",
    backend=None,
    threads=None,
    progress=None,
):
    """Run a cell along time.

    Parameters
    ----------
    cell : Cell
    inputs : array, (T, input_size) or (T, B, input_size), optional
        Any real dtype, strides and byte order, read-only, memory map, or object with ``__array__`` or DLPack;
        converted piece by piece to the cell's dtype. None: the autonomous system, all inputs zero.
    steps : int, optional
        T, where there are no inputs.
    state : array, (state_size,) or (B, state_size), optional
        Where to start; zeros by default. A batch of states under a single series runs it from each of them.
    keep : {"outputs", "states", "last"} or int
        Which steps to keep: every output; every whole state (outputs are then a view of the states, or kept beside
        them when the last layer has no state); the last output only; or the outputs after steps k, 2k, ….
        Memory does not depend on T with "last".
    out : array, memory map or path, optional
        Where the outputs (the states for ``keep="states"``) go: exactly their shape and the cell's dtype, any
        strides. A path becomes an .npy file that appears when it is whole.
    check_finite : bool
        True: NaN and infinities in inputs or state are an error before work starts. False lets them through.
    raise_nonfinite : bool
        True: raise when the state, or an output that is kept, leaves the finite numbers, naming step and unit.
    chunk : int, optional
        Steps between two looks at Ctrl-C and the progress; by default about a tenth of a second of work. The result
        does not depend on it, bit for bit.
    scan : {"sequential", "associative"}
        "associative": blocks of steps side by side, for cells of Linear, Diagonal, GatedDiagonal, DelayLine and Dense
        layers. The result then equals the sequential one up to rounding; see Notes for when that is faster.
    backend : {"native", "numba", "reference"}, optional
    threads : int, optional
        All cores by default; the result does not depend on it, bit for bit.
    progress : bool or callable, optional
        True: a tqdm bar. A function is called as ``progress(steps_done, steps)``.

    Returns
    -------
    Trajectory
        ``outputs``, ``states``, ``final_state``, ``steps``, ``backend``.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name, before work starts.
    NonFiniteError
        With ``raise_nonfinite=True`` only.
    BackendUnavailable
        The backend asked for cannot run here.
    OSError
        ``out`` cannot be written or the disk is too small for it.

    Notes
    -----
    ``scan="associative"`` composes the affine maps of blocks of steps (Blelloch 1990): every block is walked from zero,
    products of the recurrence carry the state from block to block, and all blocks are walked again from where they
    really start. Sums are put together in another order, so that a run continued from ``final_state`` equals the
    unbroken one up to rounding only. The bits still depend on neither ``threads`` nor ``chunk``.

    It is worth its second walk for a dense Linear layer of a hundred units or more and a single sequence, on one thread
    too, because blocks turn products of a matrix and a vector into products of matrices; most so with ``keep="last"``,
    which spares the second walk. The power of the matrix is worked out once and kept with the cell; that of a sparse
    matrix is dense. Diagonal layers need twice the work of the sequential walk and GatedDiagonal ones 2.5 times,
    shared among up to 16 threads: they gain from three and four cores on. A DelayLine has nothing to compute, and moves
    its numbers as it does without. More than 8 sequences fill registers and
    threads by themselves and are walked as without it. ``benchmarks/scans.py`` measures all of this.

    Examples
    --------
    >>> import numpy as np, rnncore
    >>> cell = rnncore.Linear([[0.5]], [[1.0]])
    >>> first = rnncore.simulate(cell, np.ones((2, 1)))
    >>> rnncore.simulate(cell, np.ones((1, 1)), state=first.final_state).outputs
    array([[1.75]])
    """
    every = _kept_every(keep)
    raise_nonfinite = as_flag("raise_nonfinite", raise_nonfinite)
    chunk = None if chunk is None else as_count("chunk", chunk, 1)
    if not isinstance(scan, str) or scan not in ("sequential", "associative"):
        raise ValueError(f'scan must be "sequential" or "associative", got {scan!r}')
    threads = resolve_threads(threads)
    backend = choose_backend(backend)
    run = Run(cell, inputs, steps, state, check_finite)
    if keep == "last":
        every = run.steps
        if out is not None and not every:
            raise ValueError("out would receive nothing: there is no last output of a run over no steps")
    if scan == "associative":
        program = AssociativeProgram(cell, backend, run.steps, run.width)
        panel = program.panel
    else:
        program, panel = prepare(cell, backend), 1
    with ExitStack() as stack:
        report = stack.enter_context(progress_reporter(progress, run.steps, "simulate"))
        outputs = states = None
        kept = run.steps // every if every else 0
        if keep == "states":
            states = stack.enter_context(destination(out, (run.steps, *run.lead, cell.state_size), cell.dtype, run))
            if cell.layers[-1].state_size == 0:
                shape = (run.steps, *run.lead, cell.output_size)
                outputs = stack.enter_context(destination(None, shape, cell.dtype, run))
        elif keep != "last" or kept:
            shape = (*run.lead, cell.output_size) if keep == "last" else (kept, *run.lead, cell.output_size)
            outputs = stack.enter_context(destination(out, shape, cell.dtype, run))
        _walk(
            run,
            program,
            every,
            None if outputs is None else Rows(outputs[None] if keep == "last" else outputs, run.width),
            None if states is None else Rows(states, run.width),
            raise_nonfinite,
            run.segments(chunk, report, multiple=panel),
            threads,
        )
    if states is not None and outputs is None:
        first = cell.state_size - cell.layers[-1].state_size
        outputs = states[..., first : first + cell.output_size]
    final_state = run.state[0] if run.batch is None else run.state
    return Trajectory(outputs, states, final_state, run.steps, backend.name)


def _kept_every(keep):
    if isinstance(keep, str) and keep in ("outputs", "states", "last"):
        return 1
    if isinstance(keep, str) or keep is None:
        raise ValueError(f'keep must be "outputs", "states", "last" or an integer, got {keep!r}')
    return as_count("keep", keep, 1)


def _walk(run, program, every, outputs, states, raise_nonfinite, segments, threads):
    for start, stop in segments:
        kept = stop // every - start // every
        if states is not None:
            state_rows = states.take(stop - start)
        elif raise_nonfinite:
            state_rows = np.empty((stop - start, *run.state.shape), run.state.dtype)
        else:
            state_rows = None
        output_rows = outputs.take(kept) if outputs is not None and kept else None
        program.advance(
            run.inputs_between(start, stop),
            stop - start,
            run.state,
            start=start,
            every=every,
            outputs=output_rows,
            states=state_rows,
            threads=threads,
        )
        if raise_nonfinite:
            _check_rows("state", state_rows, range(start + 1, stop + 1), run)
            if output_rows is not None:
                _check_rows("output", output_rows, range((start // every + 1) * every, stop + 1, every), run)
        if states is not None:
            states.done()
        if output_rows is not None:
            outputs.done()


def _check_rows(what, rows, steps, run):
    index = first_nonfinite(rows, rows.dtype)
    if index is not None:
        row, sequence, unit = index
        raise NonFiniteError(steps[row], unit, None if run.batch is None else sequence, what)
