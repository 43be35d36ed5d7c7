"""Where a walk left the finite numbers: the segment at whose end it shows is walked again, step by step."""

import numpy as np

from .errors import NonFiniteError


def is_finite(*arrays):
    return all(np.isfinite(array).all() for array in arrays)


def nonfinite_error(run, program, start, stop, state, block=None, *, interval=None, threads):
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
    interval : int, optional
        Steps between two orthonormalisations of the walk; without it there were none.
    threads : int
    """
    exponents = None if block is None else np.zeros((len(block), block.shape[2]), np.int64)
    before = state.copy(), None if block is None else block.copy()
    for step in range(start + 1, stop + 1):
        inputs = run.inputs_between(step - 1, step)
        if block is None:
            program.advance(inputs, 1, state, start=step - 1, every=1, outputs=None, states=None, threads=threads)
        else:
            program.multiply(
                inputs, 1, state, block, exponents, start=step - 1, every=1, norms=None, threads=threads
            )  # fmt: skip
        if not is_finite(state):
            return _error(run, step, state, "state")
        if block is not None and not is_finite(block):
            return _error(run, step, block, "tangent")

    def walk(steps):
        state, block = (array.copy() for array in before)
        inputs, options = run.inputs_between(start, start + steps), {"start": start, "threads": threads}
        if interval is None:
            program.multiply(inputs, steps, state, block, np.zeros_like(exponents), every=1, norms=None, **options)
        else:
            growth = np.empty((-(-steps // interval), *block.shape[::2]))
            program.orthonormalise(
                inputs, steps, state, block, interval=interval, growth=growth,
                factors=None, exponents=None, frames=None, **options,
            )  # fmt: skip
            # A column that overflowed may be gone from the frame, as if annihilated.
            block += np.where(np.isnan(growth).any(axis=0), np.nan, 0)[:, None, :].astype(block.dtype)
        return block

    steps, block = _fewest(walk, stop - start)
    return _error(run, start + steps, block, "tangent")


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

    def walk_back(block, first, stop):
        program.pull_back(
            run.inputs_between(first, stop), stop - first, states[first - start].copy(), block, exponents,
            start=first, labels=None, groups=1, norms=None, threads=threads,
        )  # fmt: skip
        return block

    before = block.copy()
    for step in range(stop, start, -1):
        if not is_finite(walk_back(block, step - 1, step)):
            return _error(run, step, block, "tangent")
    steps, block = _fewest(lambda steps: walk_back(before.copy(), stop - steps, stop), stop - start)
    return _error(run, stop - steps + 1, block, "tangent")


def _fewest(walk, most):
    """The fewest steps at once after which a block is not finite, and the block.

    In one go kernels rescale a block only where it leaves a window, so that it may overflow where single steps do not.
    """
    finite = 0
    while most - finite > 1:
        middle = (finite + most) // 2
        finite, most = (middle, most) if is_finite(walk(middle)) else (finite, middle)
    return most, walk(most)


def _error(run, step, array, what):
    """Of the first component that is not finite."""
    sequence, unit, *_ = map(int, np.unravel_index(np.argmin(np.isfinite(array)), array.shape))
    return NonFiniteError(step, unit, None if run.batch is None else sequence, what)
