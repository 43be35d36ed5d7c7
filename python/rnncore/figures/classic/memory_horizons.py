"""How long every kind of cell remembers."""

from itertools import cycle

import numpy as np

from ...arrays import as_count, as_number
from ...memory import memory_horizon
from .classic_figure import ClassicFigure
from .networks import networks
from .panels import BLACK, LOOKS, draw_curve, draw_row, lag_axis, page, panel, rows_of, within
from .real_series import TRAINED, standardised_temperatures, temperatures, trained_network

_FLOOR, _TOP = 1e-6, 1e2
_LAGS = 300  # about so many are drawn


def memory_horizons(*, units=32, longest_lag=4000, threshold=0.01, starts=200, seed=0):
    """Memory horizons of every kind of cell under the same real input, side by side.

    From many steps of a run the state is moved a little in a random direction, and followed: P_k = A_{t+k} ⋯ A_{t+1}
    applied to it, under the series as it goes on. The horizon is the lag from which on the median of what remains stays
    at or below 1 %.

    Parameters
    ----------
    units : int
        Of each network, at least 2; the trained LSTM has 48.
    longest_lag : int
        1 to 7000.
    threshold : float
        In (0, 1).
    starts : int
        At least 1.
    seed : int
        Of weights, starts and directions.

    Returns
    -------
    ClassicFigure
        ``numbers``: ``threshold``; ``lags`` (L,); by network in ``curves`` (L,), the median of what remains, in
        ``horizons``, in steps, NaN where it is not reached, and in ``verdicts``, "forgets", "does not forget" or
        "cannot say".

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name.

    Notes
    -----
    By :func:`rnncore.memory_horizon` under hourly temperatures. That a network forgets its state is the echo-state
    property of Jaeger (2001).
    """
    units, longest_lag = as_count("units", units, 2), as_count("longest_lag", longest_lag, 1)
    threshold, starts = as_number("threshold", threshold), as_count("starts", starts, 1)
    seed = as_count("seed", seed, 0)
    figure = page(3.6)
    options = {"threshold": threshold, "max_lag": longest_lag, "starts": starts, "seed": seed}
    found = {
        name: memory_horizon(cell, standardised_temperatures(), **options)
        for name, cell in networks(units, 1, seed).items()
    }
    found[TRAINED] = memory_horizon(trained_network().layers[0], temperatures(), **options)
    lags = np.unique(np.append(0, np.geomspace(1, longest_lag, _LAGS).round().astype(int)))
    numbers = {
        "threshold": threshold,
        "lags": lags,
        "curves": {name: each.curve[lags] for name, each in found.items()},
        "horizons": {name: np.nan if each.steps is None else each.steps for name, each in found.items()},
        "verdicts": {name: each.verdict for name, each in found.items()},
    }
    curves, horizons = figure.subplots(1, 2, width_ratios=[1.35, 1])
    _draw_curves(curves, numbers)
    _draw_horizons(horizons, numbers, longest_lag)
    return ClassicFigure.of(memory_horizons, figure, numbers, _caption(numbers, longest_lag))


def _draw_curves(ax, numbers):
    for look, curve in zip(cycle(LOOKS), numbers["curves"].values()):
        draw_curve(ax, numbers["lags"], within(curve, _FLOOR, _TOP), look, linewidth=1.2)
    ax.axhline(numbers["threshold"], color=BLACK, linewidth=0.7, linestyle=":")
    ax.set_yscale("log")
    ax.set_ylim(_FLOOR, _TOP)
    lag_axis(ax, numbers["lags"][-1])
    panel(ax, "What remains of a small change", "steps since", "share that remains")


def _draw_horizons(ax, numbers, longest_lag):
    names = list(numbers["horizons"])
    rows_of(ax, names)
    for row, (look, name) in enumerate(zip(cycle(LOOKS), names)):
        horizon = numbers["horizons"][name]
        beyond = np.isnan(horizon)
        draw_row(ax, row, longest_lag if beyond else horizon, look, goes_on=beyond)
    lag_axis(ax, longest_lag)
    panel(ax, f"Horizon: at most {100 * numbers['threshold']:g} % is left", "steps", "")


def _caption(numbers, longest_lag):
    horizons = numbers["horizons"]
    known = sorted((name for name in horizons if not np.isnan(horizons[name])), key=horizons.get)
    beyond = [f"{name} ({numbers['verdicts'][name]})" for name in horizons if np.isnan(horizons[name])]
    return (
        f"Under hourly temperatures at most {100 * numbers['threshold']:g} % of a small change of the state is left, "
        f"the shortest memory first: {', '.join(f'{name} after {horizons[name]:,}' for name in known)} steps. "
        f"Not within {longest_lag:,} steps: {', '.join(beyond) or 'none'}."
    )
