"""What :func:`rnncore.memory_horizon` gives back."""

from dataclasses import dataclass

import numpy as np

from .decay import Decay, falls_below, fit_decay, keeps_shrinking, median, percentile

PERCENTILES = (10, 25, 50, 75, 90)
_LEAST_CHANGE = 1e-9  # nats per step: slower than that nothing is told from rounding


@dataclass(frozen=True, eq=False, repr=False)
class MemoryHorizon:
    """Result of :func:`rnncore.memory_horizon`.

    Attributes
    ----------
    verdict : {"forgets", "does not forget", "cannot say"}
        Whether the median of what remains of a perturbed state stays below the threshold within the lags.
    explanation : str
    steps : int or None
        The lag from which on that median stays at or below the threshold.
    first_steps : int or None
        The lag at which it is there first.
    input_steps : int or None
        As ``steps``, of a perturbed input.
    steps_of_starts : (5,) tuple of int or None
        The same lag start by start: its percentiles over the starts; None where it lies beyond the lags.
    lags : (L + 1,) int64 array
        k = 0, 1, …, L.
    curve : (L + 1,) float64 array
        The median over the starts of what remains of a perturbed state after k steps; 1 at lag 0.
    percentiles : (5, L + 1) float64 array
        The 10th, 25th, 50th, 75th and 90th percentile of that.
    input_curve, input_percentiles : arrays or None
        The same of a perturbed input, relative to what it was in the state right after its step: 1 at lag 0, and zero
        where it never came in. None for a cell without inputs.
    decay, input_decay : Decay or None
        Exponential or power law, with rates, exponents and their confidence; None where the curve has too few points
        between one half and rounding.
    threshold : float
    starts : int
        Starting points.
    size : float or None
        Of the perturbations, in standard deviations of the state and of the input; None: infinitesimal.
    interval : float
        Time of a step, in ``unit``.
    unit : str
    """

    verdict: str
    explanation: str
    steps: int | None
    first_steps: int | None
    input_steps: int | None
    steps_of_starts: tuple
    lags: np.ndarray
    curve: np.ndarray
    percentiles: np.ndarray
    input_curve: np.ndarray | None
    input_percentiles: np.ndarray | None
    decay: Decay | None
    input_decay: Decay | None
    threshold: float
    starts: int
    size: float | None
    interval: float
    unit: str

    @classmethod
    def of(cls, logs, input_logs, *, threshold, size, interval, unit):
        """From ln of what remains, by lag and start."""
        curve = _share(median(logs))
        first, steps = falls_below(curve, threshold)
        decay = fit_decay(logs)
        verdict, explanation = _judge(curve, steps, decay, threshold)
        return cls(
            verdict=verdict,
            explanation=explanation,
            steps=steps,
            first_steps=first,
            input_steps=None if input_logs is None else falls_below(_share(median(input_logs)), threshold)[1],
            steps_of_starts=_steps_of_starts(logs, threshold),
            lags=np.arange(len(logs)),
            curve=curve,
            percentiles=_share(percentile(logs, PERCENTILES)),
            input_curve=None if input_logs is None else _share(median(input_logs)),
            input_percentiles=None if input_logs is None else _share(percentile(input_logs, PERCENTILES)),
            decay=decay,
            input_decay=None if input_logs is None else fit_decay(input_logs),
            threshold=threshold,
            starts=logs.shape[1],
            size=size,
            interval=interval,
            unit=unit,
        )

    @property
    def duration(self):
        """``steps`` in ``unit``; None where there is no such lag."""
        return None if self.steps is None else self.steps * self.interval

    @property
    def input_duration(self):
        """``input_steps`` in ``unit``."""
        return None if self.input_steps is None else self.input_steps * self.interval

    @property
    def time_constant(self):
        """-1 / rate of the exponential law, in ``unit``: the time that leaves 1/e; None where the curve does not fall
        by such a law."""
        if self.decay is None or self.decay.law != "exponential" or self.decay.rate >= -_LEAST_CHANGE:
            return None
        return -self.interval / self.decay.rate

    def to_dict(self):
        """The fields and properties by name; arrays stay arrays, laws are dicts of their own."""
        laws = {
            name: None if law is None else law._asdict()
            for name, law in (("decay", self.decay), ("input_decay", self.input_decay))
        }
        names = ("duration", "input_duration", "time_constant")
        return vars(self) | laws | {name: getattr(self, name) for name in names}

    def plot(self, ax=None):
        """Draw what remains against the lag, of the state and of the input; returns the matplotlib axes."""
        from ..figures.memory_horizon import plot_memory_horizon

        return plot_memory_horizon(self, ax)

    def __repr__(self):
        law = "" if self.decay is None else f", {_describe(self.decay)}"
        return f"MemoryHorizon({self.verdict}: {self.explanation}; {self.starts} starts{law})"


def _share(logs):
    """What grows beyond the range of float64 is infinite."""
    with np.errstate(over="ignore"):
        return np.exp(logs)


def _describe(decay):
    value, interval, name = (
        (decay.rate, decay.rate_interval, "nats per step")
        if decay.law == "exponential"
        else (decay.exponent, decay.exponent_interval, "the exponent")
    )
    sure = "" if np.isnan(interval[0]) else f" ({interval[0]:.4g} … {interval[1]:.4g})"
    return f"{decay.law}, {value:.4g}{sure} {name}"


def _steps_of_starts(logs, threshold):
    above = logs > np.log(threshold)
    lags = np.where(above.any(axis=0), len(logs) - np.argmax(above[::-1], axis=0), 0)
    found = np.percentile(lags, PERCENTILES, method="inverted_cdf")
    return tuple(int(lag) if lag < len(logs) else None for lag in found)


def _judge(curve, steps, decay, threshold):
    last = len(curve) - 1
    share = f"{100 * threshold:.3g} %"
    if steps is not None:
        if curve[-1] == 0:
            gone = int(np.flatnonzero(curve)[-1]) + 1
            return "forgets", f"nothing remains from lag {gone:,} on"
        return "forgets", f"at most {share} remains from lag {steps:,} on, of {last:,} lags"
    left = f"{100 * curve[-1]:.3g} % remains after {last:,} lags"
    if decay is None:
        return "cannot say", f"too few lags: {left}"
    certain = decay.rate if np.isnan(decay.rate_interval[1]) else decay.rate_interval[1]
    if certain >= -_LEAST_CHANGE or not keeps_shrinking(curve):
        return "does not forget", f"{left}, and it {'grows' if decay.rate * last > 1 else 'does not shrink for sure'}"
    with np.errstate(over="ignore"):
        if decay.law == "exponential":
            more = np.log(curve[-1] / threshold) / -decay.rate
        else:
            more = last * np.expm1(np.log(curve[-1] / threshold) / -decay.exponent)
    return "cannot say", f"too few lags: {left}; by the fitted {decay.law} {share} would take about {more:,.4g} more"
