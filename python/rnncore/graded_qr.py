"""QR of a matrix whose rows and columns are of any magnitudes, every digit of R right.

Householder's reflections keep tiny rows next to large ones where the largest rows come first and the columns are
pivoted (Powell and Reid 1969; Cox and Higham, BIT 38, 34, 1998). What is pivoted here is columns times weights,
which are given as logarithms: they may lie further apart than floats do.
"""

import numpy as np

from .backends.reference.orthonormalise import orthonormalise
from .lyapunov.annihilation import equilibrate


def graded_qr(columns, logs):
    """columns[:, order] = Q R with rows of R that fall off: R_ij exp(logs_j) is no larger than about R_ii exp(logs_i).

    Parameters
    ----------
    columns : (n, k) array
        Known to the precision of their dtype.
    logs : (k,) float64 array
        Of the weights of the columns.

    Returns
    -------
    order : (k,) int array
    frame : (n, k) float64 array
        Q; zeros in the place of a column that depends on those before it, whatever the scale of rows and columns.
    factor : (k, k) float64 array
        R, upper triangular, diagonal ≥ 0; a row of zeros for such a column.
    """
    rows = np.argsort(-np.abs(columns).max(axis=1), kind="stable")
    graded = columns[rows].astype(np.float64)
    order, reflected, factor = _reflect(graded, logs, len(logs))
    dependent = _depend(columns[:, order])
    if dependent.any():
        # What rounding leaves of such columns has taken the place of smaller ones: they come last.
        kept, places = np.flatnonzero(~dependent), np.argsort(dependent, kind="stable")
        last = order[places]
        again, part, triangle = _reflect(graded[:, last], logs[last], len(kept))
        order[places] = last[again]
        reflected, factor = np.zeros_like(reflected), np.zeros_like(factor)
        reflected[:, kept], factor[np.ix_(kept, places)] = part, triangle
    frame = np.empty_like(reflected)
    frame[rows] = reflected
    return order, frame, np.triu(factor)


def _reflect(columns, logs, count):
    """``(order, Q, R)``, of the first ``count`` columns; the others are carried along behind them."""
    triangle, order, mirrors = columns.copy(), np.arange(len(logs)), []
    for j in range(count):
        rest = triangle[j:, j:count]
        largest = np.abs(rest).max(axis=0)
        scale = np.where(largest > 0, largest, 1)
        with np.errstate(divide="ignore"):
            sizes = np.log(np.linalg.norm(rest / scale, axis=0)) + np.log(scale)
        pivot = j + np.argmax(sizes + logs[order[j:count]])
        swapped = [pivot, j]
        triangle[:, [j, pivot]], order[[j, pivot]] = triangle[:, swapped], order[swapped]
        mirror = triangle[j:, j] / scale[pivot - j]
        mirror[0] += np.copysign(np.linalg.norm(mirror), mirror[0])
        mirror /= np.linalg.norm(mirror) or 1
        mirrors.append(mirror)
        triangle[j:, j:] -= 2 * np.outer(mirror, mirror @ triangle[j:, j:])
        triangle[j + 1 :, j] = 0
    frame = np.eye(len(columns), count)
    for j in reversed(range(count)):
        frame[j:, j:] -= 2 * np.outer(mirrors[j], mirrors[j] @ frame[j:, j:])
    signs = np.where(np.diag(triangle)[:count] < 0, -1.0, 1.0)
    return order, frame * signs, triangle[:count] * signs[:, None]


def _depend(columns):
    """Which columns depend on those before them, to the precision of their dtype, once rows and columns are scaled."""
    scaled = equilibrate(columns)
    rest = np.abs(np.diag(np.linalg.qr(scaled, mode="r")))
    if rest.min() > 4 * len(columns) * np.finfo(columns.dtype).eps:
        return np.zeros(len(rest), bool)
    # Past a dependent column the reflections say nothing more: Gram-Schmidt goes on without it.
    return np.diag(orthonormalise(scaled.astype(columns.dtype))) == 0
