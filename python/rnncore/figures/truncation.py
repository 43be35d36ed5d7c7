"""What truncated back-propagation misses."""

import numpy as np

from .style import BLUE, GREY, LINES, RED, dress, legend_above, make_axes

_MOST_PARAMETERS = 4
_FLOOR = 1e-16


def plot_truncation(found, ax=None):
    """Relative errors against the truncation, of all parameters together and of single ones; returns the axes."""
    ax = make_axes(ax)
    dress(ax, "What truncated gradients miss", "steps that a gradient goes back", "relative error")
    lines = list(found.by_parameter.items())[:_MOST_PARAMETERS] if len(found.by_parameter) > 1 else []
    for (name, errors), colour in zip(lines, LINES[1:]):
        ax.loglog(found.truncations, _drawable(errors), color=colour, linewidth=1.0, label=name)
    ax.loglog(
        found.truncations, _drawable(found.relative_errors), "o-",
        color=BLUE, linewidth=1.8, markersize=4, label="all parameters",
    )  # fmt: skip
    ax.axhline(0.1, color=GREY, linewidth=0.9, linestyle="--")
    ax.annotate("10 %", (1, 0.1), xycoords=("axes fraction", "data"), ha="right", va="bottom", color=GREY)
    within = np.flatnonzero(~(found.relative_errors <= 0.1))
    first = within[-1] + 1 if len(within) else 0
    words = (
        f"within 10 % from k = {found.truncations[first]} on" if first < len(found.truncations) else "never within 10 %"
    )
    ax.annotate(words, (0.02, 0.05), xycoords="axes fraction", color=RED, fontweight="bold")
    if lines:
        legend_above(ax, 5)
    return ax


def _drawable(errors):
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(errors) & (errors > _FLOOR), errors, np.nan)
