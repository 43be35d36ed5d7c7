"""What is left of a gradient on its way back along the run."""

import numpy as np

from ..diagnosis.page import describe_time
from .style import BLUE, GREY, RED, dress, make_axes

DECADES = 16  # below the start, or above it, the curve is not followed


def plot_gradients(gradients, ax=None):
    """log10 of the norm against time, with the fitted rate; returns the axes."""
    ax = make_axes(ax)
    dress(ax, "What is left of a gradient", f"{gradients.unit} back", "log10 of its norm")
    curve = gradients.norms.log2_norms * np.log10(2)
    beyond = np.flatnonzero(np.abs(curve) > DECADES)
    shown = int(beyond[0]) + 1 if len(beyond) else len(curve)
    times, values = np.arange(shown) * gradients.interval, curve[:shown]
    ax.plot(times, np.where(np.isfinite(values), values, np.nan), color=BLUE, linewidth=1.8, label="the gradient")
    if gradients.rate is not None and np.isfinite(gradients.rate):
        slope = gradients.rate / np.log(10) / gradients.interval
        finite = np.isfinite(values)
        line = values[finite].mean() + slope * (times - times[finite].mean())
        ax.plot(times, line, color=GREY, linewidth=1.1, linestyle="--", label="fitted rate")
        ax.annotate("dashed: fitted rate", (0.03, 0.04), xycoords="axes fraction", color=GREY, fontsize=9)
    ax.margins(x=0)
    low, high = ax.get_ylim()
    if high - low < 1:
        ax.set_ylim(low - 0.5, high + 0.5)
    side, corner = ("left", 0.03) if gradients.verdict == "explode" else ("right", 0.97)
    ax.annotate(
        _words(gradients), (corner, 0.97), xycoords="axes fraction", ha=side, va="top", color=RED, fontweight="bold"
    )
    return ax


def _words(gradients):
    if gradients.factor_two is None:
        return "zero" if gradients.zero_from is not None else gradients.verdict.replace("are carried", "keeps its size")
    change = "half" if gradients.verdict == "vanish" else "twice"
    return f"{change} its size\nevery {describe_time(gradients.factor_two, gradients.unit)}"
