"""A step in which a direction seems annihilated: is the Jacobian singular, or only graded beyond the precision?

Saturated units make rows of a Jacobian tiny, and Gram-Schmidt loses a direction to the rounding errors of the others
when these rows are all it has. Householder's reflections keep it, to a few eps, where the largest rows come first
(Powell and Reid 1969; Cox and Higham, BIT 38, 34, 1998).
"""

import numpy as np


def orthonormalise_graded(columns, exponents):
    """QR of columns · 2**exponents with rows and columns of any magnitudes.

    Parameters
    ----------
    columns : (n, k) array
    exponents : (k,) int64 array

    Returns
    -------
    (frame, growth) or None
        Q, (n, k), and log R_jj > 0, (k,). None where the columns are dependent whatever the scale of rows and columns:
        then a direction has been annihilated.
    """
    lost = 4 * len(columns) * np.finfo(columns.dtype).eps
    columns = columns.astype(np.float64)
    values = np.linalg.svd(equilibrate(columns), compute_uv=False)
    if values[-1] <= lost * values[0]:
        return None
    order = np.argsort(-np.abs(columns).max(axis=1), kind="stable")
    sorted_frame, factor = np.linalg.qr(columns[order])
    diagonal = np.diag(factor)
    frame = np.empty_like(sorted_frame)
    frame[order] = sorted_frame * np.sign(diagonal)
    return frame, np.log(np.abs(diagonal)) + np.log(2) * exponents


def equilibrate(columns):
    """Rows with 1 as their largest magnitude, then columns with norm 1, but for those of zeros; in float64."""
    columns = columns.astype(np.float64)
    rows = np.abs(columns).max(axis=1)
    scaled = columns / np.where(rows > 0, rows, 1)[:, None]
    norms = np.linalg.norm(scaled, axis=0)
    return scaled / np.where(norms > 0, norms, 1)
