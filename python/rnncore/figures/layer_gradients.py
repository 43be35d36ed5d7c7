"""The size of a gradient by layer, and how few parameters hold it."""

import numpy as np

from .style import BLUE, GREEN, GREY, ORANGE, RED, dress, legend_above, make_axes

_BAND = (10, 50, 90)  # percentiles of the single inputs


def plot_layer_gradients(found, ax=None):
    """Magnitude by layer; without ``ax`` the concentration beside it. Returns the magnitude's axes."""
    if ax is not None:
        return _plot_magnitude(found, ax)
    import matplotlib.pyplot as plt

    ax, beside = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")[1]
    plot_concentration(found, beside)
    return _plot_magnitude(found, ax)


def plot_concentration(found, ax=None):
    """Shares by layer; returns the axes."""
    ax = make_axes(ax)
    layers = np.arange(1, len(found.norms) + 1)
    held, negligible = found.concentration.of_squares, found.concentration.negligible_in_net
    ax.plot(layers, 100 * held, "o-", color=ORANGE, label="of the squared gradient in the largest 1 % of parameters")
    ax.plot(layers, 100 * negligible, "s-", color=GREY, label="of parameters below 1e-3 of the net's largest")
    ax.set_ylim(0, 130)
    ax.set_yticks(range(0, 101, 20))
    ax.legend(frameon=False, loc="upper left", fontsize=9)
    return _by_layer(dress(ax, "How few parameters hold the gradient", "", "%"))


def _plot_magnitude(found, ax):
    layers = np.arange(1, len(found.norms) + 1)
    ax.plot(layers, _log10(found.root_mean_squares), "o-", color=BLUE, label="all inputs together")
    if len(found.single_norms) > 1:
        low, middle, high = _log10(np.percentile(found.single_norms / np.sqrt(found.sizes), _BAND, axis=0))
        ax.plot(layers, middle, "s-", color=GREEN, markersize=4, label="parts of single inputs, 10 to 90 %")
        ax.fill_between(layers, low, high, color=GREEN, alpha=0.2, linewidth=0)
    zero = int(np.sum(found.norms == 0))
    if zero:
        ax.annotate(f"zero in {zero} layers", (0.98, 0.04), xycoords="axes fraction", ha="right", color=RED)
    legend_above(ax, 1)
    return _by_layer(dress(ax, "Gradient by layer, root mean square over parameters", "", "log10"))


def _log10(values):
    """What is zero is not drawn."""
    return np.where(values > 0, np.log10(np.where(values > 0, values, 1)), np.nan)


def _by_layer(ax):
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlabel("layer, from the input on")
    return ax
