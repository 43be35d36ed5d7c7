"""What a readout is asked for: inputs of so many steps ago, and products of their polynomials."""

from itertools import combinations_with_replacement, groupby
from math import comb

import numpy as np


def count_products(degree, lags, channels):
    """Of polynomials of distinct inputs of lags 0 … lags, of this degree in all."""
    return comb(channels * (lags + 1) + degree - 1, degree)


def products(degree, lags, channels):
    """Each a tuple of ``(channel, lag, degree)``."""
    places = [(channel, lag) for lag in range(lags + 1) for channel in range(channels)]
    for chosen in combinations_with_replacement(places, degree):
        yield tuple((*place, chosen.count(place)) for place in dict.fromkeys(chosen))


def legendre(values, degree):
    """``(degree, …)``: P_1 … P_degree, of mean square 1 over [-1, 1]."""
    before, now, found = np.ones_like(values), values, [values]
    for d in range(1, degree):
        before, now = now, ((2 * d + 1) * values * now - d * before) / (d + 1)
        found.append(now)
    return np.stack([np.sqrt(2 * d + 1) * polynomial for d, polynomial in enumerate(found, start=1)])


def orthonormal_polynomials(values, degree):
    """``(degree, T, …)``: the polynomials of degrees 1 … that are orthonormal over the values along the first axis (by
    the recurrence of Stieltjes); those of an input of fewer distinct values are zero."""
    spread = values.std(axis=0)
    values = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)
    before, now, norm, found = np.zeros_like(values), np.ones_like(values), 0.0, []
    for _ in range(degree):
        following = values * now - np.mean(values * now**2, axis=0) * now - norm * before
        norm = np.sqrt(np.mean(following**2, axis=0))
        norm = np.where(norm > 1e-6, norm, 0)
        before, now = now, np.where(norm > 0, following / np.where(norm > 0, norm, 1), 0)
        found.append(now)
    return np.stack(found)


class Targets:
    """Columns of targets, for any rows of a run: the inputs at lags 0 … lags, products, and surrogates of both, which
    are the same of the input as it was at some other time.

    Parameters
    ----------
    inputs : (T, m) array
        Their means are taken away.
    polynomials : (D, T, m) array or None
        None: degree 1 only, the inputs.
    lags : int
    products : list of tuple of (channel, lag, degree)
    surrogates : list of tuple of (channel, lag, degree)
        Of the inputs too, as products of one factor.
    shifts : array or list of array
        One for each surrogate: by how many steps later it is taken, modulo T; or a permutation of the steps.

    Attributes
    ----------
    products : list of tuple of (channel, lag, degree)
        In the order of their columns, which stand behind those of the inputs, ordered by channel and lag; surrogates
        come last.
    """

    def __init__(self, inputs, polynomials, lags, products, surrogates, shifts):
        self.inputs, self.lags = inputs - inputs.mean(axis=0), lags
        self._tables = self.inputs[None] if polynomials is None else polynomials
        self.products = sorted(products, key=len)
        self._places = _by_length(self.products)
        self._surrogates = list(zip(surrogates, shifts))

    def rows(self, start, stop):
        """``(stop - start, K)`` for the states after the steps start + 1 … stop, start ≥ lags."""
        windows = np.lib.stride_tricks.sliding_window_view(
            self.inputs[start - self.lags : stop], self.lags + 1, axis=0
        )[..., ::-1]
        steps = np.arange(start, stop)
        found = np.empty((stop - start, windows[0].size + len(self.products) + len(self._surrogates)))
        found[:, : windows[0].size].reshape(windows.shape)[...] = windows
        column = windows[0].size
        for places in self._places:
            block = found[:, column : column + places.shape[2]]
            block[...] = 1
            for channel, lag, degree in places:
                block *= self._tables[degree - 1, steps[:, None] - lag, channel]
            column += places.shape[2]
        for pair in self._surrogates:
            found[:, column] = self._surrogate(steps, *pair)
            column += 1
        return found

    def _surrogate(self, steps, factors, shift):
        found = 1.0
        for channel, lag, degree in factors:
            times = shift[steps - lag] if isinstance(shift, np.ndarray) else (steps - lag - shift) % len(self.inputs)
            found = found * self._tables[degree - 1, times, channel]
        return found


def _by_length(products):
    """Arrays ``(factors, 3, products)`` of products of equally many factors, which are worked on together."""
    return [np.array(list(same)).transpose(1, 2, 0) for _, same in groupby(products, key=len)]
