"""What remains of a perturbation against the lag."""

import numpy as np

from ..diagnosis.page import describe_time
from .style import BLUE, GREY, ORANGE, RED, dress, make_axes

_FLOOR = 1e-16
_SHOWN = 3  # times the horizon


def plot_memory_horizon(found, ax=None):
    """Medians of what remains of a perturbed state and of a perturbed input, the middle half of the starts shaded, and
    the fitted law; returns the axes."""
    ax = make_axes(ax)
    horizons = [steps for steps in (found.steps, found.input_steps) if steps is not None]
    shown = len(found.lags) if found.steps is None else min(len(found.lags), max(12, _SHOWN * max(horizons) + 1))
    times = found.lags[:shown] * found.interval
    for curve, percentiles, colour, label in (
        (found.input_curve, found.input_percentiles, ORANGE, "of an input"),
        (found.curve, found.percentiles, BLUE, "of the state"),
    ):
        if curve is not None:
            low, high = (_drawable(percentiles[row, :shown]) for row in (1, 3))
            ax.fill_between(times, low, high, color=colour, alpha=0.18, linewidth=0)
            ax.plot(times, _drawable(curve[:shown]), color=colour, linewidth=1.8, label=label)
    _draw_law(found, shown, ax)
    ax.set_yscale("log")
    ax.margins(x=0)
    ax.axhline(found.threshold, color=GREY, linewidth=0.9, linestyle="--")
    ax.annotate(
        f"{100 * found.threshold:.3g} %", (1, found.threshold), xycoords=("axes fraction", "data"), ha="right",
        va="bottom", color=GREY,
    )  # fmt: skip
    if found.steps is not None:
        ax.plot(found.duration, max(found.curve[found.steps], _FLOOR), "o", color=RED, markersize=6)
        ax.annotate(
            describe_time(found.duration, found.unit), (found.duration, max(found.curve[found.steps], _FLOOR)),
            xytext=(8, 8), textcoords="offset points", color=RED, fontweight="bold",
        )  # fmt: skip
    else:
        ax.annotate(found.verdict, (0.5, 0.06), xycoords="axes fraction", ha="center", color=RED, fontweight="bold")
    ax.legend(frameon=False, loc="upper right", fontsize=9)
    return dress(ax, "What remains of a perturbation", f"{found.unit} since", "share that remains")


def _draw_law(found, shown, ax):
    law = found.decay
    if law is None or law.first >= shown:
        return
    lags = np.arange(law.first, min(law.last + 1, shown), dtype=float)
    if law.law == "exponential":
        shape, middle = law.rate * lags, law.rate * np.arange(law.first, law.last + 1.0)
    else:
        shape, middle = law.exponent * np.log(lags), law.exponent * np.log(np.arange(law.first, law.last + 1.0))
    level = np.mean(np.log(found.curve[law.first : law.last + 1]) - middle)
    ax.plot(
        lags * found.interval, _drawable(np.exp(level + shape)), color=GREY, linewidth=1.2, linestyle=":", label=law.law
    )


def _drawable(curve):
    return np.where(np.isfinite(curve) & (curve > _FLOOR) & (curve < 1 / _FLOOR), curve, np.nan)
