"""Singular values of a product of Jacobians."""

import numpy as np

from .style import BLUE, dress, first_sequence, make_axes


def plot_singular_spectrum(spectrum, ax=None):
    """Natural logs against the index, of the first sequence of a batch; returns the axes."""
    ax = make_axes(ax)
    logs = first_sequence(spectrum.log_singular_values)
    values = np.where(np.isfinite(logs), logs, np.nan)
    ax.plot(np.arange(1, len(values) + 1), values, color=BLUE, marker="o", markersize=3, linewidth=1)
    return dress(ax, f"Singular values after {spectrum.steps:,} steps", "index", "natural log")
