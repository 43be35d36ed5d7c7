"""The constant error carousel of a trained LSTM."""

from itertools import cycle

import numpy as np

from ...arrays import as_count
from ...gated_memory import carousel
from ...gated_memory.result import root_sum
from .classic_figure import ClassicFigure
from .panels import BLUE, GREY, LOOKS, legend, note, page, panel
from .real_series import temperatures, trained_network

_SETTLED = 500  # hours before the first that a gradient reaches
_LAGS = 200  # about so many are drawn
_BAND = (10, 50, 90)
_DECADES = 30  # as far down as gates are drawn


def constant_error_carousel(*, longest_lag=1000, ends=16):
    """The constant error carousel of a trained LSTM: what its forget gates carry of a gradient, and what the rest.

    Along c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t the gradient of a forecast comes back as a product of forget gates,
    ∂D/∂c_T · f_T ⋯ f_{T-k+1}, and on every other way: through h and the recurrent weights. Both are worked out, at many
    ends T of the series.

    Parameters
    ----------
    longest_lag : int
        In hours, 10 to 8000.
    ends : int
        How many T, spread over the series, at least 1.

    Returns
    -------
    ClassicFigure
        ``numbers``: ``lags`` (L,) in hours; ``log2_gradient``, ``log2_carousel`` and ``log2_rest`` (L, ends), norms
        over all units; ``shares`` (L, ends) of the carousel; ``log2_gates`` (L, units), unit by unit, the median over
        the ends; ``time_constants`` (units,) in hours, descending, of the gates' mean over the ends.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name.

    Notes
    -----
    By :func:`rnncore.carousel`, of the embedded network under the embedded hourly temperatures; D is its forecast of
    the temperature six hours ahead. Hochreiter and Schmidhuber (1997); Gers, Schmidhuber and Cummins (2000).
    """
    longest_lag, ends = as_count("longest_lag", longest_lag, 10), as_count("ends", ends, 1)
    series = temperatures()
    steps = _SETTLED + longest_lag
    if steps > len(series):
        raise ValueError(f"longest_lag must be at most {len(series) - _SETTLED}, got {longest_lag}")
    figure = page(4.6)
    layer, readout = trained_network().layers
    starts = np.linspace(0, len(series) - steps, ends).astype(int)
    inputs = np.stack([series[start : start + steps] for start in starts], axis=1)
    cotangent = np.repeat(readout.parameters["weight"], ends, axis=0)
    lags = np.unique(np.append(0, np.geomspace(1, longest_lag, _LAGS).round().astype(int)))
    found = carousel(layer, inputs, cotangent=cotangent, lags=lags)
    rates = np.sort(found.rates.mean(axis=0))[::-1]
    numbers = {
        "lags": found.lags,
        "log2_gradient": root_sum(found.log2_gradients),
        "log2_carousel": root_sum(found.log2_carousel),
        "log2_rest": root_sum(found.log2_rest),
        "shares": found.shares,
        "log2_gates": np.median(found.log2_gates, axis=1),
        "time_constants": -1 / rates,
    }
    (norms, share), (gates, constants) = figure.subplots(2, 2)
    _draw_norms(norms, numbers)
    _draw_share(share, numbers)
    _draw_gates(gates, numbers)
    _draw_constants(constants, numbers)
    return ClassicFigure.of(constant_error_carousel, figure, numbers, _caption(numbers, ends))


def _median(curves):
    """Over the ends; one of them, so that no mean is taken of infinities."""
    return np.percentile(curves, 50, axis=1, method="nearest")


def _draw_norms(ax, numbers):
    for look, (name, label) in zip(
        cycle(LOOKS),
        (("log2_gradient", "all of it"), ("log2_carousel", "by the gates alone"), ("log2_rest", "by the rest")),
    ):
        low, middle, high = np.percentile(numbers[name] * np.log10(2), _BAND, axis=1, method="nearest")
        lags = numbers["lags"]
        width = 2.4 if name == "log2_gradient" else 1.2  # the rest, which may be all of it, lies on it
        ax.plot(lags, np.where(np.isfinite(middle), middle, np.nan), **look, linewidth=width, label=label)
        ax.fill_between(lags, low, high, where=np.isfinite(low), color=look["color"], alpha=0.15, linewidth=0)
    ax.margins(x=0)
    panel(ax, "A forecast's gradient, and its parts", "hours back", "log10 of the norm")
    legend(ax, loc="lower left")


def _draw_share(ax, numbers):
    back = numbers["lags"] > 0
    low, middle, high = np.nanpercentile(100 * numbers["shares"][back], _BAND, axis=1)
    ax.plot(numbers["lags"][back], middle, **LOOKS[1], linewidth=1.3)
    ax.fill_between(numbers["lags"][back], low, high, color=LOOKS[1]["color"], alpha=0.15, linewidth=0)
    ax.set_xscale("log")
    ax.set_ylim(0, 100)
    ax.margins(x=0)
    panel(ax, "Share of the gates", "hours back", "% of gates + rest")
    note(ax, "median over the ends, 10 to 90 %")


def _draw_gates(ax, numbers):
    curves = numbers["log2_gates"] * np.log10(2)
    ax.plot(numbers["lags"], curves, color=GREY, linewidth=0.5, alpha=0.8)
    gradient = _median(numbers["log2_gradient"]) * np.log10(2)
    ax.plot(numbers["lags"], gradient - gradient[0], color=BLUE, linewidth=1.5)
    ax.set_ylim(-_DECADES, 1)
    ax.margins(x=0)
    panel(ax, "Products of forget gates, unit by unit", "hours back", "log10 of product")
    note(ax, "blue: the gradient over that at its start")


def _draw_constants(ax, numbers):
    constants = numbers["time_constants"]
    ax.plot(np.arange(1, len(constants) + 1), constants, "o", color=BLUE, markersize=3)
    ax.set_yscale("log")
    panel(ax, "Time constants of the gates", "units, the longest first", "hours")


def _caption(numbers, ends):
    constants = numbers["time_constants"]
    last = numbers["lags"][-1]
    at = np.unique(np.searchsorted(numbers["lags"], [1, min(24, last), last]))
    shares = [f"{100 * np.median(numbers['shares'][i]):.0f} % at {numbers['lags'][i]:,} h" for i in at]
    gradient = _median(numbers["log2_gradient"])
    left = (gradient[-1] - gradient[0]) * np.log10(2)
    return (
        f"A trained LSTM under hourly temperatures, from {ends} ends of the series. Gates leave 1/e after "
        f"{constants[0]:.3g} hours in the unit that holds longest, after {np.median(constants):.2g} in the median one. "
        f"The gates' share of the gradient: {', '.join(shares)}. After {numbers['lags'][-1]:,} hours the gradient is "
        f"10^{left:.2g} of what it was."
    )
