"""Where a way back left the finite numbers: the piece in which it shows is gone back through again, step by step."""

import numpy as np

from ..errors import NonFiniteError
from ..nonfinite import is_finite
from .parameter_sums import ParameterSums


def nonfinite_gradient_error(run, program, piece, cotangent, by_outputs, cuts, sums, rows, *, threads):
    """The :class:`NonFiniteError` of the first step, going back, at which a gradient is not finite.

    Parameters
    ----------
    run : Run
    program : Program
    piece : Piece
    cotangent : (B, n) array
        Of the state after the piece; it is changed.
    by_outputs, cuts
        As ``Program.accumulate_gradients`` took them for the piece.
    sums : ParameterSums
        What came of them,
    rows : (S, B, input_size) array or None
        and of the inputs.
    threads : int
    """
    start, stop, state, _ = piece
    states = np.empty((stop - start, *state.shape), state.dtype)
    program.advance(
        run.inputs_between(start, stop), stop - start, state.copy(),
        start=start, every=1, outputs=None, states=states, threads=threads,
    )  # fmt: skip
    stepwise = ParameterSums(run.cell, [name for name, _ in sums.sums()])
    row = None if rows is None else np.empty_like(rows[:1])
    for index in reversed(range(stop - start)):
        step, before = start + index, (states[index - 1] if index else state).copy()
        inputs = run.inputs_between(step, step + 1)
        tape = program.record(inputs, 1, before, start=step, outputs=None, threads=threads)
        program.accumulate_gradients(
            tape, inputs, 1, cotangent, start=step,
            output_cotangents=None if by_outputs is None else by_outputs[index : index + 1],
            cuts=None if cuts is None else cuts[index : index + 1],
            parameters=stepwise.layers, input_cotangents=row, threads=threads,
        )  # fmt: skip
        if not is_finite(cotangent):
            return _error(run, step + 1, "gradient", cotangent)
        if row is not None and not is_finite(row):
            return _error(run, step + 1, "gradient of inputs", row[0])
        for name, array in stepwise.sums():
            if not is_finite(array):
                return _error_of_parameter(step + 1, name, array)
    # No single step overflows, but a sum of them does, or the gradient of one step's matrix.
    for name, array in sums.sequences():
        steps = start + np.flatnonzero(~np.isfinite(array[start:stop]).all(axis=(1, 2)))
        if len(steps):
            return _error_of_parameter(int(steps[-1]) + 1, name, array[steps[-1]])
    for name, array in sums.sums():
        if not is_finite(array):
            return _error_of_parameter(start + 1, name, array)
    return _error(run, start + 1, "gradient", cotangent)


def check_results(parameters):
    """Sums that float64 holds may overflow in float32."""
    for name, array in parameters.items():
        values = array if isinstance(array, np.ndarray) else array.data
        if not is_finite(values):
            raise _error_of_parameter(1, name, values)


def _error(run, step, what, array):
    sequence, unit = map(int, np.unravel_index(np.argmin(np.isfinite(array)), array.shape)[-2:])
    return NonFiniteError(step, unit, None if run.batch is None else sequence, what)


def _error_of_parameter(step, name, array):
    return NonFiniteError(step, int(np.argmin(np.isfinite(array))), what=f"gradient of {name}")
