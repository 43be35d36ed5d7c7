"""Where the gates of a layer stand."""

import numpy as np

from .style import LINES, RED, drawable, dress, make_axes

_BINS = 40
_WIDEST = 1.5  # gates of other nonlinearities than the logistic one are drawn as far as this


def plot_gates(gates, ax=None):
    """Histograms of one layer's gates, kind by kind, their closed and open ends marked; returns the axes."""
    ax = make_axes(ax)
    values = [drawable(gate.values) for gate in gates]
    values = [part[np.isfinite(part)] for part in values]
    top = min(_WIDEST, max(1.0, *(part.max(initial=0) for part in values)))
    for gate, part, colour in zip(gates, values, LINES):
        weights = np.full(len(part), 100 / max(1, len(part)))
        bins = np.linspace(0, top, _BINS + 1)
        ax.hist(
            np.minimum(part, top), bins, weights=weights, histtype="step", color=colour, linewidth=1.5, label=gate.gate
        )
    for low, high in ((0, 0.01), (0.99, 1)):
        ax.axvspan(low, high, color=RED, alpha=0.4, linewidth=0)
    ax.margins(x=0.02)
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.15 * (high - low))
    ax.legend(frameon=False, ncols=3, loc="upper center", fontsize=9, handlelength=1, columnspacing=1)
    return dress(ax, "Where the gates stand", "closed: 0, open: 1", "% of units and steps")
