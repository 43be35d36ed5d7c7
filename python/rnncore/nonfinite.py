"""Where a walk left the finite numbers: the segment at whose end it shows is walked again, step by step."""

import numpy as np

from .errors import NonFiniteError


def is_finite(*arrays):
    return all(np.isfinite(array).all() for array in arrays)


def nonfinite_error(run, program, start, stop, state, block=None, *, threads):
    """The :class:`NonFiniteError` of the first step after which the state, or else the block, is not finite.

    Parameters
    ----------
    run : Run
    program : Program
    start, stop : int
        The segment: steps start + 1 … stop.
    state : (B, n) array
        Before the segment; it is changed.
    block : (B, n, k) array, optional
        Before the segment; it is changed.
    threads : int
    """
    exponents = None if block is None else np.zeros((len(block), block.shape[2]), np.int64)
    place, what = (0, 0), "tangent"
    for step in range(start + 1, stop + 1):
        inputs = run.inputs_between(step - 1, step)
        if block is None:
            program.advance(inputs, 1, state, start=step - 1, every=1, outputs=None, states=None, threads=threads)
        else:
            program.multiply(
                inputs, 1, state, block, exponents, start=step - 1, every=1, norms=None, threads=threads
            )  # fmt: skip
        if not is_finite(state):
            place, what = _first(state), "state"
            break
        if block is not None and not is_finite(block):
            place = _first(block)
            break
    return NonFiniteError(step, place[1], None if run.batch is None else place[0], what)


def nonfinite_error_back(run, program, start, stop, state, block, *, threads):
    """The :class:`NonFiniteError` of the first step, going back, whose transposed Jacobian makes the block not finite.

    As :func:`nonfinite_error`, of a walk back; ``block`` is that after step ``stop``.
    """
    states = np.empty((stop - start + 1, *state.shape), state.dtype)
    states[0] = state
    program.advance(
        run.inputs_between(start, stop), stop - start, state,
        start=start, every=1, outputs=None, states=states[1:], threads=threads,
    )  # fmt: skip
    exponents = np.zeros((len(block), block.shape[2]), np.int64)
    for step in range(stop, start, -1):
        program.pull_back(
            run.inputs_between(step - 1, step), 1, states[step - 1 - start], block, exponents,
            start=step - 1, labels=None, groups=1, norms=None, threads=threads,
        )  # fmt: skip
        if not is_finite(block):
            break
    sequence, unit, *_ = _first(block)
    return NonFiniteError(step, unit, None if run.batch is None else sequence, "tangent")


def _first(array):
    index = np.unravel_index(np.argmin(np.isfinite(array)), array.shape)
    return tuple(map(int, index))
