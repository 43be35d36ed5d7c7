"""The distance between two runs that started apart."""

import numpy as np

from ..diagnosis.forgetting import REMAINING
from ..diagnosis.page import describe_time
from .style import BLUE, GREY, RED, drawable, dress, make_axes

_FLOOR = 1e-16
_SHOWN = 6  # times the steps that forgetting took


def plot_forgetting(forgetting, ax=None):
    """What remains of the difference against time, on a logarithmic axis; returns the axes."""
    ax = make_axes(ax)
    dress(ax, "How fast it forgets its start", f"{forgetting.unit} since the start", "difference that remains")
    distance = forgetting.distance
    shown = len(distance) if forgetting.steps is None else min(len(distance), max(10, _SHOWN * forgetting.steps + 1))
    values = drawable(distance[:shown])
    times = np.arange(shown) * forgetting.interval
    with np.errstate(all="ignore"):
        ax.semilogy(times, np.where(values > _FLOOR, values, np.nan), color=BLUE, linewidth=1.8, label="what remains")
    ax.axhline(REMAINING, color=GREY, linewidth=0.9, linestyle="--")
    ax.margins(x=0)
    ax.annotate("1 %", (1, REMAINING), xycoords=("axes fraction", "data"), ha="right", va="bottom", color=GREY)
    if forgetting.steps is not None:
        ax.plot(forgetting.duration, max(distance[forgetting.steps], _FLOOR), "o", color=RED, markersize=6)
        ax.annotate(
            describe_time(forgetting.duration, forgetting.unit),
            (forgetting.duration, REMAINING), xytext=(8, 8), textcoords="offset points", color=RED, fontweight="bold",
        )  # fmt: skip
    else:
        ax.annotate(
            forgetting.verdict, (0.5, 0.06), xycoords="axes fraction", ha="center", color=RED, fontweight="bold"
        )
    return ax
