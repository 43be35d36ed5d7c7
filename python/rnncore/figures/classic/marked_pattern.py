"""A marked pattern and the distance at which it is still told from another."""

from itertools import cycle

import numpy as np

from ...arrays import as_count
from ...cells import GatedDiagonal
from ...memory import long_term_dependence
from .classic_figure import ClassicFigure
from .networks import networks
from .panels import BLACK, LOOKS, draw_curve, draw_row, lag_axis, note, page, panel, rows_of, within
from .real_series import TRAINED, standardised_temperatures, temperatures, trained_network
from .value_store import MARGIN, SATURATION

PATTERN = np.array([1.0, 1.0, -1.0, 1.0, 1.0])
SWITCHED = "switched by the mark"
_FLOOR, _TOP = 0.05, 1e3


def marked_pattern(*, units=24, longest_lag=1000, starts=250, seed=0):
    """A marked pattern or its negative passes by, real distractors follow: who still tells the two apart, and how long.

    At many places of a real series five steps are replaced by a pattern, or by its negative, with a mark on a second
    input; then the series goes on and distracts. After every lag the outputs of the two cases make two clouds, and what
    counts is how many standard deviations their means lie apart: below about 1 nobody can tell.

    Parameters
    ----------
    units : int
        Of each network, at least 2; the trained LSTM has 48.
    longest_lag : int
        1 to 4000.
    starts : int
        Places of the series; at least 110.
    seed : int
        Of weights and places.

    Returns
    -------
    ClassicFigure
        ``numbers``: ``lags`` (L,); by network in ``separation`` (L,), in standard deviations (infinite where
        distractors move no output), in ``standard_errors`` (L,), and in ``told_apart_until``, the last lag with a
        separation of at least ``threshold``, NaN where there is none.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name.

    Notes
    -----
    By :func:`rnncore.long_term_dependence` on hourly temperatures. After the latching problem of Bengio, Simard and
    Frasconi (1994). The last network is a gated memory whose gate and input the mark switches.
    """
    units, longest_lag = as_count("units", units, 2), as_count("longest_lag", longest_lag, 1)
    starts, seed = as_count("starts", starts, 110), as_count("seed", seed, 0)
    if longest_lag > 4000:
        raise ValueError(f"longest_lag must be at most 4000, got {longest_lag}")
    figure = page(3.6)
    series = standardised_temperatures()
    inputs = np.column_stack([series, np.zeros(len(series))])
    shown, contrast = (np.column_stack([sign * PATTERN, np.ones(len(PATTERN))]) for sign in (1, -1))
    cells = networks(units, 2, seed) | {TRAINED: _trained(), SWITCHED: _switched()}
    numbers = {"threshold": 1.0, "separation": {}, "standard_errors": {}, "told_apart_until": {}}
    for name, cell in cells.items():
        found = long_term_dependence(
            cell, inputs, shown, contrast=contrast, lags=longest_lag, threshold=numbers["threshold"], starts=starts,
            seed=seed,
        )  # fmt: skip
        numbers["lags"] = found.lags
        numbers["separation"][name], numbers["standard_errors"][name] = found.separation, found.standard_errors
        numbers["told_apart_until"][name] = np.nan if found.steps is None else found.steps
    curves, reach = figure.subplots(1, 2, width_ratios=[1.35, 1])
    _draw_curves(curves, numbers)
    _draw_reach(reach, numbers)
    return ClassicFigure.of(marked_pattern, figure, numbers, _caption(numbers))


def _trained():
    """The trained LSTM, for standardised temperatures and a mark that it does not see."""
    layer, values = trained_network().layers[0], temperatures()
    weight = layer.parameters["weight_ih"]
    moved = layer.parameters["bias_ih"] + weight[:, 0] * values.mean()
    return layer.replace(weight_ih=np.column_stack([values.std() * weight, np.zeros(len(weight))]), bias_ih=moved)


def _switched():
    """The mark closes the gate and opens the input; else the gate is 1 and nothing enters."""
    enter = np.array([[1.0, 8 * MARGIN], [-1.0, 8 * MARGIN]])
    close = np.array([[0.0, -2 * SATURATION]] * 2)
    return GatedDiagonal(enter, close, np.full(2, -8 * MARGIN), np.full(2, SATURATION), nonlinearity="relu")


def _draw_curves(ax, numbers):
    for look, separation in zip(cycle(LOOKS), numbers["separation"].values()):
        draw_curve(ax, numbers["lags"], within(np.minimum(separation, _TOP), _FLOOR), look, linewidth=1.2)
    ax.axhline(numbers["threshold"], color=BLACK, linewidth=0.7, linestyle=":")
    ax.set_yscale("log")
    ax.set_ylim(_FLOOR, 1.5 * _TOP)
    lag_axis(ax, numbers["lags"][-1])
    note(ax, f"at {_TOP:,.0f}: so far apart or farther", (0.97, 0.93), ha="right")
    panel(ax, "The two patterns apart", "steps since the pattern", "standard deviations")


def _draw_reach(ax, numbers):
    names, last = list(numbers["told_apart_until"]), numbers["lags"][-1]
    rows_of(ax, names)
    for row, (look, name) in enumerate(zip(cycle(LOOKS), names)):
        until = numbers["told_apart_until"][name]
        if np.isnan(until):
            note(ax, "never", (0.02, 1 - (row + 0.5) / len(names)), va="center")
            continue
        draw_row(ax, row, until, look, goes_on=until == last)
    lag_axis(ax, last)
    panel(ax, "Told apart until", "steps since the pattern", "")


def _caption(numbers):
    last = numbers["lags"][-1]
    until = numbers["told_apart_until"]
    still = [name for name, lag in until.items() if lag == last]
    lost = [f"{name} ({'never' if np.isnan(lag) else f'{lag:,} steps'})" for name, lag in until.items() if lag != last]
    return (
        "A marked pattern of five steps or its negative, then hourly temperatures as distractors. At a distance of "
        f"{last:,} steps the two are still at least {numbers['threshold']:g} standard deviation apart for: "
        f"{', '.join(still) or 'none'}. The others tell them apart no longer than: {', '.join(lost)}."
    )
