"""Products of Jacobians along a run."""

import numpy as np

from .arrays import as_count, as_real_array, check_finite
from .backends import choose_backend, prepare
from .nonfinite import is_finite, nonfinite_error
from .progress import progress_reporter
from .runs import Run
from .scaled_matrix import ScaledMatrix
from .scaled_svd import normalise
from .threads import resolve_threads


def jacobian_product(
    cell,
    inputs=None,
    *,
    steps=None,
    state=None,
    block=None,
    every=None,
    check_finite=True,
    chunk=None,
    backend=None,
    threads=None,
    progress=None,
):
    """A_T ⋯ A_1, or that times a block of columns: what becomes of small changes of the state at the start.

    A_t = ∂x_t/∂x_{t-1} along the run, applied by the cell's structure and never formed. Columns are rescaled by powers
    of two, so that they neither overflow nor underflow, and exact zeros stay zeros.

    Parameters
    ----------
    cell : Cell
    inputs : array, (T, input_size) or (T, B, input_size), optional
        None: the autonomous system.
    steps : int, optional
        T, where there are no inputs. With T = 0 the product is the block itself.
    state : array, (state_size,) or (B, state_size), optional
        Where to start; zeros by default.
    block : array, (n,), (n, k) or (B, n, k), optional
        What to multiply, n = state_size and k at least 1: a vector, columns, or columns for each sequence of the batch;
        the identity by default.
    every : int, optional
        Keep log2 of the columns' norms after the steps every, 2 every, ….
    check_finite : bool
        True: NaN and infinities in inputs or state are an error before work starts.
    chunk : int, optional
        Steps between two looks at Ctrl-C and the progress; the result does not depend on it, bit for bit.
    backend : {"native", "numba", "reference"}, optional
    threads : int, optional
        All cores by default; the result does not depend on it, bit for bit.
    progress : bool or callable, optional
        As in :func:`simulate`.

    Returns
    -------
    ScaledMatrix
        (n, k), or (B, n, k) for a batch; in the cell's dtype. (n, 1) for a vector.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name, before work starts.
    NonFiniteError
        The state or the product left the finite numbers; ``partial`` is the product up to the chunk before.
    BackendUnavailable
        The backend asked for cannot run here.

    Notes
    -----
    Columns are rescaled when they leave 2^±60 in float64, 2^±20 in float32. A single Jacobian with entries that close
    to the largest number, beyond 1e289 or 1e32, may overflow before that.

    Examples
    --------
    >>> import rnncore
    >>> cell = rnncore.Linear([[0.0, 2.0], [0.5, 0.0]])
    >>> rnncore.jacobian_product(cell, steps=2).to_array()
    array([[1., 0.],
           [0., 1.]])
    """
    chunk = None if chunk is None else as_count("chunk", chunk, 1)
    every = None if every is None else as_count("every", every, 1)
    threads = resolve_threads(threads)
    backend = choose_backend(backend)
    run = Run(cell, inputs, steps, state, check_finite)
    block, exponents = _read_block(run, block)
    kept = 0 if every is None else run.steps // every
    norms = np.empty((kept, run.width, block.shape[2]))
    program = prepare(cell, backend)
    with progress_reporter(progress, run.steps, "jacobian_product") as report:
        for start, stop in run.segments(chunk, report, columns=block.shape[2], kept=block.shape[2]):
            before = run.state.copy(), block.copy(), exponents.copy()
            program.multiply(
                run.inputs_between(start, stop), stop - start, run.state, block, exponents,
                start=start, every=every or 1, threads=threads,
                norms=None if every is None else norms[start // every : stop // every],
            )  # fmt: skip
            if not is_finite(run.state, block):
                error = nonfinite_error(run, program, start, stop, before[0], before[1].copy(), threads=threads)
                error.partial = _result(run, *before[1:], start, every, norms)
                raise error
    return _result(run, block, exponents, run.steps, every, norms)


def _read_block(run, block):
    """``(B, n, k)`` of the cell's dtype and its exponents, canonical."""
    size = run.directions()
    block = np.eye(size) if block is None else as_real_array("block", block)
    lead, rows = (block.shape[:1], block.shape[1:2]) if block.ndim == 3 else ((), block.shape[:1])
    if block.ndim not in (1, 2, 3) or rows != (size,) or lead not in ((), run.lead):
        batch = f" or ({run.batch}, {size}, k)" if run.batch is not None else ""
        raise ValueError(f"block must have shape ({size},), ({size}, k){batch}, got {block.shape}")
    if block.shape[-1] == 0:
        raise ValueError("block must have at least one column, got none")
    check_finite("block", block, np.dtype(np.float64))
    if block.ndim == 1:
        block = block[:, None]
    mantissa, exponents = normalise(block.astype(np.float64), np.zeros((*block.shape[:-2], block.shape[-1]), np.int64))
    shape = (run.width, *mantissa.shape[-2:])
    block = np.array(np.broadcast_to(mantissa, shape), run.cell.dtype, order="C")
    return block, np.array(np.broadcast_to(exponents, (run.width, shape[2])), order="C")


def _result(run, block, exponents, steps, every, norms):
    norms = None if every is None else norms[: steps // every]
    if run.batch is None:
        block, exponents, norms = block[0], exponents[0], None if norms is None else norms[:, 0]
    return ScaledMatrix.of(block, exponents, steps=steps, every=every, log2_norms=norms)
