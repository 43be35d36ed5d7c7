"""The law by which a curve falls: where it passes below a threshold, its rate, and how sure that is."""

from typing import NamedTuple

import numpy as np

ROUNDING = 1e-12  # relative distance; below it rounding errors of float64 show in the slope
_FEWEST_POINTS = 8
_BLOCKS = 20
_STARTS_A_BLOCK = 5
_CONFIDENCE = 0.95


class Decay(NamedTuple):
    """Two laws fitted to a curve m_k by least squares of ln m_k, over the lags from ``first`` to ``last``.

    Attributes
    ----------
    law : {"exponential", "power law"}
        The one that leaves the smaller residuals.
    rate : float
        Slope of ln m_k by k, in nats per step: m_k ∝ exp(rate · k); negative where the curve falls.
    rate_interval : (float, float)
        95 % confidence; NaN from too few starts.
    exponent : float
        Slope of ln m_k by ln k: m_k ∝ k^exponent.
    exponent_interval : (float, float)
    residuals : (float, float)
        Root mean squares of what the exponential and the power law leave of ln m_k.
    first, last : int
    """

    law: str
    rate: float
    rate_interval: tuple[float, float]
    exponent: float
    exponent_interval: tuple[float, float]
    residuals: tuple[float, float]
    first: int
    last: int


def falls_below(curve, threshold):
    """``(first, for_good)``: the first lag at which the curve is not above the threshold, and the first from which on
    it never was again; None where there is none."""
    below = np.flatnonzero(curve <= threshold)
    above = np.flatnonzero(~(curve <= threshold))
    last_above = above[-1] if len(above) else -1
    return (
        int(below[0]) if len(below) else None,
        int(last_above) + 1 if last_above < len(curve) - 1 else None,
    )


def fitted_range(curve):
    """``(first, last)`` lag to fit, or None: from half of the start on, down to rounding; of a curve that is not
    halved, its second half."""
    usable = np.isfinite(curve) & (curve > ROUNDING)
    last = int(np.argmin(usable)) - 1 if not usable.all() else len(curve) - 1
    halved = np.flatnonzero(curve[: last + 1] <= 0.5)
    first = int(halved[0]) if len(halved) else last // 2
    return (first, last) if last - first + 1 >= _FEWEST_POINTS else None


def keeps_shrinking(curve):
    """Whether each quarter of the second half lies below the one before, by more than rounding."""
    with np.errstate(divide="ignore"):
        quarters = [np.log(quarter).mean() for quarter in np.array_split(curve[len(curve) // 2 :], 4) if len(quarter)]
    return bool(np.all(np.diff(quarters) < -ROUNDING * len(curve)))


def slope(x, y):
    """Of the least-squares line, and the root mean square of what it leaves."""
    centred = x - x.mean()
    found = float(centred @ y / (centred @ centred))
    return found, float(np.sqrt(np.mean((y - y.mean() - found * centred) ** 2)))


def fit_decay(logs):
    """The :class:`Decay` of the median of curves, or None where too little of it is above rounding.

    Starts close to each other see the same input, so that their curves are no independent samples: the confidence is
    that of the mean of the slopes of up to 20 blocks of starts, by Student's t. The law is chosen by the median of
    all.

    Parameters
    ----------
    logs : (L + 1, J) array
        ln m_k by lag and start, starts in the order of time.
    """
    curve = median(logs)
    between = fitted_range(np.exp(np.minimum(curve, 700)))
    if between is None:
        return None
    first, last = max(1, between[0]), between[1]
    lags = np.arange(first, last + 1.0)
    rate, left_exponential = slope(lags, curve[first : last + 1])
    exponent, left_power = slope(np.log(lags), curve[first : last + 1])
    rates, exponents = _by_block(logs[first : last + 1], lags)
    return Decay(
        law="exponential" if left_exponential <= left_power else "power law",
        rate=rate,
        rate_interval=_interval(rate, rates),
        exponent=exponent,
        exponent_interval=_interval(exponent, exponents),
        residuals=(left_exponential, left_power),
        first=first,
        last=last,
    )


def median(logs):
    """By lag; one of the values, so that zeros, whose logarithm is infinite, do no harm."""
    return percentile(logs, 50)


def percentile(logs, q):
    return np.percentile(logs, q, axis=-1, method="inverted_cdf")


def _by_block(logs, lags):
    """Slopes of the medians of blocks of starts."""
    blocks = min(_BLOCKS, logs.shape[1] // _STARTS_A_BLOCK)
    curves = [median(part) for part in np.array_split(logs, max(1, blocks), axis=1)]
    curves = [curve for curve in curves if np.isfinite(curve).all()]
    return [slope(lags, curve)[0] for curve in curves], [slope(np.log(lags), curve)[0] for curve in curves]


def _interval(value, slopes):
    if len(slopes) < 2:
        return np.nan, np.nan
    from scipy.special import stdtrit  # the quantile of Student's t

    half = stdtrit(len(slopes) - 1, (1 + _CONFIDENCE) / 2) * np.std(slopes, ddof=1) / np.sqrt(len(slopes))
    return float(value - half), float(value + half)
