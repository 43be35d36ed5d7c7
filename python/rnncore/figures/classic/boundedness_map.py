"""What is proved of a scalar recursion and what simulation shows of it, over its weight and its bias."""

import numpy as np

from ...arrays import as_count
from ...cells import Elman
from ...simulation import simulate
from ...stability_analysis import stability
from .arguments import as_numbers
from .classic_figure import ClassicFigure
from .panels import BLACK, RED, SKY, SMALL, page, panel
from .scalar_nonlinear import NONLINEARITIES

WEIGHTS = tuple(np.linspace(-6, 6, 24).round(3).tolist())
BIASES = tuple(np.linspace(-6, 6, 13).round(3).tolist())
PROPERTIES = {"bounded": "bounded", "incremental": "forgets"}
VERDICTS = ("undecided", "stable", "unstable")
_TOLD = ("stable", "unstable", "undecided")
_COLOURS = ("white", SKY, RED)
_STARTS = (-100.0, 0.0, 100.0)
_LEVELS = np.linspace(-1, 1, 9)  # of constant inputs
_STILL_GROWING = 1.5  # second half of a run over the first: 2 where growth is linear, 1 where there is none
_STILL_APART = 0.01


def boundedness_map(*, weights=WEIGHTS, biases=BIASES, steps=500, seed=0):
    """Boundedness of h = φ(w h + b + x) over weight and bias: proved, and simulated.

    Under every input within ±1 the state may stay bounded, and may forget where it started. Both are asked twice: of
    theorems, which prove it, disprove it by a run that can be simulated, or leave it open; and of runs under inputs
    that make it hard: constant ones, alternating ones, random ones, and that which cancels the bias. Sigmoid and tanh
    are bounded whatever w is; ReLU and ELU grow from a weight of 1 on. A start is forgotten for sure where ``|w|``
    times the largest slope is below 1; that slope is 1/4 for the sigmoid.

    Parameters
    ----------
    weights, biases : sequence of float
        The w and the b of the map.
    steps : int
        Of every run, 100 to 1000.
    seed : int
        Of the random inputs.

    Returns
    -------
    ClassicFigure
        ``numbers``: ``weights`` (m,), ``biases`` (k,); by property, "bounded" and "incremental", and then by
        nonlinearity in ``proved`` (k, m), texts "stable", "unstable" or "undecided", and in ``seen`` (k, m), whether a
        run grew without end, or two of them stayed apart; ``contradictions``, how many that are proved stable were seen
        not to be; ``disproved``, how many are proved unstable, and ``confirmed``, how many of them were seen so.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name.
    NonFiniteError
        A run overflows.

    Notes
    -----
    By :func:`rnncore.stability`, whose reports name each theorem and its source, and :func:`rnncore.simulate`.
    """
    weights, biases = as_numbers("weights", weights), as_numbers("biases", biases)
    steps, seed = as_count("steps", steps, 100), as_count("seed", seed, 0)
    if steps > 1000:
        raise ValueError(f"steps must be at most 1000, got {steps}")
    figure = page(3.9)
    numbers = {"weights": weights, "biases": biases, "proved": {}, "seen": {}}
    for nonlinearity in NONLINEARITIES:
        proved = _prove(weights, biases, nonlinearity)
        seen = _simulate(weights, biases, nonlinearity, steps, np.random.default_rng(seed))
        for name, verdicts, sights in zip(PROPERTIES, proved, seen):
            numbers["proved"].setdefault(name, {})[nonlinearity] = verdicts
            numbers["seen"].setdefault(name, {})[nonlinearity] = sights
    proved, seen = (np.array([list(numbers[key][name].values()) for name in PROPERTIES]) for key in ("proved", "seen"))
    numbers["contradictions"] = int(np.sum(seen & (proved == "stable")))
    numbers["disproved"], numbers["confirmed"] = (
        int(np.sum(proved == "unstable")),
        int(np.sum(seen[proved == "unstable"])),
    )
    rows = figure.subplots(len(PROPERTIES), len(NONLINEARITIES), sharex=True, sharey=True)
    for row, name in zip(rows, PROPERTIES):
        for ax, nonlinearity in zip(row, NONLINEARITIES):
            _draw(ax, numbers, name, nonlinearity)
    for ax in rows[-1]:
        ax.set_xlabel("weight w")
    for ax in rows[:, 0]:
        ax.set_ylabel("bias b")
    _draw_legend(figure)
    return ClassicFigure.of(boundedness_map, figure, numbers, _caption(numbers))


