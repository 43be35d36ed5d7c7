"""Matrices beyond the range of floats: mantissa · 2**exponent, an exponent for each column."""

from dataclasses import dataclass
from numbers import Real

import numpy as np

from .notebook import ShownInNotebooks
from .scaled_svd import log_singular_values, normalise


@dataclass(frozen=True, eq=False, repr=False)
class ScaledMatrix(ShownInNotebooks):
    """A matrix, or a batch of them, with columns mantissa · 2**exponent: it neither overflows nor underflows.

    Result of :func:`rnncore.jacobian_product`. Canonical: the largest magnitude in every column of the mantissa lies in
    [1/2, 1); a column of zeros has exponent 0.

    Attributes
    ----------
    mantissa : array, (n, k) or (B, n, k)
        float32 or float64.
    exponent : int64 array, (k,) or (B, k)
        Of 2, for each column.
    steps : int
        How many Jacobians were multiplied.
    every : int or None
        ``log2_norms`` holds the steps every, 2 every, ….
    log2_norms : float64 array, (steps // every, k) or (steps // every, B, k), or None
        log2 of the columns' 2-norms along the way.

    Examples
    --------
    >>> import rnncore
    >>> product = rnncore.jacobian_product(rnncore.Linear([[4.0]]), steps=1_000)
    >>> product.mantissa, product.exponent
    (array([[0.5]]), array([2001]))
    >>> float(product.log2_norm("fro"))
    2000.0
    """

    mantissa: np.ndarray
    exponent: np.ndarray
    steps: int = 0
    every: int | None = None
    log2_norms: np.ndarray | None = None

    @classmethod
    def of(cls, mantissa, exponent, **fields):
        """The canonical form of mantissa · 2**exponent."""
        return cls(*normalise(np.asarray(mantissa), np.asarray(exponent, np.int64)), **fields)

    def log2_norm(self, ord=2):
        """log2 of a norm: a float64 scalar, or (B,).

        Parameters
        ----------
        ord : {2, 1, inf, "fro"}
            The largest singular value; the largest column sum; the largest row sum; Frobenius'.

        Raises
        ------
        ValueError
            Another ``ord``.
        """
        if isinstance(ord, str) and ord == "fro":
            return 0.5 * _log2_sum(2 * self._log2_magnitudes(), axis=(-2, -1))
        number = ord if isinstance(ord, Real) and not isinstance(ord, bool) else None
        if number == 1:
            return _log2_sum(self._log2_magnitudes(), axis=-2).max(axis=-1)
        if number == np.inf:
            return _log2_sum(self._log2_magnitudes(), axis=-1).max(axis=-1)
        if number == 2:
            return self.log_singular_values()[..., 0] / np.log(2)
        raise ValueError(f'ord must be 1, 2, inf or "fro", got {ord!r}')

    def log_singular_values(self):
        """Natural logs of the singular values, descending, -inf for zeros: (min(n, k),) or (B, min(n, k)), float64.

        By one-sided Jacobi rotations (Demmel and Veselić 1992): to a relative error of about eps times the condition
        of the columns scaled to one, however far apart they lie. Columns that were multiplied long have turned into
        each other; what little still tells them apart is then rounding. :func:`rnncore.singular_spectrum` keeps it.
        """
        count = min(self.mantissa.shape[-2:])
        if self.mantissa.ndim == 2:
            return log_singular_values(self.mantissa, self.exponent)[:count]
        pairs = zip(self.mantissa, self.exponent)
        return np.array([log_singular_values(*pair)[:count] for pair in pairs]).reshape(len(self.mantissa), count)

    def to_array(self):
        """The plain array, of the mantissa's dtype; what it cannot hold becomes ±inf, subnormal or zero."""
        with np.errstate(over="ignore", under="ignore"):
            return np.ldexp(self.mantissa, np.clip(self.exponent, -5000, 5000).astype(np.int32)[..., None, :])

    def to_dict(self):
        """The fields by name; arrays stay arrays."""
        return dict(vars(self))

    def plot(self, ax=None):
        """Draw the norms along the way, or where there are none the singular values; returns the matplotlib axes."""
        from .figures.scaled_matrix import plot_scaled_matrix

        return plot_scaled_matrix(self, ax)

    def __repr__(self):
        norm = np.array2string(np.asarray(self.log2_norm("fro")), precision=6, threshold=6)
        shape = " x ".join(map(str, self.mantissa.shape))
        return f"ScaledMatrix({shape}, {self.mantissa.dtype}, {self.steps} steps, log2 of its Frobenius norm {norm})"

    def _log2_magnitudes(self):
        """log2|entry|; -inf for zeros."""
        with np.errstate(divide="ignore"):
            return np.log2(np.abs(self.mantissa.astype(np.float64))) + self.exponent[..., None, :]


def _log2_sum(logs, axis):
    """log2 of the sum of what ``logs`` are log2 of."""
    largest = logs.max(axis=axis, keepdims=True)
    shifted = logs - np.where(np.isfinite(largest), largest, 0)
    with np.errstate(divide="ignore"):
        return np.log2(np.exp2(shifted).sum(axis=axis)) + np.where(np.isfinite(largest), largest, 0).squeeze(axis)
