"""Gradients on their way back in time."""

from itertools import cycle

import numpy as np

from ...arrays import as_count
from ...gradient_flow import gradient_norms
from .classic_figure import ClassicFigure
from .networks import networks
from .panels import BLACK, GREY, LOOKS, SMALL, draw_curve, draw_row, lag_axis, page, panel, rows_of, within
from .real_series import TRAINED, standardised_temperatures, temperatures, trained_network

_SHOWN = 16  # decades above and below the start
_SETTLED = 1000  # steps before the first that a gradient reaches


def gradients_by_lag(*, units=32, longest_lag=1000, seed=0):
    """A gradient against the lag, for every kind of cell under the same real input: vanishing, exploding, carried.

    Some function D of the outputs at step T is pulled back: ∂D/∂x_{T-k} = ∂D/∂x_T · A_T ⋯ A_{T-k+1}, a product of k
    Jacobians of the whole state. Its length shrinks or grows at a rate that hardly depends on D, but for cells whose
    gates, or whose orthogonal matrix, make a way on which nothing is lost.

    Parameters
    ----------
    units : int
        Of each network, at least 2; the trained LSTM has 48.
    longest_lag : int
        2 to 7000.
    seed : int
        Of the weights and of D.

    Returns
    -------
    ClassicFigure
        ``numbers``: ``lags`` (longest_lag + 1,); by network in ``log2_norms`` (longest_lag + 1,), in ``rates`` in nats
        per step, fitted over the second half of the lags, in ``rate_errors``, their standard errors, and in
        ``verdicts``, "vanishing", "exploding" or "carried".

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name.

    Notes
    -----
    By :func:`rnncore.gradient_norms` under hourly temperatures; norms are held as powers of two, which neither
    underflow nor overflow. Hochreiter (1991); Bengio, Simard and Frasconi (1994); Pascanu, Mikolov and Bengio (2013).
    """
    units, longest_lag = as_count("units", units, 2), as_count("longest_lag", longest_lag, 2)
    seed, most = as_count("seed", seed, 0), len(temperatures()) - _SETTLED
    if longest_lag > most:
        raise ValueError(f"longest_lag must be at most {most}, what the series has, got {longest_lag}")
    figure = page(3.6)
    numbers = {"lags": np.arange(longest_lag + 1), "log2_norms": {}, "rates": {}, "rate_errors": {}, "verdicts": {}}
    random = np.random.default_rng(seed)
    for name, cell in networks(units, 1, seed).items():
        cotangent = random.normal(size=cell.output_size)
        _measure(numbers, name, cell, standardised_temperatures(), cotangent)
    layer, readout = trained_network().layers
    _measure(numbers, TRAINED, layer, temperatures(), readout.parameters["weight"][0])
    curves, rates = figure.subplots(1, 2, width_ratios=[1.35, 1])
    _draw_curves(curves, numbers)
    _draw_rates(rates, numbers)
    return ClassicFigure.of(gradients_by_lag, figure, numbers, _caption(numbers))


def _measure(numbers, name, cell, series, cotangent):
    steps = _SETTLED + int(numbers["lags"][-1])
    cotangent = cotangent / np.linalg.norm(cotangent)
    found = gradient_norms(cell, series[:steps], cotangent=cotangent, lags=numbers["lags"])
    numbers["log2_norms"][name], numbers["verdicts"][name] = found.log2_norms, found.verdict
    numbers["rates"][name] = found.rate
    numbers["rate_errors"][name] = np.nan if found.rate_error is None else found.rate_error


def _draw_curves(ax, numbers):
    for look, log2_norms in zip(cycle(LOOKS), numbers["log2_norms"].values()):
        draw_curve(ax, numbers["lags"], within(log2_norms * np.log10(2), -_SHOWN, _SHOWN), look, linewidth=1.2)
    ax.set_ylim(-_SHOWN, _SHOWN)
    panel(ax, "What is left of a gradient", "steps back", "log10 of its norm")
    lag_axis(ax, numbers["lags"][-1])


def _draw_rates(ax, numbers):
    rows_of(ax, list(numbers["rates"]))
    largest = max(1.0, *(abs(rate) for rate in numbers["rates"].values() if np.isfinite(rate)))
    for row, (look, (name, rate)) in enumerate(zip(cycle(LOOKS), numbers["rates"].items())):
        draw_row(ax, row, max(rate, -3 * largest), look)
        ax.errorbar(rate, row, xerr=2 * numbers["rate_errors"][name], color=look["color"], elinewidth=0.8)
        ax.annotate(numbers["verdicts"][name], (1, row), xycoords=("axes fraction", "data"), ha="right", va="center",
                    fontsize=SMALL, color=GREY)  # fmt: skip
    ax.axvline(0, color=BLACK, linewidth=0.7)
    ax.set_xscale("symlog", linthresh=1e-3)
    ax.set_xlim(-3 * largest, 300 * largest)
    ticks = (-1, -0.01, 0, 0.01, 1)
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    panel(ax, "Rates", "nats per step back", "")


def _caption(numbers):
    kinds = {}
    for name, verdict in numbers["verdicts"].items():
        kinds.setdefault(verdict, []).append(f"{name} ({numbers['rates'][name]:.2g})")
    parts = [f"{verdict}: {', '.join(found)}" for verdict, found in kinds.items()]
    return (
        f"Norm of a gradient up to {numbers['lags'][-1]:,} steps back under hourly temperatures, and its rate in nats "
        f"per step over the second half; {'; '.join(parts)}. Curves that leave the picture go on outside."
    )