def _prove(weights, biases, nonlinearity):
    """Verdicts on both properties, ``(k, m)`` each."""
    reports = [
        [stability(Elman([[w]], [[1.0]], [b], nonlinearity=nonlinearity), input_bound=1.0) for w in weights]
        for b in biases
    ]
    return [np.array([[getattr(report, name).verdict for report in row] for row in reports]) for name in PROPERTIES]


def _simulate(weights, biases, nonlinearity, steps, random):
    """Whether runs go on growing, and whether those from different starts stay apart, ``(k, m)`` each."""
    inputs = np.stack(len(_STARTS) * [_hard_inputs(biases, steps, random) + biases], axis=1)
    state = np.broadcast_to(np.reshape(_STARTS, (-1, 1, 1)), inputs.shape[1:])
    found = []
    for w in weights:
        cell = Elman([[w]], [[1.0]], nonlinearity=nonlinearity)
        states = simulate(cell, inputs.reshape(steps, -1, 1), state=state.reshape(-1, 1)).outputs.reshape(inputs.shape)
        sizes = np.abs(states)
        early, late = sizes[: steps // 2].max(axis=0), sizes[steps // 2 :].max(axis=0)
        with np.errstate(over="ignore", invalid="ignore"):  # what has overflowed is neither bounded nor close
            grows = ~((late <= max(_STARTS)) | (late <= _STILL_GROWING * early) & np.isfinite(late))
            apart = ~(np.ptp(states[-1], axis=0) <= _STILL_APART)
        found.append((grows.any(axis=(0, 1)), apart.any(axis=0)))
    return tuple(np.array(each).T for each in zip(*found))


def _hard_inputs(biases, steps, random):
    """Within ±1, ``(steps, kinds, k)``."""
    ones, signs = np.ones((steps, len(biases))), np.where(np.arange(steps) % 2, 1.0, -1.0)[:, None]
    balanced = np.clip(-biases, -1, 1) * ones
    kinds = [level * ones for level in _LEVELS] + [signs * ones, balanced, random.uniform(-1, 1, ones.shape)]
    return np.stack(kinds, axis=1)


def _draw(ax, numbers, name, nonlinearity):
    from matplotlib.colors import ListedColormap

    verdicts, seen = numbers["proved"][name][nonlinearity], numbers["seen"][name][nonlinearity]
    weights, biases = numbers["weights"], numbers["biases"]
    codes = np.array([[VERDICTS.index(verdict) for verdict in row] for row in verdicts])
    ax.pcolormesh(weights, biases, codes, cmap=ListedColormap(_COLOURS), vmin=0, vmax=2, shading="nearest")
    rows, columns = np.nonzero(seen)
    ax.plot(weights[columns], biases[rows], "x", color=BLACK, markersize=1.8, markeredgewidth=0.5)
    panel(ax, f"{NONLINEARITIES[nonlinearity]}: {PROPERTIES[name]}")
    ax.grid(False)


def _draw_legend(figure):
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    words = {"stable": "proved", "unstable": "disproved", "undecided": "left open"}
    handles = [
        Patch(facecolor=colour, edgecolor=BLACK, linewidth=0.5, label=words[verdict])
        for verdict, colour in zip(VERDICTS, _COLOURS)
    ]
    handles.append(
        Line2D(
            [], [], color=BLACK, marker="x", markersize=3, markeredgewidth=0.5, linestyle="", label="simulated: not so"
        )
    )
    figure.legend(handles=handles, loc="outside lower center", frameon=False, fontsize=SMALL, ncols=len(handles))


def _caption(numbers):
    parts = []
    for name, words in PROPERTIES.items():
        counts = [
            f"{label} {' / '.join(str(np.sum(numbers['proved'][name][nonlinearity] == each)) for each in _TOLD)}"
            for nonlinearity, label in NONLINEARITIES.items()
        ]
        parts.append(f"{words}: {', '.join(counts)}")
    total = len(numbers["weights"]) * len(numbers["biases"])
    return (
        f"Of {total} recursions of each nonlinearity under every input within ±1, proved / disproved / left open: "
        f"{'; '.join(parts)}. Simulated, {numbers['contradictions'] or 'none'} of those that are proved did otherwise, "
        f"and {numbers['confirmed']} of the {numbers['disproved']} that are disproved were seen to fail."
    )
