"""Jacobians of single steps and of many."""

from itertools import cycle

import numpy as np

from ...arrays import as_count
from ...cells import Elman
from ...jacobians import jacobian
from ...simulation import simulate
from ...singular_values import singular_spectrum
from .classic_figure import ClassicFigure
from .networks import gaussian_matrix
from .panels import LOOKS, legend, note, page, panel
from .real_series import standardised_temperatures

NONLINEARITIES = {"tanh": "tanh", "sigmoid": "sigmoid", "relu": "ReLU", "elu": "ELU"}
LENGTHS = (1, 10, 100, 1000)
_SETTLED = 500  # steps before anything is measured
_BANDS = (10, 50, 90)


def jacobians(*, units=64, samples=50, lengths=LENGTHS, seed=0):
    """Jacobians under real input: the slopes of the units, singular values of one step and of products of many.

    A step h_t = φ(W h_{t-1} + U x_t) has the Jacobian A_t = diag(φ'(z_t)) W, so that what becomes of a small change, or
    of a gradient on its way back, hangs on the slopes φ'(z) that the input brings about: at most 1/4 for the sigmoid,
    often far below 1 for a tanh, 0 or 1 for ReLU. Along A_T ⋯ A_1 the singular values drift apart at rates that settle:
    the Lyapunov exponents.

    Parameters
    ----------
    units : int
        At least 2, of networks whose Gaussian W has a spectral radius of 1.
    samples : int
        Steps of the series at which single Jacobians are taken, at least 1.
    lengths : sequence of int
        The T, at most 8000.
    seed : int
        Of the weights.

    Returns
    -------
    ClassicFigure
        ``numbers``: by nonlinearity in ``slopes`` (samples, units), in ``log_singular_values`` (samples, units) of
        single Jacobians and in ``log_products`` (lengths, units), natural logs; ``lengths``; ``log_weights`` (units,),
        of W itself.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name.

    Notes
    -----
    Under a year of hourly temperatures. By :func:`rnncore.jacobian` and :func:`rnncore.singular_spectrum`, which keeps
    all n to full relative accuracy however far apart they are.
    """
    units, samples, seed = as_count("units", units, 2), as_count("samples", samples, 1), as_count("seed", seed, 0)
    series = standardised_temperatures()
    lengths = [as_count("lengths", length, 1) for length in lengths]
    if not lengths or max(lengths) > len(series) - _SETTLED:
        raise ValueError(f"lengths must hold numbers from 1 to {len(series) - _SETTLED}, got {lengths}")
    figure = page(4.9)
    random = np.random.default_rng(seed)
    weight, enter = gaussian_matrix(units, random), random.normal(size=(units, 1))
    numbers = {"lengths": np.array(lengths), "slopes": {}, "log_singular_values": {}, "log_products": {}}
    numbers["log_weights"] = np.log(np.linalg.svd(weight, compute_uv=False))
    for nonlinearity in NONLINEARITIES:
        cell = Elman(weight, enter, nonlinearity=nonlinearity)
        states = simulate(cell, series, keep="states").states
        steps = np.linspace(_SETTLED, len(series) - 1, samples).astype(int)
        matrices = jacobian(cell, states[steps - 1], series[steps])
        numbers["slopes"][nonlinearity] = np.sum(matrices * weight, axis=2) / np.sum(weight**2, axis=1)
        numbers["log_singular_values"][nonlinearity] = singular_spectrum(
            cell, series[steps][None], state=states[steps - 1]
        )
        inputs, state = series[_SETTLED:], states[_SETTLED - 1]
        numbers["log_products"][nonlinearity] = np.array(
            [singular_spectrum(cell, inputs[:length], state=state) for length in lengths]
        )
    (slopes, single), (product, largest) = figure.subplots(2, 2)
    _draw_slopes(slopes, numbers["slopes"])
    _draw_single(single, numbers)
    _draw_product(product, numbers)
    _draw_largest(largest, numbers)
    return ClassicFigure.of(jacobians, figure, numbers, _caption(numbers, units))


def _draw_slopes(ax, slopes):
    for look, (nonlinearity, name) in zip(cycle(LOOKS), NONLINEARITIES.items()):
        values = np.sort(slopes[nonlinearity].ravel())
        ax.plot(values, np.linspace(0, 100, len(values)), **look, linewidth=1.3, label=name)
    ax.set_ylim(0, 100)
    ax.set_xlim(-0.02, 1.02)
    panel(ax, "Slopes of the units under real input", "φ'(z)", "% of units and steps below")
    legend(ax, loc="upper center")


def _draw_single(ax, numbers):
    units = len(numbers["log_weights"])
    index = np.arange(1, units + 1)
    ax.plot(index, numbers["log_weights"] / np.log(10), color="black", linewidth=0.8, linestyle=":", label="W itself")
    for look, (nonlinearity, name) in zip(cycle(LOOKS), NONLINEARITIES.items()):
        logs = numbers["log_singular_values"][nonlinearity] / np.log(10)
        low, middle, high = np.percentile(logs, _BANDS, axis=0, method="nearest")
        ax.plot(index, _finite(middle), **look, linewidth=1.3, label=name)
        shown = np.isfinite(low) & np.isfinite(high)
        ax.fill_between(index[shown], low[shown], high[shown], color=look["color"], alpha=0.2, linewidth=0)
    ax.margins(x=0)
    panel(ax, "Singular values of one Jacobian", "index", "log10 σ")
    legend(ax, loc="lower left")
    note(ax, "median over the series, 10 to 90 %", (0.97, 0.04), ha="right")


def _draw_product(ax, numbers):
    index = np.arange(1, len(numbers["log_weights"]) + 1)
    for look, length, logs in zip(cycle(LOOKS), numbers["lengths"], numbers["log_products"]["tanh"]):
        ax.plot(index, _finite(logs / length), **look, linewidth=1.3, label=f"{length:,}")
    ax.margins(x=0)
    panel(ax, "tanh: singular values of A_T ⋯ A_1", "index", "ln σ / T (nats per step)")
    legend(ax, loc="lower left", title="T", title_fontsize=7)


def _draw_largest(ax, numbers):
    lengths = numbers["lengths"]
    for look, (nonlinearity, name) in zip(cycle(LOOKS), NONLINEARITIES.items()):
        rates = numbers["log_products"][nonlinearity][:, 0] / lengths
        ax.plot(lengths, _finite(rates), **look, marker="o", markersize=2.5, linewidth=1.3, label=name)
    ax.set_xscale("log")
    ax.axhline(0, color="black", linewidth=0.7)
    panel(ax, "The largest singular value of A_T ⋯ A_1", "T", "ln σ₁ / T (nats per step)")
    legend(ax)


def _finite(values):
    return np.where(np.isfinite(values), values, np.nan)


def _caption(numbers, units):
    means = ", ".join(f"{np.mean(numbers['slopes'][n]):.2f} for {name}" for n, name in NONLINEARITIES.items())
    length = numbers["lengths"][-1]
    logs = {n: numbers["log_products"][n][-1] for n in NONLINEARITIES}
    rates = ", ".join(f"{logs[n][0] / length:.3f} ({name})" for n, name in NONLINEARITIES.items())
    return (
        f"Under hourly temperatures the slopes of {units} units are {means} on average. The largest singular value of "
        f"the product of {length:,} Jacobians changes by {rates} nats per step; the smallest for tanh by "
        f"{logs['tanh'][-1] / length:.2f}."
    )
