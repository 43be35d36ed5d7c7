"""Lyapunov spectra and how they converge."""

from itertools import cycle

import numpy as np

from ...arrays import as_count
from ...cells import Elman, MatrixSequence
from ...lyapunov import lyapunov_spectrum
from .arguments import as_positive_numbers
from .classic_figure import ClassicFigure
from .networks import gaussian_matrix
from .panels import BLACK, GREY, LOOKS, legend, note, page, panel
from .real_series import TRAINED, standardised_temperatures, temperatures, trained_network

RADII = (0.5, 1.0, 2.0, 4.0)
_BURN_IN = 50  # of so many parts of a run
_MARKERS = "os^vD"
_MATRICES = 8  # their size; a product of 10⁴ and more of them


def lyapunov_spectra(*, radii=RADII, units=48, steps=20_000, seed=0):
    """Lyapunov spectra with their error bars, and how they converge.

    Along a run the singular values of A_T ⋯ A_1 grow or fade like e^(λ_i T). The exponents λ_i come from many
    orthonormalisations on the way, their error bars from the scatter of what these tell (batch means). Beside networks,
    where nobody knows the truth, stands a product of random matrices, where it is known.

    Parameters
    ----------
    radii : sequence of float
        Spectral radii of tanh networks with one Gaussian W.
    units : int
        Of these, at least 2.
    steps : int
        Of every run, at least 1000; the series of 8730 hours is repeated to fill them.
    seed : int
        Of weights and random matrices.

    Returns
    -------
    ClassicFigure
        ``numbers``: by network in ``exponents`` and ``standard_errors`` (k,), in nats per step, descending, and in
        ``history_steps`` and ``history`` (P,), the largest exponent as it was along the run; ``matrices`` (8,),
        ``matrix_errors`` (8,) and ``exact`` (8,) of the random matrices; ``matrix_history_steps`` (P,) and
        ``matrix_history`` (P, 8).

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name.

    Notes
    -----
    By :func:`rnncore.lyapunov_spectrum` under hourly temperatures (Benettin et al. 1980). Of matrices with independent
    normal entries of variance 1/n, λ_i = ½ [ln(2/n) + ψ((n - i + 1) / 2)] (Newman 1986).
    """
    radii, units = as_positive_numbers("radii", radii), as_count("units", units, 2)
    steps, seed = as_count("steps", steps, 1000), as_count("seed", seed, 0)
    options = {"burn_in": steps // _BURN_IN, "seed": seed}
    figure = page(4.9)
    random = np.random.default_rng(seed)
    weight, enter = gaussian_matrix(units, random), random.normal(size=(units, 1))
    series = np.resize(standardised_temperatures(), (steps, 1))
    found = {f"tanh, radius {r:g}": lyapunov_spectrum(Elman(r * weight, enter), series, **options) for r in radii}
    found[TRAINED] = lyapunov_spectrum(trained_network().layers[0], np.resize(temperatures(), (steps, 1)), **options)
    product = random.normal(scale=_MATRICES**-0.5, size=(steps, _MATRICES, _MATRICES))
    reference = lyapunov_spectrum(MatrixSequence(product), **options)
    numbers = {
        "exponents": {name: each.exponents for name, each in found.items()},
        "standard_errors": {name: each.standard_errors for name, each in found.items()},
        "history_steps": {name: each.history.steps for name, each in found.items()},
        "history": {name: each.history.exponents[:, 0] for name, each in found.items()},
        "matrices": reference.exponents,
        "matrix_errors": reference.standard_errors,
        "exact": _newman(_MATRICES),
        "matrix_history_steps": reference.history.steps,
        "matrix_history": reference.history.exponents,
    }
    (spectra, history), (matrices, errors) = figure.subplots(2, 2)
    _draw_spectra(spectra, numbers)
    _draw_history(history, numbers)
    _draw_matrices(matrices, numbers)
    _draw_errors(errors, numbers)
    return ClassicFigure.of(lyapunov_spectra, figure, numbers, _caption(numbers, steps))


def _newman(size):
    from scipy.special import digamma

    return (np.log(2 / size) + digamma((size - np.arange(size)) / 2)) / 2


def _draw_spectra(ax, numbers):
    for look, marker, (name, exponents) in zip(cycle(LOOKS), cycle(_MARKERS), numbers["exponents"].items()):
        finite = np.isfinite(exponents)
        index = np.arange(1, len(exponents) + 1)[finite]
        ax.errorbar(
            index, exponents[finite], 2 * numbers["standard_errors"][name][finite], **look, linewidth=0.9,
            marker=marker, markersize=2.2, elinewidth=0.8, label=name,
        )  # fmt: skip
    ax.axhline(0, color=BLACK, linewidth=0.7)
    panel(ax, "Spectra, ± 2 standard errors", "index", "nats per step")
    legend(ax)


def _draw_history(ax, numbers):
    from matplotlib.ticker import MaxNLocator

    for look, (name, history) in zip(cycle(LOOKS), numbers["history"].items()):
        error = 2 * numbers["standard_errors"][name][0]
        ax.plot(numbers["history_steps"][name], history, **look, linewidth=1.2)
        ax.axhspan(history[-1] - error, history[-1] + error, color=look["color"], alpha=0.2, linewidth=0)
    ax.axhline(0, color=BLACK, linewidth=0.7)
    ax.set_xlim(0, None)
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.xaxis.set_major_formatter("{x:,.0f}")
    panel(ax, "The largest exponent along the run", "steps", "nats per step")
    note(ax, "bands: results ± 2 standard errors", (0.97, 0.04), ha="right")


def _draw_matrices(ax, numbers):
    index = np.arange(1, _MATRICES + 1)
    ax.plot(index, numbers["exact"], "_", color=BLACK, markersize=14, label="Newman's formula")
    ax.errorbar(
        index, numbers["matrices"], 2 * numbers["matrix_errors"], fmt="o", color=LOOKS[1]["color"], markersize=3,
        elinewidth=1, label="measured",
    )  # fmt: skip
    panel(ax, f"Random {_MATRICES} × {_MATRICES} matrices", "index", "nats per step")
    legend(ax)


def _draw_errors(ax, numbers):
    steps, apart = numbers["matrix_history_steps"], np.abs(numbers["matrix_history"] - numbers["exact"])
    ax.loglog(steps, apart, color=GREY, linewidth=0.6)
    ax.loglog(steps, np.sqrt(np.mean(apart**2, axis=1)), **LOOKS[1], linewidth=1.4, label="root mean square")
    typical = np.sqrt(np.mean(numbers["matrix_errors"] ** 2) * steps[-1] / steps)
    ax.loglog(steps, typical, color=BLACK, linewidth=0.9, linestyle=":", label="standard error, like 1/√steps")
    ax.margins(x=0)
    panel(ax, "Distance from the exact exponents", "steps", "nats per step")
    legend(ax, loc="lower left")


def _caption(numbers, steps):
    largest = ", ".join(
        f"{name} {exponents[0]:.4f} ± {2 * numbers['standard_errors'][name][0]:.4f}"
        for name, exponents in numbers["exponents"].items()
    )
    off = np.abs(numbers["matrices"] - numbers["exact"])
    inside = int(np.sum(off <= 2 * numbers["matrix_errors"]))
    return (
        f"Largest exponents after {steps:,} steps under hourly temperatures, in nats per step: {largest}. Of "
        f"{_MATRICES} exponents of a product of random matrices {inside} are within two standard errors of the exact "
        f"ones, and the largest distance is {off.max():.2g}."
    )
