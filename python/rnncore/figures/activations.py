"""Where the units of a layer stand on their nonlinearity."""

import numpy as np

from .style import BLUE, GREY, RED, drawable, dress, make_axes

_FLAT_ENDS = {"tanh": ((-1, -0.99), (0.99, 1)), "sigmoid": ((0, 0.005), (0.995, 1))}
_RANGE = {"tanh": (-1, 1), "sigmoid": (0, 1)}


def plot_activations(saturation, ax=None):
    """Histogram of φ(z), its saturated ends marked; returns the axes."""
    ax = make_axes(ax)
    values = drawable(saturation.activations)
    values = values[np.isfinite(values)]
    bins = np.linspace(*_RANGE.get(saturation.nonlinearity, _widest(values)), 61)
    weights = np.full(len(values), 100 / max(1, len(values)))
    ax.hist(values, bins, weights=weights, color=BLUE, alpha=0.85, label="% of units and steps")
    for low, high in _FLAT_ENDS.get(saturation.nonlinearity, ()):
        ax.axvspan(low, high, color=RED, alpha=0.5, linewidth=0)
    ax.margins(x=0.02)
    ax.set_ylim(top=1.15 * ax.get_ylim()[1])  # room for the words
    ax.annotate(
        f"{100 * saturation.share:.3g} % saturated", (0.5, 0.97), xycoords="axes fraction", ha="center", va="top",
        color=RED if saturation.share > 0.01 else GREY,
    )  # fmt: skip
    return dress(ax, "Where the units stand", f"{saturation.nonlinearity} of the unit", "% of units and steps")


def _widest(values):
    if not len(values):
        return 0, 1
    low, high = np.quantile(values, [0.001, 0.999])
    return (low, high) if high > low else (low - 1, high + 1)
