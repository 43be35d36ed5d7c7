"""How far apart a pattern keeps the outputs, against the lag."""

import numpy as np

from ..diagnosis.page import describe_time
from .style import BLUE, GREY, ORANGE, RED, dress, make_axes

_FLOOR = 1e-6


def plot_long_term_dependence(found, ax=None):
    """The separation with its standard error, the effect under the same distractors, and the threshold; returns the
    axes."""
    ax = make_axes(ax)
    times = found.lags * found.interval
    low, high = (found.separation + sign * found.standard_errors for sign in (-1, 1))
    ax.fill_between(times, _drawable(low), _drawable(high), color=BLUE, alpha=0.18, linewidth=0)
    ax.plot(times, _drawable(found.effect), color=ORANGE, linewidth=1.3, label="change under the same distractors")
    ax.plot(times, _drawable(found.separation), color=BLUE, linewidth=1.8, label="separation")
    ax.axhline(found.threshold, color=GREY, linewidth=0.9, linestyle="--")
    ax.set_yscale("log")
    if len(times) > 1:
        ax.set_xscale("symlog", linthresh=10 * found.interval)
    ax.margins(x=0)
    if found.steps is not None:
        at = found.separation[np.searchsorted(found.lags, found.steps)]
        if np.isfinite(at):
            ax.plot(found.duration, at, "o", color=RED, markersize=6)
            ax.annotate(
                describe_time(found.duration, found.unit), (found.duration, at),
                xytext=(8, 8), textcoords="offset points", color=RED, fontweight="bold",
            )  # fmt: skip
    ax.legend(frameon=False, loc="lower left", fontsize=9)
    return dress(ax, "How long a pattern tells outputs apart", f"{found.unit} since the pattern", "standard deviations")


def _drawable(values):
    return np.where(np.isfinite(values) & (values > _FLOOR), values, np.nan)
