"""What :func:`rnncore.gradient_norms` gives back."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..notebook import ShownInNotebooks
from .decay import fit_rate, judge


class SingularDirections(NamedTuple):
    """Extremes of P = A_T ⋯ A_{T-k+1} at the largest lag k; ``…`` is nothing, or ``B`` for a batch.

    Attributes
    ----------
    log2_largest, log2_smallest : float or (B,) array
        log2 of the extreme singular values of P; the smallest is -inf where P is singular.
    largest_gradient, smallest_gradient : (…, n) array
        Unit vectors, of x_{T-k}: the gradients that the extreme cotangents become, and the changes of x_{T-k} that
        change x_T most and least. Zeros where the singular value is zero.
    largest_cotangent, smallest_cotangent : (…, n) array
        Unit vectors, of x_T: the cotangents whose gradients are the longest and the shortest. Zeros as above.
    """

    log2_largest: np.ndarray
    log2_smallest: np.ndarray
    largest_gradient: np.ndarray
    smallest_gradient: np.ndarray
    largest_cotangent: np.ndarray
    smallest_cotangent: np.ndarray


@dataclass(frozen=True, eq=False, repr=False)
class GradientNorms(ShownInNotebooks):
    """Result of :func:`rnncore.gradient_norms`; ``…`` is nothing, or ``B`` for a batch.

    Attributes
    ----------
    lags : (L,) int64 array
        k, ascending.
    log2_norms : (L, …) float64 array
        log2 ‖∂D/∂x_{T-k}‖₂, or of the largest it can be for a cotangent of length 1; -inf for zero.
    by_group : dict of str to (L, …) array
        The same for parts of the state: "layer 0", … of a chain, and the groups that were named.
    rate : float or None, or (B,) array
        Slope of ln norm over the second half of the lags, the last two at least, in nats per step back; -inf where the
        norm reaches zero. None (NaN in a batch) where there is one lag only.
    rate_error : float or None, or (B,) array
        Its standard error.
    verdict : str, or tuple of B
        "vanishing", "exploding"; "carried" where the rate makes less than a factor 2 over all lags, or is less than two
        standard errors; "too short".
    half_life : float or None, or (B,) array
        Steps in which a vanishing gradient loses half its size. None (NaN in a batch) for others.
    directions : SingularDirections or None
        None where a cotangent was given.
    """

    lags: np.ndarray
    log2_norms: np.ndarray
    by_group: dict
    rate: float | np.ndarray | None
    rate_error: float | np.ndarray | None
    verdict: str | tuple[str, ...]
    half_life: float | np.ndarray | None
    directions: SingularDirections | None

    @classmethod
    def of(cls, lags, log2_norms, by_group, directions, single):
        """From norms ``(L, B)``."""
        fits = [fit_rate(lags, curve) for curve in log2_norms.T]
        verdicts = tuple(judge(rate, error, lags[-1] if len(lags) else 0) for rate, error in fits)
        lives = [np.log(2) / -rate if word == "vanishing" else np.nan for (rate, _), word in zip(fits, verdicts)]
        rates, errors = np.reshape(fits, (-1, 2)).T
        if not single:
            return cls(lags, log2_norms, by_group, rates, errors, verdicts, np.array(lives), directions)
        numbers = [None if np.isnan(value) else float(value) for value in (rates[0], errors[0], lives[0])]
        by_group = {name: curve[:, 0] for name, curve in by_group.items()}
        if directions is not None:
            directions = SingularDirections(*(field[0] for field in directions))
        return cls(lags, log2_norms[:, 0], by_group, *numbers[:2], verdicts[0], numbers[2], directions)

    def to_dict(self):
        """The fields by name; arrays stay arrays, ``directions`` is a dict of its own."""
        return vars(self) | {"directions": None if self.directions is None else self.directions._asdict()}

    def plot(self, ax=None):
        """Draw the norms against the lag; returns the matplotlib axes."""
        from ..figures.gradient_norms import plot_gradient_norms

        return plot_gradient_norms(self, ax)

    def __repr__(self):
        lags = f"lags 0 … {self.lags[-1]}" if len(self.lags) else "no lags"
        if isinstance(self.verdict, tuple):
            return f"GradientNorms({lags}, {len(self.verdict)} sequences, {', '.join(sorted(set(self.verdict)))})"
        rate = "" if self.rate is None else f", rate {self.rate:.4g} nats per step"
        return f"GradientNorms({lags}, {self.verdict}{rate})"
