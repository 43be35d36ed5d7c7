"""What a Lyapunov spectrum is: exponents with error bars, and what follows from them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..notebook import ShownInNotebooks


class Convergence(NamedTuple):
    """The exponents as they were along the run.

    Attributes
    ----------
    steps : (P,) int64 array
        Steps done, burn-in included; the last is that of the result.
    exponents : (P, …, k) array
        Means over what lay between the burn-in and there, in the order of the result.
    """

    steps: np.ndarray
    exponents: np.ndarray


@dataclass(frozen=True, eq=False, repr=False)
class LyapunovSpectrum(ShownInNotebooks):
    """Result of :func:`rnncore.lyapunov_spectrum`; ``…`` is nothing, or ``B`` for a batch.

    Attributes
    ----------
    exponents : (…, k) float64 array
        In nats per step, descending; -inf for directions that are annihilated.
    standard_errors : (…, k) float64 array
        In nats per step; NaN for annihilated directions, and all of them where the run is too short to tell.
    kaplan_yorke_dimension : float or None, or (B,) array
        ``j + (λ_1 + … + λ_j) / |λ_{j+1}|`` with the largest j whose sum is not negative, 0 where λ_1 < 0 (Kaplan and
        Yorke 1979). None (NaN in a batch) where that takes more exponents than k.
    entropy_rate : float or None, or (B,) array
        The sum of the positive exponents, in nats per step: the metric entropy (Pesin 1977), or a bound on it (Ruelle
        1978). None (NaN in a batch) where the last of k < state_size exponents is still positive.
    history : Convergence
        ``steps`` and ``exponents`` at up to 200 times, for a convergence plot.
    qr_interval : int
        Steps between orthonormalisations in the last round of the run.
    steps : int
        Steps that were walked, burn-in included: fewer than the run has where ``tolerance`` ended it.
    burn_in : int
        Steps walked before growth was counted.
    """

    exponents: np.ndarray
    standard_errors: np.ndarray
    kaplan_yorke_dimension: float | np.ndarray | None
    entropy_rate: float | np.ndarray | None
    history: Convergence
    qr_interval: int
    steps: int
    burn_in: int

    def to_dict(self):
        """The fields by name; arrays stay arrays, ``history`` is a dict of its own."""
        return vars(self) | {"history": self.history._asdict()}

    def plot(self, ax=None):
        """Draw the spectrum with its error bars and, beside it, how it converged; returns the matplotlib axes.

        With ``ax`` the spectrum alone is drawn, there.
        """
        from ..figures.lyapunov import plot_lyapunov_spectrum

        return plot_lyapunov_spectrum(self, ax)

    def __repr__(self):
        largest, errors = self.exponents[..., 0], self.standard_errors[..., 0]
        if largest.ndim == 0:
            told = f"{largest:.4g} ± {errors:.2g} nats per step"
        else:
            told = f"{largest.min():.4g} … {largest.max():.4g} nats per step"
        return (
            f"LyapunovSpectrum(largest exponent {told}, exponents={self.exponents.shape}, steps={self.steps}, "
            f"burn_in={self.burn_in}, qr_interval={self.qr_interval})"
        )


def kaplan_yorke_dimension(exponents, size, rounding):
    """Of descending exponents ``(k,)`` out of ``size``; NaN where k are too few. Sums above -rounding count as zero."""
    sums = np.cumsum(exponents)
    carried = np.flatnonzero(sums >= -rounding)
    if not len(carried):
        return 0.0
    j = int(carried[-1]) + 1
    if j == len(exponents):
        return float(j) if j == size else np.nan
    return j + max(0.0, sums[j - 1]) / -exponents[j]


def entropy_rate(exponents, size):
    """Sum of the positive of descending exponents ``(k,)`` out of ``size``; NaN where more may be positive."""
    if len(exponents) < size and exponents[-1] > 0:
        return np.nan
    return float(exponents[exponents > 0].sum())
