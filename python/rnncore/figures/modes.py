"""Eigenvalues beside the unit circle, and how large the powers of the matrix become."""

import numpy as np

from .style import BLUE, GREY, ORANGE, RED, dress, legend_above, make_axes

_LARGEST, _SMALLEST = 240, 12  # areas of dots, in points²
_LEAST_RANGE = 1.0  # decades; a curve that is flat but for rounding shall look flat


def plot_modes(found, ax=None):
    """Eigenvalues; without ``ax`` the norms of powers beside them. Returns the eigenvalues' axes."""
    if ax is not None:
        return plot_eigenvalues_of_modes(found, ax)
    import matplotlib.pyplot as plt

    ax, beside = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained", width_ratios=[1, 1.5])[1]
    plot_powers(found, beside)
    return plot_eigenvalues_of_modes(found, ax)


def plot_eigenvalues_of_modes(found, ax=None):
    """The complex plane with both eigenvalues of a pair, the dots as large as their shares; returns the axes."""
    ax = make_axes(ax)
    angle = np.linspace(0, 2 * np.pi, 400)
    ax.plot(np.cos(angle), np.sin(angle), color=GREY, linewidth=1)
    values = found.eigenvalues
    areas = np.full(len(values), 24.0)
    if found.leading is not None:
        areas = np.clip(_LARGEST * np.abs(found.shares) / np.abs(found.shares).max(), _SMALLEST, None)
    colours = np.where(found.indices == 1, BLUE, RED)
    for part in (values, values.conj()):
        ax.scatter(part.real, part.imag, s=areas, c=colours, alpha=0.6, linewidth=0)
    reach = max(1.0, float(np.abs(values).max()))
    ax.set_aspect("equal", adjustable="box")
    ax.set_xlim(-1.1 * reach, 1.1 * reach)
    ax.set_ylim(-1.1 * reach, 1.3 * reach)
    notes = ["dots: shares of the response"] if found.leading is not None else []
    if (found.indices != 1).any():
        notes.append("red: defective to rounding, or not told apart")
    ax.annotate("\n".join(notes), (0.5, 0.98), xycoords="axes fraction", ha="center", va="top", color=GREY, fontsize=9)
    return dress(ax, "Eigenvalues of W", "real part", "imaginary part")


def plot_powers(found, ax=None):
    """log10 of the norm of W^k beside that of the spectral radius alone; returns the axes."""
    ax = make_axes(ax)
    steps, norms = found.transient.steps, found.transient.norms
    shown = (norms > 1e-16) & (norms < 1e150)
    steps, norms = steps[shown], norms[shown]
    ax.plot(steps, np.log10(norms), color=BLUE, marker="o" if len(steps) < 20 else None, markersize=4, label="‖W^k‖")
    if found.spectral_radius > 0:
        alone = steps * np.log10(found.spectral_radius)
        alone = np.where(np.abs(alone) <= 160, alone, np.nan)
        ax.plot(steps, alone, color=ORANGE, linestyle="--", label="spectral radius^k")
    if found.transient.step:
        ax.plot(found.transient.step, np.log10(found.transient.peak), "o", color=RED)
        ax.annotate(
            f"{found.transient.peak:.3g} at step {found.transient.step:,}",
            (found.transient.step, np.log10(found.transient.peak)),
            xytext=(0, 8), textcoords="offset points", ha="center", color=RED, fontweight="bold",
        )  # fmt: skip
    if len(steps) and steps[-1] > 100:
        ax.set_xscale("symlog", linthresh=1)
        ax.set_xlim(0, None)
    low, high = ax.get_ylim()
    if high - low < _LEAST_RANGE:
        ax.set_ylim((low + high - _LEAST_RANGE) / 2, (low + high + _LEAST_RANGE) / 2)
    legend_above(ax, 2)
    return dress(ax, "Growth on the way", "step k", "log10")
