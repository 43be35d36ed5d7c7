"""The three verdicts on stability, and how far the conditions behind them are from the border."""

import textwrap
from typing import NamedTuple

import numpy as np

from .style import BLUE, GREY, ORANGE, RED, dress, make_axes

LOOKS = {"stable": (BLUE, "✓"), "unstable": (RED, "✗"), "undecided": (ORANGE, "?")}
QUESTIONS = {"bounded": "stays bounded", "incremental": "forgets its start", "gradients": "gradients vanish"}
_EDGES = 1e-3, 1e3  # what lies beyond is drawn there
_ROOM = 1.0  # decades
_LONGEST = 46  # letters of a condition's name


class _Mark(NamedTuple):
    value: float
    marker: str
    proves: bool
    name: str


def draw(report, ax=None):
    """A row for each question with its verdict, and under it all that was evaluated, on a scale where 1 is the border;
    returns the axes.

    Filled points prove, open ones say nothing: circles are conditions, diamonds rates that were proved, triangles
    estimates. What is farther from 1 than the axis reaches lies at its ends.
    """
    ax = make_axes(ax)
    beside = ax.get_yaxis_transform()
    line, rules = 0, []
    for found in report.properties:
        colour, symbol = LOOKS[found.verdict]
        ax.text(
            0.012, line, f"{symbol} {found.verdict}", color=colour, fontweight="bold", va="center", transform=beside
        )
        ax.text(0.99, line, QUESTIONS[found.name], fontsize=9, va="center", ha="right", transform=beside)
        for mark in _marks(found):
            line -= 1
            _draw_mark(mark, line, colour if mark.proves else GREY, ax)
        rules.append(line - 0.5)
        line -= 1
    for rule in rules[:-1]:
        ax.axhline(rule, color="#CCCCCC", linewidth=0.8)
    ax.axvspan(_EDGES[0] / 2, 1, color=BLUE, alpha=0.06, linewidth=0)
    ax.axvline(1, color=GREY, linewidth=1, linestyle="--")
    ax.set_xscale("log")
    ax.set_xlim(_EDGES[0] / 2, _EDGES[1] * 2)
    ax.set_ylim(line + 0.3, 0.7)
    ax.set_xticks(10.0 ** np.arange(-3, 4))
    ax.minorticks_off()
    dress(ax, "What is proved", "factor (1: the border; filled: proved)", "the three questions")
    ax.set_yticks([])
    return ax


def _draw_mark(mark, line, colour, ax):
    place = float(np.clip(mark.value, *_EDGES))
    filling = {} if mark.proves else {"markerfacecolor": "none"}
    ax.plot(place, line, mark.marker, color=colour, markersize=7, zorder=3, **filling)
    outside = -1 if mark.value < 1 else 1  # of the border, as long as there is room
    side = outside if abs(np.log10(place)) < _ROOM else -outside
    ax.annotate(
        f"{textwrap.shorten(mark.name, _LONGEST, placeholder=' …')}, {mark.value:.3g}", (place, line),
        xytext=(8 * side, 0), textcoords="offset points", ha="left" if side > 0 else "right", va="center", fontsize=8,
        color=colour,
    )  # fmt: skip


def _marks(found):
    for condition in found.conditions:
        yield _Mark(condition.value, "o", condition.holds, condition.name)
    if found.rate is not None:
        yield _Mark(found.rate, "D", True, "rate a step")
    if found.estimate is not None:
        yield _Mark(found.estimate, "^", False, "estimate, not proved")
