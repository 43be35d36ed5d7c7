"""The start of a run: the states of some units."""

import numpy as np

from .style import LINES, drawable, dress, legend_above, make_axes, time_axis

_WIDE = 1e6  # a range that only a logarithmic axis shows


def plot_traces(traces, ax=None):
    """States of the first units along the first steps; returns the axes."""
    ax = make_axes(ax)
    values = drawable(traces.values)
    times, label = time_axis(np.arange(1, len(values) + 1), traces.interval, traces.unit)
    for line, colour, name in zip(values.T, LINES, traces.names):
        ax.plot(times, line, color=colour, linewidth=1.1, label=name)
    ax.margins(x=0)
    if np.nanmax(np.abs(values), initial=0) > _WIDE:
        ax.set_yscale("symlog")
    elif values.shape[1] > 1:
        legend_above(ax, 9)
    return dress(ax, "The first units along the first steps", f"{label} since the start of the run", "state")
