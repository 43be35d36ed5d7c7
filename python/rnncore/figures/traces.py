"""A stretch of the run: the states of some units."""

import numpy as np

from .style import LINES, dress, make_axes, time_axis


def plot_traces(traces, ax=None):
    """States of the first units along the last steps of the first pass; returns the axes."""
    ax = make_axes(ax)
    steps = traces.first_step + np.arange(len(traces.states))
    times, label = time_axis(steps, traces.interval, traces.unit)
    for unit, values in enumerate(traces.states.T):
        ax.plot(times, values, color=LINES[unit], linewidth=1.1, label=f"unit {unit}")
    if traces.states.shape[1] > 1:
        ax.legend(frameon=False, ncols=5, fontsize=9, loc="upper left", bbox_to_anchor=(0, 1.02))
    ax.margins(x=0)
    return dress(ax, "States of the first units", f"{label} since the start of the run", "state")
