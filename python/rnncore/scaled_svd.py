"""Singular values of a matrix whose columns carry exponents, by one-sided Jacobi rotations.

Hestenes' method makes columns orthogonal, two at a time; their norms are then the singular values. It never mixes a
column into a much smaller one without scaling it down, and so finds every singular value to a relative error of about
eps times the condition number of the matrix with columns scaled to one (Demmel and Veselić, *Jacobi's method is more
accurate than QR*, SIAM J. Matrix Anal. Appl. 13, 1992), however far apart they lie.

Columns are x 2^e. For a pair with e_p ≥ e_q, t = 2^(e_q - e_p) ≤ 1, which may underflow to zero, the rotation is

    u = (‖x_q‖² t² - ‖x_p‖²) / (2 x_p·x_q),    s = sign(u) / (|u| + √(t² + u²)),    tan θ = s t,
    x_p ← cos θ (x_p - s t² x_q),              x_q ← cos θ (x_q + s x_p).

With t = 0 it is the Gram-Schmidt step that takes x_p out of x_q.
"""

import numpy as np

_EPS = np.finfo(np.float64).eps
_LAPACK_RANGE = 400  # bits between the columns: squares stay within the exponents of float64
_SWEEPS = 60  # a dozen at most have been seen; without an end, a NaN would go on for ever


def log_singular_values(mantissa, exponent):
    """Natural logs of the singular values of the matrix with columns mantissa · 2**exponent: (k,), descending.

    Where the columns lie within the range of float64 LAPACK does it, by the same method, 30 times faster at k = 64.
    """
    from scipy.linalg.lapack import dgejsv

    columns, exponent = normalise(np.asarray(mantissa, np.float64), np.asarray(exponent, np.int64))
    present = exponent[np.any(columns, axis=0)]
    if not len(present) or np.ptp(present) > _LAPACK_RANGE:
        return scaled_svd(columns, exponent)[0]
    middle = (int(present.max()) + int(present.min())) // 2
    rows = max(0, columns.shape[1] - len(columns))  # LAPACK wants no more columns than rows
    matrix = np.pad(np.ldexp(columns, exponent - middle), [(0, rows), (0, 0)])
    values, _, _, work, _, failed = dgejsv(matrix, joba=0, jobu=3, jobv=3, jobr=0)
    if failed:
        return scaled_svd(columns, exponent)[0]
    with np.errstate(divide="ignore"):
        return np.sort(np.log(values) + np.log(work[0] / work[1]))[::-1] + np.log(2) * middle


def scaled_svd(mantissa, exponent, *, rotations=False):
    """Singular values and vectors of the matrix with columns mantissa · 2**exponent.

    Parameters
    ----------
    mantissa : (m, k) array
    exponent : (k,) int array
    rotations : bool
        Whether to work out the right singular vectors.

    Returns
    -------
    logs : (k,) float64 array
        Natural logs of the singular values, descending; -inf for those that are zero. With m < k the last k - m are.
    left : (m, k) float64 array
        The left singular vectors; zero columns where the singular value is zero.
    right : (k, k) float64 array or None
        The right singular vectors.
    """
    columns, exponent = normalise(np.asarray(mantissa, np.float64), np.asarray(exponent, np.int64))
    columns = np.ascontiguousarray(columns.T)  # one a row: a pair of them is read as it lies in memory
    size = len(columns)
    vectors = np.eye(size) if rotations else None
    for _ in range(_SWEEPS):
        # The largest first (de Rijk 1989): fewer sweeps, and the first of every pair has the larger exponent.
        norms = np.linalg.norm(columns, axis=1)
        order = np.lexsort((-norms, np.where(norms > 0, -exponent, np.iinfo(np.int64).max)))
        columns, exponent = columns[order], exponent[order]
        vectors = None if vectors is None else vectors[order]
        rotated = [_rotate(columns, exponent, vectors, *pairs) for pairs in _rounds(size)]
        scaled, exponent = normalise(columns.T, exponent)
        columns = np.ascontiguousarray(scaled.T)
        if not any(rotated):
            break
    norms = np.linalg.norm(columns, axis=1)
    with np.errstate(divide="ignore"):
        logs = np.log(norms) + np.log(2) * exponent
    order = np.argsort(-logs, kind="stable")
    left = columns / np.where(norms > 0, norms, 1)[:, None]
    return logs[order], left[order].T, None if vectors is None else vectors[order].T


def normalise(columns, exponent):
    """The same columns with the largest magnitude of each in [1/2, 1); a zero column has exponent 0.

    ``columns`` (…, m, k), ``exponent`` (…, k).
    """
    largest = np.abs(columns).max(axis=-2, initial=0)
    shift = np.frexp(largest)[1]
    return np.ldexp(columns, -shift[..., None, :]), np.where(largest > 0, exponent + shift, 0)


def _rounds(size):
    """Every pair of columns once, in rounds of disjoint pairs, as in a round-robin tournament."""
    players = list(range(size + size % 2))
    half = len(players) // 2
    for _ in range(len(players) - 1):
        pairs = np.sort([players[:half], players[: half - 1 : -1]], axis=0)
        yield pairs[:, pairs[1] < size]
        players.insert(1, players.pop())


def _rotate(columns, exponent, vectors, first, second):
    """Makes the pairs orthogonal; whether any was not."""
    p, q = columns[first], columns[second]
    alpha, beta, gamma = (np.einsum("ij,ij->i", a, b) for a, b in ((p, p), (q, q), (p, q)))
    tilted = np.abs(gamma) > _EPS * np.sqrt(p.shape[1] * alpha * beta)
    if not tilted.any():
        return False
    first, second, p, q, alpha, beta, gamma = (a[tilted] for a in (first, second, p, q, alpha, beta, gamma))
    t = np.ldexp(1.0, np.maximum(exponent[second] - exponent[first], -2000))
    u = (beta * t * t - alpha) / (2 * gamma)
    s = np.copysign(1.0, u) / (np.abs(u) + np.sqrt(t * t + u * u))
    cosine = 1 / np.sqrt(1 + (s * t) ** 2)
    cosine, s, t = cosine[:, None], s[:, None], t[:, None]
    columns[first], columns[second] = cosine * (p - s * t * t * q), cosine * (q + s * p)
    if vectors is not None:
        p, q = vectors[first], vectors[second]
        vectors[first], vectors[second] = cosine * (p - s * t * q), cosine * (q + s * t * p)
    return True
