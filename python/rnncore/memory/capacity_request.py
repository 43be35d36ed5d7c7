"""What a regression on inputs is asked for, and what its squared correlations mean."""

from collections.abc import Sequence
from math import isfinite

import numpy as np

from ..arrays import as_count, as_number
from . import targets as of_input
from .arguments import check_choice
from .capacity_result import MemoryCapacity, Term
from .chance import beyond_chance, chance_level

_FEWEST_SURROGATES = 10
_APART = 6  # times the lags: what a series must have, so that surrogates lie apart from all of them
_MOST_PRODUCTS = 100_000
_MOST_SUMS = 1 << 27  # products times states


class CapacityRequest:
    """What a regression is asked for, checked.

    Attributes
    ----------
    lags : tuple of int
        The largest of each degree.
    """

    def __init__(self, max_lag, degree, basis, readout, ridge, surrogates, surrogate, significance):
        self.degree = as_count("degree", degree, 1)
        self.lags = self._read_lags(max_lag)
        check_choice("basis", basis, ("legendre", "empirical"))
        check_choice("readout", readout, ("state", "outputs"))
        check_choice("surrogate", surrogate, ("shift", "shuffle"))
        self.basis, self.readout, self.surrogate = basis, readout, surrogate
        self.ridge = as_number("ridge", ridge)
        if not (self.ridge >= 0 and isfinite(self.ridge)):
            raise ValueError(f"ridge must be finite and not negative, got {ridge}")
        self.surrogates = as_count("surrogates", surrogates, 0)
        if 0 < self.surrogates < _FEWEST_SURROGATES:
            raise ValueError(f"surrogates must be 0, for none, or at least {_FEWEST_SURROGATES}, got {surrogates}")
        self.significance = None if significance is None else as_number("significance", significance)
        if significance is not None and not 0 < self.significance < 1:
            raise ValueError(f"significance must be in (0, 1), got {significance}")

    def _read_lags(self, max_lag):
        if not isinstance(max_lag, Sequence) or isinstance(max_lag, str):
            return (as_count("max_lag", max_lag, 1),) * self.degree
        if len(max_lag) != self.degree:
            raise ValueError(f"max_lag must be an integer or one for each degree, {self.degree}, got {len(max_lag)}")
        return tuple(as_count(f"max_lag[{index}]", lag, 1) for index, lag in enumerate(max_lag))

    def check_length(self, run, first, features):
        rows, least = run.steps - first, max(2 * features, features + 10)
        if rows < least:
            raise ValueError(
                f"the series must be longer: of its {run.steps} steps {max(0, rows)} are left after the burn-in and "
                f"{max(self.lags)} lags, {features} states need at least {least}"
            )
        if self.surrogates and self.surrogate == "shift" and run.steps < _APART * (max(self.lags) + 1):
            raise ValueError(
                f"the series must be longer for surrogates shifted beyond the lags: at least "
                f"{_APART * (max(self.lags) + 1)} steps for {max(self.lags)} lags, got {run.steps}"
            )

    def check_products(self, channels, features):
        for degree in range(2, self.degree + 1):
            count = of_input.count_products(degree, self.lags[degree - 1], channels)
            if count > min(_MOST_PRODUCTS, _MOST_SUMS // features):
                raise ValueError(
                    f"max_lag={self.lags[degree - 1]} makes {count:,} products of degree {degree}, too many; give each "
                    "degree lags of its own, such as max_lag=(200, 30, 10)"
                )

    def targets(self, inputs, polynomials, generator):
        """Those of one sequence."""
        channels = inputs.shape[1]
        by_degree = [list(of_input.products(d, self.lags[d - 1], channels)) for d in range(2, self.degree + 1)]
        unknown = [((channel, 0, 1),) for channel in range(channels) for _ in range(self.surrogates)]
        for products in by_degree:
            unknown += [products[index] for index in generator.integers(0, len(products), self.surrogates)]
        if self.surrogate == "shuffle":
            shifts = [generator.permutation(len(inputs)) for _ in unknown]
        else:
            apart = 2 * (max(self.lags) + 1)
            shifts = generator.integers(apart, len(inputs) - apart, len(unknown), endpoint=True)
        known = [factors for products in by_degree for factors in products]
        return of_input.Targets(inputs, polynomials, self.lags[0], known, unknown, shifts)

    def result(self, correlations, rank, targets, samples, interval, unit):
        """From the squared correlations of the columns of targets."""
        channels, lags = targets.inputs.shape[1], self.lags[0]
        linear, known, unknown = np.split(
            correlations, np.cumsum([channels * (lags + 1), len(targets.products)])
        )  # fmt: skip
        unknown = unknown.reshape(channels + self.degree - 1, -1)
        levels = [chance_level(found, self.significance) for found in unknown]
        # By channel and lag, as the columns are.
        raw = linear.reshape(channels, lags + 1)
        capacities = [beyond_chance(found, *level) for found, level in zip(raw, levels)]
        terms = []
        for factors, correlation in zip(targets.products, known):
            level = levels[channels + sum(degree for _, _, degree in factors) - 2]
            terms.append(Term(float(beyond_chance(correlation, *level)), factors))
        chance, thresholds = np.array(levels[:channels]).T
        return MemoryCapacity.of(
            raw.T, np.stack(capacities, axis=1), terms, self.degree, (chance, thresholds), rank, samples, "regression",
            interval, unit,
        )  # fmt: skip
