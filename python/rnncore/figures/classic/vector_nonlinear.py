"""Networks of one nonlinearity under random input."""

from itertools import cycle

import numpy as np

from ...arrays import as_count
from ...cells import Elman
from .arguments import as_positive_numbers
from .classic_figure import ClassicFigure
from .finite_runs import finite_outputs
from .networks import gaussian_matrix
from .panels import LOOKS, legend_below, log10, note, page, panel, within
from .scalar_nonlinear import NONLINEARITIES

RADII = (0.5, 0.95, 1.2, 2.0)
INPUTS = {"positive": (0.0, 1.0), "signed": (-1.0, 1.0)}
_FLOOR, _TOP = 1e-15, 1e6
_ALIKE = 1e-6  # of the state's size: two starts that are closer have merged


def vector_nonlinear(*, radii=RADII, units=100, steps=150, seed=0):
    """Networks of sigmoids, tanhs, ReLUs and ELUs under random input: how large they become, and what they forget.

    h_t = φ(W h_{t-1} + U x_t) with a Gaussian W scaled to a spectral radius, and inputs uniform in [0, 1] or [-1, 1].
    Each runs twice, from two random starts, under the same inputs. Sigmoids settle at once, whatever the radius. Tanhs
    forget for radii up to 1 and, saturated by the input, somewhat beyond, the later the larger it is, and not at all
    where it is large: two starts stay apart in chaos. ReLUs and ELUs forget for small radii too, and grow without end
    for large ones.

    Parameters
    ----------
    radii : sequence of float
        Spectral radii.
    units : int
        At least 2.
    steps : int
        At least 10.
    seed : int
        Of weights, inputs and starts.

    Returns
    -------
    ClassicFigure
        ``numbers``: ``radii`` (m,); by nonlinearity in ``sizes`` (2, m, steps), the root mean square of the state
        under positive and signed inputs, in ``apart`` (2, m, steps), the distance of the two runs over that of their
        starts, and in ``merged_after`` (2, m), the steps from which on it is at most 1e-6, NaN where there are none.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name.
    NonFiniteError
        A state leaves the finite numbers.

    Notes
    -----
    By :func:`rnncore.simulate`. Chaos in random networks: Sompolinsky, Crisanti and Sommers (1988); that input can
    suppress it: Molgedey, Schuchhardt and Schuster (1992).
    """
    radii = as_positive_numbers("radii", radii)
    units, steps, seed = as_count("units", units, 2), as_count("steps", steps, 10), as_count("seed", seed, 0)
    figure = page(6.6)
    numbers = {"radii": radii, "sizes": {}, "apart": {}, "merged_after": {}}
    for nonlinearity in NONLINEARITIES:
        sizes, apart = zip(*(_run(nonlinearity, radii, units, steps, seed, low, high) for low, high in INPUTS.values()))
        numbers["sizes"][nonlinearity], numbers["apart"][nonlinearity] = np.array(sizes), np.array(apart)
        numbers["merged_after"][nonlinearity] = _merged_after(np.array(apart))
    rows = figure.subplots(len(NONLINEARITIES), 3, sharex=True)
    for row, (nonlinearity, name) in zip(rows, NONLINEARITIES.items()):
        _draw(row, name, numbers["sizes"][nonlinearity], numbers["apart"][nonlinearity])
    for ax in rows[-1]:
        ax.set_xlabel("steps")
    for line, radius in zip(rows[0, 0].lines, radii):
        line.set_label(f"spectral radius {radius:g}")
    note(rows[0, 2], "thick: positive, thin: signed", (0.97, 0.95), ha="right", va="top")
    legend_below(figure, rows[0, 0])
    return ClassicFigure.of(vector_nonlinear, figure, numbers, _caption(numbers, units))


def _run(nonlinearity, radii, units, steps, seed, low, high):
    """Sizes and distances, ``(m, steps)`` each."""
    random = np.random.default_rng(seed)
    weight, enter = gaussian_matrix(units, random), random.normal(size=(units, 1))
    starts = random.uniform(-1, 1, (2, units))
    inputs = np.repeat(random.uniform(low, high, (steps, 1, 1)), 2, axis=1)
    found = []
    for radius in radii:
        states = finite_outputs(Elman(radius * weight, enter, nonlinearity=nonlinearity), inputs, state=starts)
        distance = np.linalg.norm(states[:, 0] - states[:, 1], axis=1) / np.linalg.norm(starts[0] - starts[1])
        found.append((np.sqrt(np.mean(states[:, 0] ** 2, axis=1)), distance))
    return tuple(np.array(each) for each in zip(*found))


def _merged_after(apart):
    above = apart > _ALIKE
    last = above.shape[-1] - np.argmax(above[..., ::-1], axis=-1)
    return np.where(above[..., -1], np.nan, np.where(above.any(axis=-1), last + 1, 1))


def _draw(row, name, sizes, apart):
    bounded = name in ("sigmoid", "tanh")
    for ax, curves, kind in zip(row, sizes, INPUTS):
        for look, curve in zip(cycle(LOOKS), curves):
            size = curve if bounded else log10(within(curve, _FLOOR, _TOP))
            ax.plot(np.arange(1, len(curve) + 1), size, **look, linewidth=1.0)
        panel(ax, f"{name}, {kind} input", "", "root mean square" if bounded else "log10 of it")
        ax.set_ylim(*((0, 1) if bounded else (-2, np.log10(_TOP))))
        ax.margins(x=0)
    for curves, width in zip(apart, (1.2, 0.7)):
        for look, curve in zip(cycle(LOOKS), curves):
            row[2].plot(np.arange(1, len(curve) + 1), log10(within(curve, _FLOOR, _TOP)), **look, linewidth=width)
    row[2].set_ylim(np.log10(_FLOOR), np.log10(_TOP))
    panel(row[2], f"{name}: two starts", "", "log10 of distance")


def _caption(numbers, units):
    parts = []
    for nonlinearity, name in NONLINEARITIES.items():
        after = [
            f"{radius:g}: " + ("not merged" if np.isnan(k) else f"{int(k)} steps")
            for radius, k in zip(numbers["radii"], numbers["merged_after"][nonlinearity][1])
        ]
        parts.append(f"{name} ({', '.join(after)})")
    return (
        f"Networks of {units} units under uniform positive and signed inputs: the root mean square of the state, and "
        "the distance of two runs that start apart. Under signed inputs these have merged to 1e-6, by spectral radius: "
        f"{'; '.join(parts)}."
    )
