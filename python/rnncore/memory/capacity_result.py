"""What :func:`rnncore.memory_capacity` gives back."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..notebook import ShownInNotebooks


class Term(NamedTuple):
    """A product of polynomials of the input, and how much of it the network holds.

    Attributes
    ----------
    capacity : float
        Between 0 and 1, corrected for chance.
    factors : tuple of (channel, lag, degree)
    """

    capacity: float
    factors: tuple


@dataclass(frozen=True, eq=False, repr=False)
class MemoryCapacity(ShownInNotebooks):
    """Result of :func:`rnncore.memory_capacity`, with m inputs.

    Attributes
    ----------
    total : float
        Sum of ``by_lag``: the linear memory capacity over the lags from 1 to the largest.
    by_lag : (L,) float64 array
        At the lags 1 … L, summed over the inputs: the share of the variance of an input so long ago that a linear
        readout recovers, corrected for chance.
    by_channel : (L, m) float64 array
        The same input by input.
    present : float
        The same of the present input, lag 0, which is not in ``total``.
    by_degree : (D,) float64 array
        Sums of the capacities of all products of degree 1 … D, lag 0 included.
    terms : tuple of Term
        The products of degree 2 and more with a capacity above zero, the largest first.
    raw : (L + 1, m) float64 array
        Squared correlations at the lags 0 … L before the correction.
    chance : (m,) float64 array
        Of the same readouts with targets that the network cannot know, on average.
    thresholds : (m,) float64 array
        Squared correlations that are not above them count as chance.
    bound : int
        Directions that linear readouts have: with inputs independent in time no sum of capacities, lag 0 included, is
        larger.
    samples : int or None
        Steps of the regression; None for the closed form.
    method : {"regression", "gramian"}
    interval : float
        Time of a step, in ``unit``.
    unit : str
    """

    total: float
    by_lag: np.ndarray
    by_channel: np.ndarray
    present: float
    by_degree: np.ndarray
    terms: tuple[Term, ...]
    raw: np.ndarray
    chance: np.ndarray
    thresholds: np.ndarray
    bound: int
    samples: int | None
    method: str
    interval: float
    unit: str

    @classmethod
    def of(cls, raw, capacities, terms, degrees, chance, rank, samples, method, interval, unit):
        """From arrays by lag, 0 included, and channel; ``terms`` are those of degree 2 and more, ``chance`` its level
        and the thresholds by channel."""
        by_degree = np.zeros(degrees)
        by_degree[0] = capacities.sum()
        for term in terms:
            by_degree[sum(degree for _, _, degree in term.factors) - 1] += term.capacity
        by_lag = capacities[1:].sum(axis=1)
        return cls(
            total=float(by_lag.sum()),
            by_lag=by_lag,
            by_channel=capacities[1:],
            present=float(capacities[0].sum()),
            by_degree=by_degree,
            terms=tuple(sorted((term for term in terms if term.capacity > 0), key=lambda term: -term.capacity)),
            raw=raw,
            chance=chance[0],
            thresholds=chance[1],
            bound=rank,
            samples=samples,
            method=method,
            interval=interval,
            unit=unit,
        )

    @property
    def lags(self):
        """1 … L."""
        return np.arange(1, len(self.by_lag) + 1)

    @property
    def processing(self):
        """Sum of ``by_degree``, the information processing capacity of Dambre et al. (2012) as far as it was looked
        for."""
        return float(self.by_degree.sum())

    def to_dict(self):
        """The fields and properties by name; arrays stay arrays."""
        terms = [term._asdict() for term in self.terms]
        return vars(self) | {"terms": terms, "lags": self.lags, "processing": self.processing}

    def plot(self, ax=None):
        """Draw the capacity against the lag; returns the matplotlib axes."""
        from ..figures.memory_capacity import plot_memory_capacity

        return plot_memory_capacity(self, ax)

    def __repr__(self):
        text = f"MemoryCapacity(total {self.total:.4g} at lags 1 … {len(self.by_lag)}, present {self.present:.4g}"
        if len(self.by_degree) > 1:
            text += ", by degree " + ", ".join(f"{value:.4g}" for value in self.by_degree)
        return f"{text}, of at most {self.bound}, {self.method})"
