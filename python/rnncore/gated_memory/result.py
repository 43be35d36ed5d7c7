"""What :func:`rnncore.carousel` gives back."""

from dataclasses import dataclass

import numpy as np

from ..notebook import ShownInNotebooks


@dataclass(frozen=True, eq=False, repr=False)
class Carousel(ShownInNotebooks):
    """Result of :func:`rnncore.carousel`; ``…`` is nothing, or ``B`` for a batch, ``m`` the units of the layer.

    Attributes
    ----------
    cell : str
        "LSTM", "GRU", "GatedDiagonal" or "Diagonal".
    layer : int
        Its index in the chain; 0 for a cell by itself.
    lags : (L,) int64 array
        k, ascending.
    log2_gates : (L, …, m) float64 array
        log2 of the magnitude of f_T ⋯ f_{T-k+1}, the product of each unit's forget gates over the last k steps.
    log2_gradients : (L, …, m) float64 array
        log2 of the magnitude of ∂D/∂c_{T-k}, by all ways. Without a cotangent: the largest over all D of gradient 1.
    log2_carousel : (L, …, m) float64 array
        log2 of the magnitude of ∂D/∂c_T · f_T ⋯ f_{T-k+1}, by the gates alone.
    log2_rest : (L, …, m) float64 array
        log2 of the magnitude of their difference: what flows through h, and so through weights and other gates. NaN
        where a unit holds too little of the gradient for that to be told.
    rates : (…, m) float64 array
        Mean of ``ln |f|`` over the steps that the lags cover, in nats per step; -inf where a gate is 0, NaN over no
        step.
    """

    cell: str
    layer: int
    lags: np.ndarray
    log2_gates: np.ndarray
    log2_gradients: np.ndarray
    log2_carousel: np.ndarray
    log2_rest: np.ndarray
    rates: np.ndarray

    @property
    def time_constants(self):
        """-1 / rate, (…, m): steps in which the gates leave 1/e; infinite where they stay at 1, negative where they
        amplify, e times in so many steps."""
        return self._steps(1.0)

    @property
    def half_lives(self):
        """-ln 2 / rate, (…, m): steps in which the gates leave one half; signs and infinities as above."""
        return self._steps(np.log(2))

    @property
    def unit_shares(self):
        """(L, …, m): share of the carousel, ``|carousel| / (|carousel| + |rest|)``; NaN where both are zero
        or the rest is."""
        return _share(self.log2_carousel, self.log2_rest)

    @property
    def shares(self):
        """(L, …): the same of all units together, with the norms over units."""
        return _share(root_sum(self.log2_carousel), root_sum(self.log2_rest))

    def to_dict(self):
        """The fields and properties by name; arrays stay arrays."""
        names = ("time_constants", "half_lives", "unit_shares", "shares")
        return vars(self) | {name: getattr(self, name) for name in names}

    def plot(self, ax=None):
        """Draw gradient and carousel against the lag, without ``ax`` their share and the units' time constants beside
        it; returns the matplotlib axes."""
        from ..figures.carousel import plot_carousel

        return plot_carousel(self, ax)

    def __repr__(self):
        *sequences, units = self.rates.shape
        batch = f", {sequences[0]} sequences" if sequences else ""
        text = (
            f"Carousel({self.cell} of {units} units, layer {self.layer}{batch}, lags {self.lags[0]} … {self.lags[-1]}"
        )
        if not sequences:
            longest = np.argmax(self.rates)
            text += f", unit {longest} the longest: time constant {self.time_constants[longest]:.4g} steps"
            text += f", share {self.shares[-1]:.3g} at the largest lag"
        return text + ")"

    def _steps(self, nats):
        with np.errstate(divide="ignore"):
            return np.where(self.rates == 0, np.inf, -nats / self.rates)


def root_sum(log2_norms):
    """log2 of the norm over the last axis of what has these magnitudes; NaN counts as zero."""
    return np.logaddexp2.reduce(2 * np.where(np.isnan(log2_norms), -np.inf, log2_norms), axis=-1) / 2


def _share(log2_part, log2_rest):
    with np.errstate(over="ignore", invalid="ignore"):  # -inf - -inf: both are zero
        return 1 / (1 + np.exp2(log2_rest - log2_part))
