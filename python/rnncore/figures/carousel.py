"""A gradient and the part of it that the gates carry; how long each unit's gates keep their memory."""

import numpy as np

from ..gated_memory.result import root_sum
from .style import BLUE, GREY, ORANGE, dress, first_sequence, legend_above, make_axes

_LEAST_RANGE = 1.0  # decades


def plot_carousel(found, ax=None):
    """Gradient and carousel; without ``ax`` shares and time constants beside them. Returns the gradient's axes.

    Of a batch, its first sequence.
    """
    if ax is not None:
        return plot_gradient_and_carousel(found, ax)
    import matplotlib.pyplot as plt

    axes = plt.subplots(1, 3, figsize=(15, 4), layout="constrained")[1]
    plot_shares(found, axes[1])
    plot_time_constants(found, axes[2])
    return plot_gradient_and_carousel(found, axes[0])


def plot_gradient_and_carousel(found, ax=None, *, interval=1.0, unit="steps", decades=np.inf):
    """log10 of the norms over all units against the lag, as far as the gradient is within ``decades`` of its start;
    ``interval`` is the time of a step, in ``unit``."""
    ax = make_axes(ax)
    gradient, carried = (
        root_sum(_first(found, log2)) * np.log10(2) for log2 in (found.log2_gradients, found.log2_carousel)
    )
    with np.errstate(invalid="ignore"):  # no gradient at all
        beyond = np.flatnonzero(np.abs(gradient - gradient[0]) > decades)
    shown = slice(int(beyond[0]) + 1 if len(beyond) else None)
    times = (found.lags * interval)[shown]
    for curve, colour, width, label in (
        (gradient[shown], BLUE, 3.2, "the gradient"),
        (carried[shown], ORANGE, 1.6, "by the gates alone"),
    ):
        ax.plot(times, np.where(np.isfinite(curve), curve, np.nan), color=colour, linewidth=width, label=label)
    ax.margins(x=0)
    low, high = ax.get_ylim()
    if high - low < _LEAST_RANGE:
        ax.set_ylim((low + high - _LEAST_RANGE) / 2, (low + high + _LEAST_RANGE) / 2)
    legend_above(ax, 2)
    return dress(ax, "The carousel's part of a gradient", f"{unit} back", "log10 of the norm")


def plot_shares(found, ax=None, *, interval=1.0, unit="steps"):
    """The carousel's share of the gradient, of all units and of each; returns the axes."""
    ax = make_axes(ax)
    back = found.lags > 0
    times = found.lags[back] * interval
    ax.plot(times, 100 * _first(found, found.unit_shares)[back], color=GREY, linewidth=0.7, alpha=0.5)
    ax.plot(
        times, 100 * _first(found, found.shares[..., None])[:, 0][back], color=ORANGE, linewidth=2, label="all units"
    )
    if len(times) > 1:
        ax.set_xscale("log")
    ax.margins(x=0)
    ax.set_ylim(0, 104)
    ax.annotate("grey: single units", (0.03, 0.04), xycoords="axes fraction", color=GREY, fontsize=9)
    return dress(ax, "The share of the gates alone", f"{unit} back", "%")


def plot_time_constants(found, ax=None, *, interval=1.0, unit="steps"):
    """Steps in which each unit's gates leave 1/e, the longest first; returns the axes."""
    ax = make_axes(ax)
    constants = first_sequence(found.time_constants)
    constants = np.where(constants < 0, np.inf, constants) * interval
    order = np.argsort(-constants, kind="stable")
    finite = np.isfinite(constants[order]) & (constants[order] > 0)
    index = np.arange(1, len(order) + 1)
    ax.plot(
        index[finite], constants[order][finite], "o", color=BLUE, markersize=5 if len(order) <= 64 else 3, label=unit
    )
    if finite.any():
        ax.set_yscale("log")
    for what, count in (("never fade", np.sum(np.isposinf(constants))), ("wiped out", np.sum(constants == 0))):
        if count:
            ax.annotate(
                f"{count} of {len(order)} units {what}", (0.98, 0.95 if what == "never fade" else 0.88),
                xycoords="axes fraction", ha="right", va="top", color=GREY,
            )  # fmt: skip
    ax.set_xlim(0.5, max(1, len(order)) + 0.5)
    ax.xaxis.get_major_locator().set_params(integer=True)
    return dress(ax, "Time constants of the gates", "units, the longest first", unit)


def _first(found, curves):
    """``(L, m)`` of the first sequence; nothing of a batch of none."""
    if found.rates.ndim == 1:
        return curves
    return curves[:, 0] if curves.shape[1] else np.full((len(curves), found.rates.shape[1]), np.nan)
