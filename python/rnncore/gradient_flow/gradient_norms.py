"""The adjoint walk: the size of gradients at every lag."""

import numpy as np

from ..arrays import as_count
from ..backends import choose_backend, prepare
from ..backward import backward_segments
from ..nonfinite import is_finite, nonfinite_error_back
from ..progress import progress_reporter
from ..runs import Run
from ..threads import resolve_threads
from .arguments import read_cotangent, read_lags
from .curve import GradientNorms
from .unit_groups import UnitGroups
from .worst_case import worst_case_norms


def gradient_norms(
    cell,
    inputs=None,
    *,
    steps=None,
    cotangent=None,
    lags=None,
    state=None,
    groups=None,
    check_finite=True,
    chunk=None,
    backend=None,
    threads=None,
    progress=None,
):
    """log2 ‖∂D/∂x_{T-k}‖₂ at lags k = 0 … T: what a gradient becomes on its way back through time.

    A cotangent is pulled back through the Jacobians of the whole state, rescaled by powers of two so that it neither
    overflows nor underflows. Memory holds one number a lag, and states at checkpoints, 64 MB of them at most.

    Parameters
    ----------
    cell : Cell
    inputs : array, (T, input_size) or (T, B, input_size), optional
        As for :func:`rnncore.simulate`; None: the autonomous system.
    steps : int, optional
        T, where there are no inputs.
    cotangent : array, (state_size,) or (B, state_size), optional
        ∂D/∂x_T of some D. (output_size,) or (B, output_size): by the outputs alone, where the last layer has a state of
        which they are part; that of an LSTM's c_T is zero. None: the worst case over all cotangents of length 1,
        ‖A_T ⋯ A_{T-k+1}‖₂, at the cost of ``state_size`` columns.
    lags : int or sequence of int, optional
        The largest lag, or the lags. By default all of them; without a cotangent every lag to 1 000, then 50 a decade,
        and T.
    state : array, (state_size,) or (B, state_size), optional
        Where the run starts; zeros by default.
    groups : dict of str to slice, indices or mask, optional
        Disjoint groups of the components of the state, to be told apart in ``by_group``. The layers of a chain always
        are.
    check_finite : bool
        True: NaN and infinities in inputs or state are an error before work starts.
    chunk : int, optional
        Steps between two looks at Ctrl-C and the progress; the result does not depend on it, bit for bit.
    backend : {"native", "numba", "reference"}, optional
    threads : int, optional
        All cores by default; the result does not depend on it, bit for bit.
    progress : bool or callable, optional
        True: a tqdm bar. A function is called as ``progress(steps_done, 2 * steps)``: forward, then back.

    Returns
    -------
    GradientNorms
        ``lags``, ``log2_norms``, ``by_group``, the fitted ``rate`` in nats per step with its ``rate_error``, a
        ``verdict``, ``half_life``, and without a cotangent the singular ``directions`` at the largest lag, by a graded
        product (:func:`rnncore.singular_spectrum` tells of it).

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name, before work starts: no state, lags beyond T, groups that overlap.
    NonFiniteError
        The state, or a gradient, left the finite numbers; where a gradient did, ``partial`` holds the lags before.
    BackendUnavailable
        The backend asked for cannot run here.

    Notes
    -----
    That gradients vanish or explode as products of Jacobians do: Hochreiter 1991; Bengio, Simard and Frasconi 1994.
    ReLU at its kink has slope 0. A group that holds less than 2^-100 of the gradient in float32, 2^-1000 in float64, is
    known to fewer digits, or not at all.

    Examples
    --------
    >>> import rnncore
    >>> cell = rnncore.Linear([[0.5]])
    >>> found = rnncore.gradient_norms(cell, steps=100, cotangent=[1.0])
    >>> found.log2_norms[[0, 1, 100]], found.verdict, round(found.half_life, 9)
    (array([   0.,   -1., -100.]), 'vanishing', 1.0)
    """
    chunk = None if chunk is None else as_count("chunk", chunk, 1)
    threads = resolve_threads(threads)
    backend = choose_backend(backend)
    run = Run(cell, inputs, steps, state, check_finite)
    if cell.state_size == 0:
        raise ValueError("the cell has no state, so that no gradient goes back in time")
    groups = UnitGroups(cell, groups)
    lags = read_lags(lags, run.steps, cotangent is None)
    block = None if cotangent is None else read_cotangent(cotangent, run)
    program = prepare(cell, backend)
    with progress_reporter(progress, 2 * run.steps, "gradient_norms") as report:
        if block is None:
            return GradientNorms.of(
                lags, *worst_case_norms(run, program, lags, groups, chunk, threads, report), run.batch is None
            )
        norms = _pull_back(run, program, *block, lags, groups, chunk, threads, report)
    return GradientNorms.of(lags, *groups.gather(norms), None, run.batch is None)


def _pull_back(run, program, block, exponents, lags, groups, chunk, threads, report):
    """Norms of the cotangent at the lags, ``(lags, B, labels)``."""
    found = np.full((len(lags), run.width, groups.count), np.nan)
    found[lags == 0] = _log2_norms(block, exponents, groups)
    segments = backward_segments(run, program, chunk, report, columns=1, kept=2 * groups.count, threads=threads)
    for start, stop, state in segments if lags[-1] else ():
        norms, before = np.empty((stop - start, run.width, groups.count, 1)), block.copy()
        program.pull_back(
            run.inputs_between(start, stop), stop - start, state, block, exponents,
            start=start, labels=groups.labels, groups=groups.count, norms=norms, threads=threads,
        )  # fmt: skip
        first, last = np.searchsorted(lags, (run.steps - stop, run.steps - start), side="right")
        found[first:last] = norms[run.steps - start - lags[first:last], ..., 0]
        if not is_finite(block):
            error = nonfinite_error_back(run, program, start, stop, state, before, threads=threads)
            done = lags <= run.steps - error.step
            error.partial = GradientNorms.of(lags[done], *groups.gather(found[done]), None, run.batch is None)
            raise error
        if run.steps - start >= lags[-1]:
            report(stop)
            break
    return found


def _log2_norms(block, exponents, groups):
    """Of the cotangent itself, ``(B, labels)``."""
    labels = np.zeros(block.shape[1], np.int32) if groups.labels is None else groups.labels
    squares = np.zeros((len(block), groups.count))
    np.add.at(squares, (slice(None), labels), block[..., 0].astype(np.float64) ** 2)
    with np.errstate(divide="ignore"):
        return np.log2(squares) / 2 + exponents
