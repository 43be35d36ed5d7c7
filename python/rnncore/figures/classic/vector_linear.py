"""Linear recursions of many units."""

from itertools import cycle

import numpy as np

from ...arrays import as_count
from ...cells import Linear
from ...linear import impulse_response, modes
from .arguments import as_positive_numbers
from .classic_figure import ClassicFigure
from .networks import gaussian_matrix
from .panels import BLACK, LOOKS, legend, log10, name_line_ends, note, page, panel, within

RADII = (0.8, 0.95, 1.0, 1.05)
_RELAY = 30  # units in a row: each keeps 0.7 and hands on 0.45 a step
_KEPT, _HANDED_ON = 0.7, 0.45
_PERIOD, _SHRINKS = 20, 0.96
_DECADES = 12  # a part that is smaller than this beside the whole is rounding


def vector_linear(*, radii=RADII, units=32, steps=150, seed=0):
    """Linear recursions of many units: the dominant mode takes over, after what may be a long rise.

    With W = U Λ U⁻¹ the response W^k w to an impulse is a sum of modes λ_i^k. In the long run the largest ``|λ|``, the
    spectral radius, decides; all other modes fall behind it as the k-th power of ``|λ_2| / |λ_1|``. Complex pairs turn,
    once in 2π / ``|arg λ|`` steps. Where eigenvectors are not orthogonal, modes cancel each other at first, and what is
    to die grows before: a row of units that hand on more than they lose.

    Parameters
    ----------
    radii : sequence of float
        Spectral radii that one Gaussian W is scaled to.
    units : int
        Of that W, at least 2.
    steps : int
        Steps after the impulse, at least 10.
    seed : int
        Of W and the input weights.

    Returns
    -------
    ClassicFigure
        ``numbers``: ``radii`` (m,), ``log2_norms`` (m, steps + 1) of the responses and their ``rates`` (m,) over the
        second half, in nats per step, -inf where nothing is left; ``magnitudes`` of the two leading modes and
        ``outside`` (steps + 1,), the size of what is not in the dominant mode over the size of what is; of the row of
        units ``relay_steps``, ``relay_log2_norms`` of ‖W^k‖, ``relay_peak``, ``relay_peak_step`` and ``relay_radius``;
        of a turning pair ``turning`` (steps + 1, 2) with ``turning_magnitude`` and ``turning_period``.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name.
    NonFiniteError
        A response overflows.

    Notes
    -----
    By :func:`rnncore.impulse_response` and :func:`rnncore.modes`. Transient growth: Trefethen and Embree (2005).
    """
    radii = as_positive_numbers("radii", radii)
    units, steps, seed = as_count("units", units, 2), as_count("steps", steps, 10), as_count("seed", seed, 0)
    figure = page(4.6)
    random = np.random.default_rng(seed)
    weight, enter = gaussian_matrix(units, random), random.normal(size=(units, 1))
    numbers = _radii(weight, enter, radii, steps) | _takeover(weight, enter, steps) | _relay() | _turning(steps)
    (sizes, takeover), (relay, turning) = figure.subplots(2, 2)
    _draw_sizes(sizes, numbers)
    _draw_takeover(takeover, numbers)
    _draw_relay(relay, numbers)
    _draw_turning(turning, numbers)
    return ClassicFigure.of(vector_linear, figure, numbers, _caption(numbers, units))


