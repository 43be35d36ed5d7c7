"""The largest gradient that a cotangent of length 1 can become, lag by lag: operator norms of products."""

import numpy as np

from ..backward import backward_segments
from ..errors import NonFiniteError
from ..graded_product import GradedProduct
from ..nonfinite import is_finite, nonfinite_error_back
from ..scaled_svd import normalise
from .curve import GradientNorms, SingularDirections


def worst_case_norms(run, program, lags, groups, chunk, threads, report):
    """``(norms, by_group, directions)`` with norms ``(lags, B)``.

    Every cotangent is pulled back: the identity. The largest singular value of what it becomes is as accurate as its
    columns; for the smallest, a graded product goes along.

    Raises
    ------
    NonFiniteError
        From the way back with the lags before as ``partial``, without directions.
    """
    size, width = run.cell.state_size, run.width
    block = np.tile(np.eye(size, dtype=run.cell.dtype), (width, 1, 1))
    exponents = np.zeros((width, size), np.int64)
    product = GradedProduct(width, size, run.cell.dtype)
    parts = {None: slice(None), **dict(zip(groups.names, groups.masks))}
    found = {name: np.full((len(lags), width), np.nan) for name in parts}

    def note(step):
        index = np.searchsorted(lags, run.steps - step)
        if index < len(lags) and lags[index] == run.steps - step:
            for name, units in parts.items():
                found[name][index] = log2_operator_norm(block[:, units], exponents)

    note(run.steps)
    last = run.steps - int(lags[-1])
    segments = backward_segments(
        run, program, chunk, report,
        columns=2 * size, kept=3 * size**2, multiple=product.piece, threads=threads,
    )  # fmt: skip
    for start, stop, state in segments if last < run.steps else ():
        lowest = max(start, last)
        graded = [*range(stop, lowest, -product.piece), lowest][:0:-1]
        asked = np.unique([lowest, *(run.steps - lags[(lags <= run.steps - lowest) & (lags > run.steps - stop)])])
        try:
            for first, end, before in _stretches_back(run, program, start, stop, state, asked.tolist(), threads):
                _pull_back(run, program, first, end, before, block, exponents, threads)
                note(first)
            for first, end, before in _stretches_back(run, program, start, stop, state, graded, threads):
                product.multiply(run, program, first, end, before, back=True, threads=threads)
        except NonFiniteError as error:
            done = lags <= run.steps - error.step
            parts = {name: curve[done] for name, curve in found.items()}
            error.partial = GradientNorms.of(lags[done], parts.pop(None), parts, None, run.batch is None)
            raise
        if start <= last:
            report(stop)
            break
    return found.pop(None), found, _directions(product)


def _pull_back(run, program, start, stop, state, block, exponents, threads):
    before = block.copy()
    program.pull_back(
        run.inputs_between(start, stop), stop - start, state, block, exponents,
        start=start, labels=None, groups=1, norms=None, threads=threads,
    )  # fmt: skip
    if not is_finite(block):
        raise nonfinite_error_back(run, program, start, stop, state, before, threads=threads)


def log2_operator_norm(block, exponents):
    """log2 of the largest singular value of block · 2**exponents: ``(B,)`` from ``(B, m, k)`` and ``(B, k)``."""
    columns, exponents = normalise(block.astype(np.float64), exponents)
    lowest = np.iinfo(np.int64).min // 2
    highest = np.where(columns.any(axis=1), exponents, lowest).max(axis=1)
    shift = np.maximum(exponents - highest[:, None], -2000)
    matrix = np.ldexp(columns, shift[:, None, :].astype(np.int32))
    transposed = np.swapaxes(matrix, 1, 2)
    gram = matrix @ transposed if matrix.shape[1] <= matrix.shape[2] else transposed @ matrix
    with np.errstate(divide="ignore"):
        return np.log2(np.maximum(np.linalg.eigvalsh(gram)[:, -1], 0)) / 2 + np.where(highest > lowest, highest, 0)


def _stretches_back(run, program, start, stop, state, cuts, threads):
    """``(first, end, state)`` between ascending ``cuts`` and ``stop``; the last first."""
    states, state, at = [], state.copy(), start
    for cut in cuts:
        program.advance(
            run.inputs_between(at, cut), cut - at, state,
            start=at, every=1, outputs=None, states=None, threads=threads,
        )  # fmt: skip
        states.append(state.copy())
        at = cut
    return zip(reversed(cuts), [stop, *cuts[:0:-1]], reversed(states))


def _directions(product):
    logs, cotangents, gradients = product.singular_vectors()
    log2 = logs / np.log(2)
    return SingularDirections(
        log2[:, 0], log2[:, -1], gradients[..., 0], gradients[..., -1], cotangents[..., 0], cotangents[..., -1]
    )
