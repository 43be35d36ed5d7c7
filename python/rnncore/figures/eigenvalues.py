"""Eigenvalues of a recurrent matrix and the unit circle."""

import numpy as np

from .style import BLUE, GREY, dress, make_axes


def plot_eigenvalues(recurrence, ax=None):
    """The complex plane; returns the axes."""
    ax = make_axes(ax)
    dress(ax, "Eigenvalues of W", "real part", "imaginary part")
    angle = np.linspace(0, 2 * np.pi, 400)
    ax.plot(np.cos(angle), np.sin(angle), color=GREY, linewidth=1)
    if recurrence.eigenvalues is None:
        ax.annotate("not all computed: W is large", (0.5, 0.5), xycoords="axes fraction", ha="center", color=GREY)
    else:
        ax.scatter(
            recurrence.eigenvalues.real,
            recurrence.eigenvalues.imag,
            s=14,
            color=BLUE,
            alpha=0.7,
            linewidth=0,
            label="eigenvalue",
        )
    if recurrence.spectral_radius is not None:
        ax.annotate(
            f"spectral radius {recurrence.spectral_radius:.3g}", (0.5, 0.97), xycoords="axes fraction", ha="center",
            va="top", color=GREY,
        )  # fmt: skip
    largest = max(1.0, recurrence.spectral_radius or 0)
    ax.set_aspect("equal", adjustable="box")
    ax.set_xlim(-1.08 * largest, 1.08 * largest)
    ax.set_ylim(-1.08 * largest, 1.3 * largest)
    return ax
