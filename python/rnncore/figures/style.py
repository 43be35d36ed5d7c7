"""Colours and axes that the figures share; colours are told apart by colour-blind readers (Okabe and Ito 2008)."""

import numpy as np

from ..markup import printable

BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#7A7A7A"
LINES = (BLUE, ORANGE, GREEN, RED, "#CC79A7")


def make_axes(ax):
    """The caller's axes, or those of a new figure."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(8, 4), layout="constrained")[1]


def dress(ax, title, xlabel, ylabel):
    """A heading that says what is seen, labelled axes, no box."""
    ax.set_title(printable(title), loc="left", fontsize=11, fontweight="bold", pad=8, parse_math=False)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(True, color="#E6E6E6", linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def legend_above(ax, columns):
    """One row of names in room made for it above the lines."""
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.22 * (high - low))
    ax.legend(frameon=False, ncols=columns, loc="upper left", fontsize=9)


def first_sequence(values):
    """``(k,)`` of ``(k,)`` or ``(B, k)``; nothing of a batch of none."""
    return values if values.ndim == 1 else next(iter(values), values[:0, 0])


def drawable(values):
    """What matplotlib can scale an axis to; a run that diverges ends where it leaves the picture."""
    values = np.asarray(values, np.float64)
    return np.where(np.abs(values) < 1e150, values, np.nan)


def time_axis(steps, interval, unit):
    """``(times, label)``: long times of hours as days."""
    if unit == "hours" and len(steps) and (steps[-1] - steps[0]) * interval > 72:
        return steps * interval / 24, "days"
    return steps * interval, unit


def take_words_literally(ax):
    """Names of files and columns in the words on the axes are no formulas, whatever signs they hold."""
    legend = ax.get_legend()
    for text in (ax.xaxis.label, ax.yaxis.label, *ax.texts, *(legend.get_texts() if legend else ())):
        text.set_parse_math(False)
        text.set_text(printable(text.get_text()))
