"""The size of a gradient against the lag."""

import numpy as np

from .style import GREY, LINES, RED, dress, legend_above, make_axes

_MOST_SEQUENCES = 5
_LEAST_RANGE = 1.0  # decades; a curve that is flat but for rounding shall look flat


def plot_gradient_norms(found, ax=None, *, interval=1.0, unit="steps"):
    """log10 of the norms, of single sequences with their groups and the fitted rate; returns the axes.

    ``interval`` is the time of a step, in ``unit``.
    """
    ax = make_axes(ax)
    times = found.lags * interval
    curves = np.atleast_2d(found.log2_norms.T)[:_MOST_SEQUENCES] * np.log10(2)
    single = found.log2_norms.ndim == 1
    for index, (curve, colour) in enumerate(zip(curves, LINES)):
        label = "all units" if single else f"sequence {index}"
        ax.plot(times, _finite(curve), color=colour, linewidth=1.6, label=label)
    if single:
        for (name, curve), colour in zip(found.by_group.items(), LINES[1:]):
            ax.plot(times, _finite(curve * np.log10(2)), color=colour, linewidth=1.1, label=name)
        _draw_fit(found, times, curves[0], ax)
    ax.margins(x=0)
    low, high = ax.get_ylim()
    if high - low < _LEAST_RANGE:
        ax.set_ylim((low + high - _LEAST_RANGE) / 2, (low + high + _LEAST_RANGE) / 2)
    if len(ax.lines) > 1:
        legend_above(ax, 6)
    what = "the worst cotangent" if found.directions is not None else "one cotangent"
    dress(ax, f"What is left of a gradient: {what}", f"{unit} back", "log10 of its norm")
    return ax


def _finite(curve):
    return np.where(np.isfinite(curve), curve, np.nan)


def _draw_fit(found, times, curve, ax):
    """The fitted line, where there is one, and the words."""
    half = times >= times[-1] / 2 if len(times) else []
    usable = np.isfinite(curve) & half
    if found.rate is not None and np.isfinite(found.rate) and usable.any():
        slope = found.rate / np.log(10)
        middle = found.lags[usable].mean()
        fitted = curve[usable].mean() + slope * (found.lags[half] - middle)
        ax.plot(times[half], fitted, color=GREY, linewidth=1.2, linestyle="--", label="fit")
    corner, side = (0.98, "right") if found.verdict == "exploding" else (0.02, "left")
    ax.annotate(found.verdict, (corner, 0.05), xycoords="axes fraction", ha=side, color=RED, fontweight="bold")
