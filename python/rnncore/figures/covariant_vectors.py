"""Angles between covariant Lyapunov vectors."""

import numpy as np

from .style import LINES, dress, legend_above, make_axes

_MOST_PAIRS = 5


def plot_covariant_vectors(found, ax=None):
    """Histograms of the angles between neighbours, the first pairs of them; returns the axes.

    Angles that come near zero are near tangencies: there the dynamics is not hyperbolic.
    """
    pairs = min(_MOST_PAIRS, found.vectors.shape[-1] - 1)
    if pairs == 0:
        raise ValueError("there is one vector only, and no angle to draw; ask for k of at least 2")
    ax = make_axes(ax)
    for first in range(pairs):
        degrees = np.degrees(found.angles(first, first + 1)).ravel()
        ax.hist(
            degrees, np.linspace(0, 90, 46), histtype="step", color=LINES[first], linewidth=1.4,
            weights=np.full(len(degrees), 100 / max(1, len(degrees))), label=f"vectors {first + 1} and {first + 2}",
        )  # fmt: skip
    ax.margins(x=0)
    legend_above(ax, 3)
    return dress(ax, "Angles between covariant vectors", "degrees", "% of steps")
