"""Memory capacity against the lag."""

import numpy as np

from ..memory.chance import beyond_chance
from .style import BLUE, GREY, LINES, dress, make_axes

_MOST_CHANNELS = 5


def plot_memory_capacity(found, ax=None):
    """Capacity at each lag, channel by channel where there are several, and the level that chance does not reach;
    returns the axes. What polynomials add stands in the corner."""
    ax = make_axes(ax)
    times = np.arange(len(found.raw)) * found.interval
    capacities = np.concatenate([beyond_chance(found.raw[:1], found.chance, found.thresholds), found.by_channel])
    channels = capacities.shape[1]
    if channels == 1:
        ax.fill_between(times, capacities[:, 0], color=BLUE, alpha=0.18, linewidth=0)
    for channel, colour in zip(range(min(channels, _MOST_CHANNELS)), LINES):
        label = f"input {channel}" if channels > 1 else "share held"
        ax.plot(times, capacities[:, channel], color=colour, linewidth=1.8, label=label)
    if found.thresholds.max() > 0 and np.isfinite(found.thresholds.max()):
        ax.axhline(found.thresholds.max(), color=GREY, linewidth=0.9, linestyle="--")
        ax.annotate(
            "beyond chance", (1, found.thresholds.max()), xycoords=("axes fraction", "data"), ha="right", va="bottom",
            color=GREY,
        )  # fmt: skip
    words = [f"total {found.total:.4g} of at most {found.bound}"]
    for degree, value in enumerate(found.by_degree[1:], start=2):
        words.append(f"degree {degree}: {value:.4g}")
    ax.annotate("\n".join(words), (0.98, 0.94), xycoords="axes fraction", ha="right", va="top", fontweight="bold")
    if channels > 1:
        ax.legend(frameon=False, loc="center right", fontsize=9)
    ax.set_ylim(0, 1.05)
    ax.margins(x=0)
    return dress(ax, "How much of its past input it holds", f"{found.unit} ago", "share of the variance")
