"""Outputs along time."""

import numpy as np

from .style import LINES, drawable, dress, legend_above, make_axes

_MOST_UNITS = 5
_MOST_POINTS = 5000


def plot_trajectory(trajectory, ax=None):
    """The kept outputs (states, where those were kept) of the first units of the first sequence; returns the axes."""
    kept = trajectory.outputs if trajectory.outputs is not None else trajectory.states
    if kept is None or trajectory.steps == 0 or kept.ndim < 2 or len(kept) == 0:
        raise ValueError('the trajectory keeps no steps to draw; simulate with keep="outputs" or an integer')
    ax = make_axes(ax)
    every = trajectory.steps // len(kept)
    stride = -(-len(kept) // _MOST_POINTS)
    steps = every * np.arange(1, len(kept) + 1)[::stride]
    first = kept if kept.ndim == 2 else kept[:, 0]
    shown = drawable(first[::stride, :_MOST_UNITS])
    for unit, values in enumerate(shown.T):
        ax.plot(steps, values, color=LINES[unit % len(LINES)], linewidth=1, label=f"unit {unit}")
    if shown.shape[1] > 1:
        legend_above(ax, _MOST_UNITS)
    units = first.shape[1]
    title = f"Outputs of the first {shown.shape[1]} of {units} units" if units > shown.shape[1] else "Outputs"
    return dress(ax, title, "step", "output")
