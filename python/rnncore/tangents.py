"""Jacobian-vector products along time: what a small change of inputs, state or parameters does to the outputs."""

from collections.abc import Mapping

import numpy as np

from . import arrays
from .backends import choose_backend, prepare
from .errors import NonFiniteError
from .nonfinite import is_finite, nonfinite_error
from .parameter_forcing import ParameterForcing
from .progress import progress_reporter
from .runs import Run
from .threads import resolve_threads
from .trajectory import Trajectory


def jvp(
    cell,
    inputs,
    tangents,
    *,
    state=None,
    steps=None,
    check_finite=True,
    raise_nonfinite=False,
    chunk=None,
    backend=None,
    threads=None,
    progress=None,
):
    """A run and the directional derivative of its outputs (forward-mode differentiation, exact along time).

    ẋ_t = A_t ẋ_{t-1} + ∂F/∂u u̇_t + ∂F/∂p ṗ, with the tangents u̇ of inputs, ẋ_0 of the state and ṗ of parameters
    (Williams and Zipser 1989, along one direction).

    Parameters
    ----------
    cell : Cell
    inputs : array, (T, input_size) or (T, B, input_size), or None
    tangents : dict
        Any of "inputs", of the inputs' shape; "state", (state_size,) or (B, state_size); "parameters", a dict of
        arrays by parameter name ("0.weight_hh" in a Chain), each of its parameter's shape, that of a sparse
        weight_hh sparse or dense. What is not named does not change.
    state : array, (state_size,) or (B, state_size), optional
        Where to start; zeros by default.
    steps : int, optional
        T, where there are no inputs.
    check_finite : bool
        True: NaN and infinities in inputs, state or their tangents are an error before work starts.
    raise_nonfinite : bool
        True: raise when the state or the tangent leaves the finite numbers, naming step and unit.
    chunk : int, optional
        Steps between two looks at Ctrl-C and the progress; the result does not depend on it, bit for bit.
    backend : {"native", "numba", "reference"}, optional
    threads : int, optional
        All cores by default; the result does not depend on it, bit for bit.
    progress : bool or callable, optional
        As in :func:`simulate`.

    Returns
    -------
    trajectory : Trajectory
        With every output.
    output_tangents : array, (T, output_size) or (T, B, output_size)

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name, before work starts.
    NonFiniteError
        With ``raise_nonfinite=True`` only; ``partial`` holds both results up to the last chunk.
    BackendUnavailable
        The backend asked for cannot run here.

    Examples
    --------
    >>> import rnncore
    >>> cell = rnncore.Linear([[0.5]], [[1.0]])
    >>> trajectory, moved = rnncore.jvp(cell, [[1.0], [0.0]], {"parameters": {"weight_hh": [[1.0]]}})
    >>> moved.ravel()
    array([0., 1.])
    """
    raise_nonfinite = arrays.as_flag("raise_nonfinite", raise_nonfinite)
    chunk = None if chunk is None else arrays.as_count("chunk", chunk, 1)
    threads = resolve_threads(threads)
    backend = choose_backend(backend)
    run = Run(cell, inputs, steps, state, check_finite)
    tangents = _read_tangents(run, tangents, check_finite)
    input_tangents, tangent, forcing = tangents["inputs"], tangents["state"], tangents["parameters"]
    shape = (run.steps, run.width, cell.output_size)
    outputs, output_tangents = np.empty(shape, cell.dtype), np.empty(shape, cell.dtype)
    program = prepare(cell, backend)
    sizes = sum(layer.state_size or layer.output_size for layer in cell.layers)
    with progress_reporter(progress, run.steps, "jvp") as report:
        for start, stop in run.segments(chunk, report, columns=1, kept=cell.input_size + cell.state_size + sizes):
            before = run.state.copy()
            program.push_forward(
                run.inputs_between(start, stop), stop - start, run.state, tangent,
                start=start,
                input_tangents=None if input_tangents is None else input_tangents.inputs_between(start, stop),
                forcing=None if forcing is None else forcing.between(run, program, start, stop, threads),
                outputs=outputs[start:stop], output_tangents=output_tangents[start:stop], threads=threads,
            )  # fmt: skip
            if input_tangents is not None:
                input_tangents.release(start, stop)
            if raise_nonfinite and not is_finite(run.state, tangent, output_tangents[start:stop]):
                if is_finite(run.state):
                    error = _nonfinite_tangent(run, output_tangents[start:stop], tangent, start, stop)
                else:
                    error = nonfinite_error(run, program, start, stop, before.copy(), threads=threads)
                run.state[...] = before
                error.partial = _results(run, start, outputs[:start], output_tangents[:start], backend)
                raise error
    return _results(run, run.steps, outputs, output_tangents, backend)


def _read_tangents(run, tangents, finite):
    """Inputs as a Run of their own, the state's as the block to move, the parameters' as a ParameterForcing."""
    if not isinstance(tangents, Mapping):
        raise TypeError(f"tangents must be a dict, got {type(tangents).__name__}")
    unknown = [name for name in tangents if name not in ("inputs", "state", "parameters")]
    if unknown:
        raise ValueError(f"tangents may hold inputs, state and parameters; got {unknown[0]!r}")
    read = {"inputs": None, "state": np.zeros_like(run.state), "parameters": None}
    if tangents.get("inputs") is not None:
        read["inputs"] = _read_input_tangents(run, tangents["inputs"], finite)
    if tangents.get("state") is not None:
        tangent = arrays.as_real_array("tangents['state']", tangents["state"])
        lead = run.lead if tangent.ndim == 2 else ()
        arrays.check_shape("tangents['state']", tangent, (*lead, run.cell.state_size))
        if finite:
            arrays.check_finite("tangents['state']", tangent, run.cell.dtype)
        read["state"][...] = tangent
    if tangents.get("parameters") is not None:
        if not isinstance(tangents["parameters"], Mapping):
            raise TypeError(f"tangents['parameters'] must be a dict, got {type(tangents['parameters']).__name__}")
        read["parameters"] = ParameterForcing(run.cell, tangents["parameters"], finite)
    return read


def _read_input_tangents(run, tangents, finite):
    if run.inputs is None:
        raise ValueError("tangents['inputs'] is given, but there are no inputs")
    tangents = arrays.as_real_array("tangents['inputs']", tangents)
    arrays.check_shape("tangents['inputs']", tangents, run.inputs.shape)
    if finite:
        arrays.check_finite("tangents['inputs']", tangents, run.cell.dtype)
    return Run(run.cell, tangents, None, run.state if run.batch is not None else None, False)


def _nonfinite_tangent(run, rows, tangent, start, stop):
    index = arrays.first_nonfinite(rows, rows.dtype)
    if index is None:  # it does not show in the outputs yet
        index = (stop - start - 1, *arrays.first_nonfinite(tangent, tangent.dtype))
    row, sequence, unit = index
    return NonFiniteError(start + row + 1, unit, None if run.batch is None else sequence, "tangent")


def _results(run, steps, outputs, output_tangents, backend):
    final_state = run.state
    if run.batch is None:
        outputs, output_tangents, final_state = outputs[:, 0], output_tangents[:, 0], final_state[0]
    return Trajectory(outputs, None, final_state, steps, backend.name), output_tangents
