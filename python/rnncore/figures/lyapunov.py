"""A Lyapunov spectrum, and how it converged."""

import numpy as np

from .style import BLUE, GREY, LINES, RED, drawable, dress, legend_above, make_axes

_CURVES = 5


def plot_lyapunov_spectrum(spectrum, ax=None):
    """Exponents with two standard errors; without ``ax`` their convergence beside it. Returns the spectrum's axes."""
    if ax is not None:
        return _plot_exponents(spectrum, ax)
    import matplotlib.pyplot as plt

    ax, beside = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")[1]
    plot_convergence(spectrum, beside)
    return _plot_exponents(spectrum, ax)


def plot_convergence(spectrum, ax=None):
    """How far some exponents were from where they ended, of the first sequence of a batch; returns the axes."""
    ax = make_axes(ax)
    steps, exponents = spectrum.history
    exponents = exponents if exponents.ndim == 2 else exponents[:, 0]
    alive = np.flatnonzero(np.isfinite(exponents[-1]))
    shown = alive[np.unique(np.linspace(0, len(alive) - 1, min(_CURVES, len(alive))).round().astype(int))]
    for colour, index in zip(LINES, shown):
        ax.plot(
            steps,
            drawable(exponents[:, index] - exponents[-1, index]),
            color=colour,
            linewidth=1.4,
            label=f"λ{index + 1}",
        )
    ax.set_xscale("log")
    ax.margins(x=0)
    if len(shown):
        legend_above(ax, _CURVES)
    return dress(ax, "How it converged", "step", "distance from the result (nats per step)")


def _plot_exponents(spectrum, ax):
    rows, errors = np.atleast_2d(spectrum.exponents), np.atleast_2d(spectrum.standard_errors)
    index = np.arange(1, rows.shape[1] + 1)
    size = 5 if len(index) <= 64 else 3
    for colour, row, error in zip((BLUE, *LINES[1:]) if len(rows) <= len(LINES) else [BLUE] * len(rows), rows, errors):
        ax.errorbar(
            index, drawable(row), 2 * np.nan_to_num(error), fmt="o", markersize=size, color=colour, elinewidth=1.2,
            alpha=0.9 if len(rows) <= len(LINES) else 0.4,
        )  # fmt: skip
    ax.axhline(0, color=GREY, linewidth=0.9)
    annihilated = int(np.isneginf(rows).sum(axis=1).max())
    if annihilated:
        ax.annotate(f"{annihilated} at -∞: annihilated", (0.02, 0.04), xycoords="axes fraction", color=RED)
    ax.set_xlim(0.5, len(index) + 0.5)
    ax.xaxis.get_major_locator().set_params(integer=True)
    return dress(ax, "Lyapunov exponents, ± 2 standard errors", "index", "exponent (nats per step)")
