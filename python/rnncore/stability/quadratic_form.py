"""Quadratic forms that prove on which side of the unit circle a matrix has eigenvalues.

Let P be symmetric with r² P - Aᵀ P A positive definite. If P is positive definite, ‖A^k x‖_P <= r^k ‖x‖_P: no
eigenvalue is larger than r (Lyapunov; Stein 1952). If xᵀ P x < 0 for some x and r >= 1, then
(A^k x)ᵀ P (A^k x) <= r^{2k} xᵀ P x: A^k x grows without bounds, and there is an eigenvalue beyond r. Where P comes from
does not matter for the proof.
"""

from dataclasses import dataclass

import numpy as np

from .interval import Interval, as_interval, matrix_product
from .positive_definite import is_positive_definite, symmetric

_RATES = (0.5, 0.1, 0.9, 1e-2, 1e-4, 1e-6)  # how far from the radius towards 1, the first that is proved counts
_GAPS = 8


@dataclass(frozen=True, eq=False)
class QuadraticForm:
    """r² P - Aᵀ P A is positive definite.

    Attributes
    ----------
    matrix : array (n, n)
        P, symmetric.
    rate : float
        r.
    direction : array (n,) or None
        x with xᵀ P x < 0; None where P is positive definite.
    """

    matrix: np.ndarray
    rate: float
    direction: np.ndarray | None = None


def decaying_form(transition):
    """A positive definite form with a rate below 1, or None where none was found.

    Parameters
    ----------
    transition : array (n, n) or Interval
        A, or all of which it is one.
    """
    transition = as_interval(transition)
    radius = spectral_radius(transition.middle)
    if not radius < 1:
        return None
    for share in _RATES:
        rate = radius + share * (1 - radius)
        form = _solve(transition.middle, rate)
        if form is not None and rate < 1 and decays(form, transition, rate) and is_positive_definite(as_interval(form)):
            return QuadraticForm(form, rate)
    return None


def growing_form(transition):
    """A form that proves an eigenvalue outside the unit circle of each A in ``transition``, or None."""
    transition = as_interval(transition)
    eigenvalues, vectors = _eigen(transition.middle)
    moduli = np.abs(eigenvalues)
    outside = moduli[moduli > 1]
    if not len(outside):
        return None
    edges = np.concatenate([[1.0], np.sort(outside)])
    widest = np.argsort(-np.diff(np.log(edges)), kind="stable")[:_GAPS]
    x = vectors[:, np.argmax(moduli)]
    directions = [part / np.linalg.norm(part) for part in (x.real, x.imag) if np.linalg.norm(part) > 1e-8]
    for gap in widest:
        for share in (0.5, 0.37, 0.05):
            rate = max(1.0, float(edges[gap] ** (1 - share) * edges[gap + 1] ** share))
            form = _solve(transition.middle, rate)
            if form is None or not decays(form, transition, rate):
                continue
            for direction in directions:
                if value(form, direction).upper < 0:
                    return QuadraticForm(form, rate, direction)
    return None


def is_hyperbolic(transition):
    """Whether no A of an interval was proved to have an eigenvalue on the unit circle.

    For A x = λ x with ``|λ|`` = 1, xᴴ (P - Aᵀ P A) x = 0, whatever P.
    """
    form = _solve(transition.middle, 1.0)
    return form is not None and decays(form, transition, 1.0)


def decays(form, transition, rate):
    """Whether r² P - Aᵀ P A was proved positive definite for all A of an interval."""
    square = Interval.exact(rate) * rate
    transposed = Interval(transition.lower.T, transition.upper.T)
    image = matrix_product(transposed, matrix_product(as_interval(form), transition))
    return is_positive_definite(symmetric(as_interval(form) * square - image))


def value(form, vector):
    """xᵀ P x."""
    column = as_interval(vector[:, None])
    return matrix_product(as_interval(vector[None]), matrix_product(as_interval(form), column))[0, 0]


def spectral_radius(matrix):
    """An estimate."""
    return float(np.abs(_eigen(matrix)[0]).max(initial=0.0))


def _eigen(matrix):
    try:
        return np.linalg.eig(matrix)
    except np.linalg.LinAlgError:
        return np.full(len(matrix), np.nan + 0j), np.zeros(matrix.shape)


def _solve(matrix, rate):
    """P - Bᵀ P B = I for B = A / r in balanced coordinates; None where rounding takes over."""
    import warnings

    from scipy.linalg import LinAlgError, LinAlgWarning, matrix_balance, solve_discrete_lyapunov

    if rate <= 0:
        return np.eye(len(matrix))
    balanced, (scale, _) = matrix_balance(matrix, permute=False, separate=True)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", LinAlgWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            form = solve_discrete_lyapunov((balanced / rate).T, np.eye(len(matrix)), method="bilinear")
        except (LinAlgError, ValueError):
            return None
        form = form / scale[:, None] / scale
        form = 0.5 * (form + form.T)
    return form if np.isfinite(form).all() else None