def _radii(weight, enter, radii, steps):
    responses = np.array([impulse_response(Linear(radius * weight, enter), steps + 1)[..., 0] for radius in radii])
    with np.errstate(divide="ignore"):
        norms = np.log2(np.linalg.norm(responses, axis=2))
    half = np.arange(steps // 2, steps + 1)
    slopes = [np.polyfit(half, curve[half], 1)[0] if np.isfinite(curve).all() else -np.inf for curve in norms]
    return {"radii": radii, "log2_norms": norms, "rates": np.array(slopes) * np.log(2)}


def _takeover(weight, enter, steps):
    found = modes(Linear(weight, enter))
    response = impulse_response(Linear(weight, enter), steps + 1)[..., 0]
    dominant = found.parts()[found.dominant]
    inside = response @ found.dual[dominant].T @ found.basis[:, dominant].T
    outside = np.linalg.norm(response - inside, axis=1) / np.linalg.norm(inside, axis=1)
    return {"magnitudes": np.abs(found.eigenvalues[:2]), "outside": outside}


def _relay():
    weight = _KEPT * np.eye(_RELAY) + _HANDED_ON * np.eye(_RELAY, k=-1)
    found = modes(Linear(weight))
    return {
        "relay_steps": found.transient.steps,
        "relay_log2_norms": np.log2(found.transient.norms),
        "relay_peak": float(found.transient.peak),
        "relay_peak_step": int(found.transient.step),
        "relay_radius": float(found.spectral_radius),
    }


def _turning(steps):
    angle = 2 * np.pi / _PERIOD
    pair = _SHRINKS * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    cell = Linear(pair, [[1.0], [0.0]])
    found = modes(cell)
    return {
        "turning": impulse_response(cell, steps + 1)[..., 0],
        "turning_magnitude": float(np.abs(found.eigenvalues[0])),
        "turning_period": float(found.periods[0]),
    }


def _draw_sizes(ax, numbers):
    curves = numbers["log2_norms"] * np.log10(2)
    steps = np.arange(curves.shape[1])
    for curve, radius, look in zip(curves, numbers["radii"], cycle(LOOKS)):
        ax.plot(steps, curve, **look, linewidth=1.3)
        ax.plot(steps, curve[0] + steps * np.log10(radius), color="#BBBBBB", linewidth=0.8, zorder=1)
    ax.margins(x=0)
    panel(ax, "Size of a response, by spectral radius", "steps since the impulse", "log10 ‖h‖")
    name_line_ends(ax, [(c[-1], f"{r:g}", look["color"]) for c, r, look in zip(curves, numbers["radii"], cycle(LOOKS))])
    note(ax, "thin: radius^k from the start on")


def _draw_takeover(ax, numbers):
    outside = numbers["outside"]
    steps, ratio = np.arange(len(outside)), np.log10(numbers["magnitudes"][1] / numbers["magnitudes"][0])
    ax.plot(steps, log10(within(outside, 10.0**-_DECADES)), **LOOKS[0], linewidth=1.3, label="all other modes")
    ax.plot(steps, log10(outside[:1])[0] + steps * ratio, color=BLACK, linewidth=0.8, linestyle=":",
            label="(|λ₂| / |λ₁|)^k")  # fmt: skip
    ax.margins(x=0)
    panel(ax, "The dominant mode takes over", "steps since the impulse", "log10 of size beside it")
    legend(ax, loc="lower left")


def _draw_relay(ax, numbers):
    steps, curve = numbers["relay_steps"], numbers["relay_log2_norms"] * np.log10(2)
    ax.plot(steps, curve, **LOOKS[1], linewidth=1.3, label="‖W^k‖")
    ax.plot(steps, steps * np.log10(numbers["relay_radius"]), color=BLACK, linewidth=0.8, linestyle=":",
            label=f"radius^k, {numbers['relay_radius']:g}^k")  # fmt: skip
    peak = numbers["relay_peak_step"], np.log10(numbers["relay_peak"])
    ax.plot(*peak, "o", color=LOOKS[1]["color"], markersize=3.5)
    ax.annotate(f"× {numbers['relay_peak']:,.0f} at step {peak[0]}", peak, xytext=(0, 5), textcoords="offset points",
                fontsize=7, ha="center")  # fmt: skip
    ax.margins(x=0)
    ax.set_ylim(curve.min() - 6, curve.max() + 3)
    panel(ax, "Not normal: it grows before it dies", "step k", "log10 of the norm")
    legend(ax, loc="lower right")


def _draw_turning(ax, numbers):
    turning, shown = numbers["turning"], slice(0, 6 * _PERIOD + 1)
    steps = np.arange(len(turning))[shown]
    for sign in (1, -1):
        ax.plot(steps, sign * numbers["turning_magnitude"] ** steps, color=BLACK, linewidth=0.8, linestyle=":")
    for component, look in zip(turning[shown].T, cycle(LOOKS)):
        ax.plot(steps, component, **look, linewidth=1.3)
    ax.margins(x=0)
    panel(ax, "A complex pair oscillates", "steps since the impulse", "response h")
    note(ax, f"|λ| = {numbers['turning_magnitude']:.3g}, period {numbers['turning_period']:.3g} steps; dotted: ± |λ|^k",
         (0.97, 0.04), ha="right")  # fmt: skip


def _caption(numbers, units):
    rates = ", ".join(
        f"{rate:.3f} (ln {radius:g} = {np.log(radius):.3f})" for radius, rate in zip(numbers["radii"], numbers["rates"])
    )
    behind = numbers["magnitudes"][1] / numbers["magnitudes"][0]
    return (
        f"Responses of {units} linear units to an impulse grow or fade at {rates} nats per step over the second half: "
        f"the spectral radius decides. All modes but the dominant one fall behind by a factor {behind:.3f} a step. A "
        f"row of {_RELAY} units whose eigenvalues are all {numbers['relay_radius']:g} grows "
        f"{numbers['relay_peak']:,.0f}-fold, at step {numbers['relay_peak_step']}, before it dies. A complex pair of "
        f"magnitude {numbers['turning_magnitude']:.3g} turns once in {numbers['turning_period']:.3g} steps."
    )
