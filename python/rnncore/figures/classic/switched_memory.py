"""Memory that the input switches."""

from itertools import cycle

import numpy as np

from ...arrays import as_count
from ...gradient_flow import gradient_norms
from ...simulation import simulate
from .classic_figure import ClassicFigure
from .panels import BLACK, BLUE, GREY, LOOKS, ORANGE, draw_curve, legend, legend_below, page, panel
from .value_store import OLD_AT, STORED_AT, elman_networks, episode, gated_network, missed_shares

GATED = "gated memory"
_FIRST, _LAST, _GAP = STORED_AT + 12, 12, 4  # steps shown at either end, and the space between
_FEWEST_EPISODES = 60


def switched_memory(*, steps=100_000, units=20, episodes=240, seed=0):
    """A gated memory stores a value on a flag, holds it and gives it back on another, beside networks that lose it.

    c_t = σ(gate) c_{t-1} + relu(…) whose gate sees the input alone: between two flags it is 1 to the last bit and
    nothing enters, so that neither the value nor its gradient changes, however long that lasts. A recurrent network
    without gates adds every distractor to what it holds, or squeezes both through the slopes of its units.

    Parameters
    ----------
    steps : int
        Distractors between the store flag and the release, at least 100.
    units : int
        Of the networks without gates, at least 2.
    episodes : int
        By which it is judged what a linear readout of their states can tell of the stored value; at least 60.
    seed : int
        Of the run that is shown.

    Returns
    -------
    ClassicFigure
        ``numbers``: ``stored``, ``given_back`` and ``distinct_held``, the number of different values that the memory
        held on the way; ``shown_steps``, ``shown_inputs``, ``shown_held`` and ``shown_outputs`` of the run; ``delays``,
        and by network in ``missed``, the share of the stored values' spread that a linear readout misses after so many
        distractors; ``lags``, and by network in ``log2_gradients`` what is left of a gradient by the state so many
        steps back.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name.

    Notes
    -----
    The constant error carousel of Hochreiter and Schmidhuber (1997) with the forget gate of Gers, Schmidhuber and
    Cummins (2000). Networks of tanh can latch a bit, with its gradient gone (Bengio, Simard and Frasconi 1994). Initial
    weights of the ReLUs: Le, Jaitly and Hinton (2015).
    """
    steps, units, seed = as_count("steps", steps, 100), as_count("units", units, 2), as_count("seed", seed, 0)
    episodes = as_count("episodes", episodes, _FEWEST_EPISODES)
    figure = page(4.6)
    inputs = episode(steps, np.random.default_rng(seed))
    network = gated_network()
    elman = {name.partition(" (")[0]: cell for name, cell in elman_networks(units, episodes).items()}
    cells = {GATED: network.layers[0]} | elman
    delays = np.unique(np.geomspace(1, steps, 16).round().astype(int))
    numbers = _run(network, inputs) | {
        "delays": delays,
        "missed": {name: np.array(missed_shares(cell, delays.tolist(), episodes)) for name, cell in cells.items()},
    }
    numbers |= _gradients(cells, inputs)
    grid = figure.add_gridspec(2, 2)
    _draw_run(figure.add_subplot(grid[0, :]), numbers)
    looks, missed = dict(zip(cells, cycle(LOOKS))), figure.add_subplot(grid[1, 0])
    _draw_missed(missed, numbers, looks)
    legend_below(figure, missed, ncols=4)
    _draw_gradients(figure.add_subplot(grid[1, 1]), numbers, looks)
    return ClassicFigure.of(switched_memory, figure, numbers, _caption(numbers, steps))


def _run(network, inputs):
    states, outputs = simulate(network.layers[0], inputs).outputs, simulate(network, inputs).outputs[:, 0]
    held = states[:, 0] - states[:, 1]
    shown = np.r_[:_FIRST, len(inputs) - _LAST : len(inputs)]
    return {
        "stored": float(inputs[STORED_AT, 0]),
        "given_back": float(outputs[-1]),
        "distinct_held": len(np.unique(states[STORED_AT:, :2], axis=0)),
        "shown_steps": shown,
        "shown_inputs": inputs[shown, 0],
        "shown_held": held[shown],
        "shown_outputs": outputs[shown],
    }


