"""An output and the responses it is the sum of."""

import numpy as np

from ..arrays import as_count
from .style import BLUE, GREEN, GREY, ORANGE, drawable, dress, legend_above, make_axes

_MOST_POINTS = 5000
_COLOURS = {"inputs": BLUE, "state": ORANGE, "bias": GREEN}


def plot_superposition(found, ax=None, *, unit=0):
    """One output of the first sequence, grey and wide, and its parts; returns the axes."""
    unit = as_count("unit", unit, 0)
    if unit >= found.outputs.shape[-1]:
        raise ValueError(f"unit must be less than the {found.outputs.shape[-1]} outputs, got {unit}")
    if not found.outputs.size:
        raise ValueError("there is nothing to draw: no steps or no sequences")
    ax = make_axes(ax)
    stride = -(-found.steps // _MOST_POINTS)
    steps = np.arange(1, found.steps + 1)[::stride]
    ax.plot(steps, drawable(_curve(found.outputs, unit)[::stride]), color=GREY, linewidth=3.5, alpha=0.5, label="sum")
    for name, part in found.parts.items():
        ax.plot(steps, drawable(_curve(part, unit)[::stride]), color=_COLOURS[name], linewidth=1.1, label=f"of {name}")
    ax.margins(x=0)
    legend_above(ax, 4)
    return dress(ax, f"Output {unit} as a sum of responses", "step", "output")


def _curve(values, unit):
    return values[:, unit] if values.ndim == 2 else values[:, 0, unit]
