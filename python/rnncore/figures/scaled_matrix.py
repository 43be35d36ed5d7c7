"""A product of Jacobians: its columns' growth, or its singular values."""

import numpy as np

from .style import BLUE, LINES, dress, first_sequence, make_axes

_MOST_COLUMNS = 20


def plot_scaled_matrix(product, ax=None):
    """log2 of the norms against the step, or the singular values against their index; returns the axes.

    Of a batch, its first sequence.
    """
    ax = make_axes(ax)
    norms = product.log2_norms
    if norms is not None and len(norms):
        norms = norms if norms.ndim == 2 else norms[:, :1].reshape(len(norms), -1)
        steps = product.every * np.arange(1, len(norms) + 1)
        for column, values in enumerate(norms.T[:_MOST_COLUMNS]):
            ax.plot(steps, np.where(np.isfinite(values), values, np.nan), color=LINES[column % len(LINES)], linewidth=1)
        return dress(ax, "Growth of the columns", "step", "log2 of the norm")
    values = first_sequence(product.log_singular_values())
    values = np.where(np.isfinite(values), values, np.nan)
    ax.plot(np.arange(1, len(values) + 1), values, color=BLUE, marker="o", markersize=3, linewidth=1)
    return dress(ax, f"Singular values after {product.steps:,} steps", "index", "natural log")