def _gradients(cells, inputs):
    """Of what is held at the end, by the state so many steps before: of a state that is held, a direction in it."""
    distractors = inputs[STORED_AT + 1 : -1]
    lags = np.unique(np.append(0, np.geomspace(1, len(distractors), 60).round().astype(int)))
    found = {}
    for name, cell in cells.items():
        cotangent = np.zeros(cell.state_size)
        cotangent[0] = 1
        state = simulate(cell, inputs[: STORED_AT + 1], keep="last").final_state
        norms = gradient_norms(cell, distractors, state=state, cotangent=cotangent, lags=lags)
        found[name] = norms.log2_norms
    return {"lags": lags, "log2_gradients": found}


def _draw_run(ax, numbers):
    steps = numbers["shown_steps"]
    at = np.arange(len(steps)) + np.where(np.arange(len(steps)) < _FIRST, 0, _GAP)
    for part, named in ((slice(None, _FIRST), True), (slice(_FIRST, None), False)):
        for name, colour, style in (("inputs", GREY, "."), ("held", BLUE, "-"), ("outputs", ORANGE, "--")):
            label = {"inputs": "value at the input", "held": "held", "outputs": "output"}[name] if named else None
            ax.plot(
                at[part], numbers[f"shown_{name}"][part], style, color=colour, linewidth=1.5, markersize=4, label=label,
                drawstyle="steps-mid",
            )  # fmt: skip
    flags = {OLD_AT: "store", STORED_AT: "store", int(steps[-1]): "release"}
    for step, word in flags.items():
        place = at[steps == step][0]
        ax.axvline(place, color=BLACK, linewidth=0.7, linestyle=":", ymin=0.16, ymax=0.86)
        ax.annotate(word, (place, 1.12), ha="center", fontsize=7)
    ax.annotate("…", (_FIRST + (_GAP - 1) / 2, 0), ha="center", va="center", fontsize=14)
    ax.set_xticks([at[steps == step][0] for step in flags], [f"{step:,}" for step in flags])
    ax.set_ylim(-1.75, 1.4)
    panel(ax, "A value overwrites another, is held, and is given back", "step", "value")
    legend(ax, ncols=3, loc="lower center")


def _draw_missed(ax, numbers, looks):
    for name, shares in numbers["missed"].items():
        ax.plot(numbers["delays"], 100 * shares, **looks[name], linewidth=1.3, label=name)
    ax.set_xscale("log")
    ax.set_ylim(-4, 104)
    ax.margins(x=0)
    panel(ax, "What a readout of the state misses", "distractors since the value was stored", "% of the values' spread")


def _draw_gradients(ax, numbers, looks):
    for name, log2_norms in numbers["log2_gradients"].items():
        curve = log2_norms * np.log10(2)
        width = 3.0 if name == GATED else 1.3  # others lie on it
        draw_curve(ax, numbers["lags"], np.where(np.isfinite(curve), curve, np.nan), looks[name], linewidth=width)
    ax.set_xscale("symlog", linthresh=1)
    ax.set_ylim(-16, 4)
    ax.margins(x=0)
    panel(ax, "A gradient by what was held before", "steps back", "log10 of its norm")


def _caption(numbers, steps):
    lost = ", ".join(f"{name} {100 * shares[-1]:.0f} %" for name, shares in numbers["missed"].items() if name != GATED)
    held = "the very same number" if numbers["given_back"] == numbers["stored"] else f"{numbers['given_back']!r}"
    return (
        f"A gated memory stores {numbers['stored']:.6f} and, {steps:,} distractors later, gives back {held}; on the "
        f"way it held {numbers['distinct_held']} value. Of the spread of the stored values a linear readout of the "
        f"state then misses {100 * numbers['missed'][GATED][-1]:.2g} % there, and elsewhere: {lost}."
    )
