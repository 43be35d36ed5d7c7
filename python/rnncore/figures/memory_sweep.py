"""Memory over a grid."""

import numpy as np

from .style import LINES, RED, dress, make_axes

_WORDS = {
    "recurrent": "factor of the recurrent weights",
    "leak": "leak",
    "bias": "shift of the bias",
    "input": "factor of the input",
}
_MOST_LINES = len(LINES)


def plot_memory_sweep(found, ax=None):
    """Values along the longest axis, a line for each point of the next longest; of further axes the first value. What
    is infinite stands at the top. Returns the axes."""
    ax = make_axes(ax)
    names = list(found.axes)
    order = sorted(range(len(names)), key=lambda index: -len(found.axes[names[index]]))
    values = found.values.transpose(order)
    values = values[(slice(None), slice(None)) + (0,) * (values.ndim - 2)] if values.ndim > 1 else values.reshape(-1, 1)
    across = found.axes[names[order[0]]] if names else np.zeros(1)
    lines = found.axes[names[order[1]]] if len(names) > 1 else [None]
    finite = values[np.isfinite(values)]
    top = 1.15 * finite.max(initial=1)
    for line, column, colour in zip(lines, values.T[:_MOST_LINES], LINES):
        label = None if line is None else f"{_WORDS[names[order[1]]]} {line:.4g}"
        ax.plot(across, np.where(np.isfinite(column), column, np.nan), "o-", color=colour, markersize=4, label=label)
        ax.plot(across[~np.isfinite(column)], np.full(np.sum(~np.isfinite(column)), top), "^", color=colour)
    if len(finite) < values.size:
        ax.annotate("▲ beyond the lags", (0.98, 0.95), xycoords="axes fraction", ha="right", color=RED, fontsize=9)
    if lines[0] is not None:
        ax.legend(frameon=False, loc="best", fontsize=9)
    ax.set_ylim(0, (1.25 if len(finite) < values.size else 1.0) * top)
    quantity = "steps until forgotten" if found.measure == "horizon" else "memory capacity"
    return dress(ax, quantity.capitalize(), _WORDS[names[order[0]]] if names else "", quantity)
