"""Scalar recursions through a nonlinearity."""

from itertools import cycle

import numpy as np

from ...arrays import as_count, as_number
from ...cells import Elman
from .arguments import as_numbers
from .classic_figure import ClassicFigure
from .finite_runs import finite_outputs
from .panels import LOOKS, legend_below, log10, note, page, panel, within

NONLINEARITIES = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU", "elu": "ELU"}
WEIGHTS = (-1.2, -0.6, 0.6, 0.9, 1.2)
_SHOWN = 24  # steps of the runs that are drawn
_TOP = 3.0  # what grows further leaves the picture
_FLOOR = 1e-14  # differences of states of size 1 that are not rounding
FORGOTTEN = 0.01


def scalar_nonlinear(*, weights=WEIGHTS, bias=0.5, steps=60):
    """Scalar recursions through sigmoid, tanh, ReLU and ELU: which of them still know where they began.

    h_k = φ(w h_{k-1} + b) from the two starts +1 and -1; an input of one step acts as a start does. What is left of the
    difference shrinks by the slope w φ'(z) at every step. The sigmoid's is at most w / 4: it goes to its fixed point at
    once. That of tanh and ELU is w near 0, so that they remember longer, though for ``|w| < 1`` not long; for w > 1
    tanh keeps the sign and nothing else. ReLU is linear where it is on, grows without end for w > 1, and has
    forgotten at once where it is off.

    Parameters
    ----------
    weights : sequence of float
        The w.
    bias : float
        The b of the second case; that of the first is 0.
    steps : int
        At least 1.

    Returns
    -------
    ClassicFigure
        ``numbers``: ``weights`` (m,), ``biases`` (2,), ``starts`` (2,); by nonlinearity in ``states``
        (2, steps + 1, 2, m), by bias, step, start and weight, in ``remaining`` (2, steps + 1, m), the difference of the
        two starts over that at the start, and in ``forgotten_after`` (2, m), the steps from which on at most 1 % of it
        is left, NaN where there are none.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name.
    NonFiniteError
        A state leaves the finite numbers.

    Notes
    -----
    By :func:`rnncore.simulate`; the recursions of all w are the units of one diagonal network.
    """
    weights, bias, steps = as_numbers("weights", weights), as_number("bias", bias), as_count("steps", steps, 1)
    figure = page(6.6)
    biases, starts = np.array([0.0, bias]), np.array([1.0, -1.0])
    numbers = {"weights": weights, "biases": biases, "starts": starts, "states": {}, "remaining": {}}
    numbers["forgotten_after"] = {}
    for nonlinearity in NONLINEARITIES:
        states = np.array([_run(weights, b, starts, steps, nonlinearity) for b in biases])
        remaining = np.abs(states[:, :, 0] - states[:, :, 1]) / np.abs(starts[0] - starts[1])
        numbers["states"][nonlinearity], numbers["remaining"][nonlinearity] = states, remaining
        numbers["forgotten_after"][nonlinearity] = _forgotten_after(remaining)
    rows = figure.subplots(len(NONLINEARITIES), 3, sharex="col")
    for row, (nonlinearity, name) in zip(rows, NONLINEARITIES.items()):
        _draw(row, name, numbers["states"][nonlinearity], numbers["remaining"][nonlinearity], biases)
    for ax in rows[-1]:
        ax.set_xlabel("steps")
    for line, w in zip(rows[0, 0].lines[::2], weights):
        line.set_label(f"w = {w:g}")
    note(rows[0, 0], "thick: from +1, thin: from -1", (0.97, 0.04), ha="right")
    note(rows[0, 2], f"thin: b = {bias:g}", (0.97, 0.95), ha="right", va="top")
    legend_below(figure, rows[0, 0])
    return ClassicFigure.of(scalar_nonlinear, figure, numbers, _caption(numbers))


def _run(weights, bias, starts, steps, nonlinearity):
    """``(steps + 1, starts, m)``."""
    cell = Elman(np.diag(weights), bias_ih=np.full(len(weights), bias), nonlinearity=nonlinearity)
    state = np.repeat(starts[:, None], len(weights), axis=1)
    return np.concatenate([state[None], finite_outputs(cell, steps=steps, state=state)])


def _forgotten_after(remaining):
    """The step after the last one at which more than 1 % is left."""
    above = remaining > FORGOTTEN
    last = above.shape[1] - np.argmax(above[:, ::-1], axis=1)
    return np.where(above[:, -1], np.nan, last)


def _draw(row, name, states, remaining, biases):
    for ax, runs, bias in zip(row, states, biases):
        for look, run in zip(cycle(LOOKS), np.moveaxis(runs, -1, 0)):
            for start, width in zip(run.T, (1.2, 0.7)):
                ax.plot(within(start[: _SHOWN + 1], -_TOP, _TOP), **look, linewidth=width)
        panel(ax, f"{name}, b = {bias:g}", "", "state h")
        ax.margins(x=0.02)
        ax.set_ylim(-1.15, 1.15 if name in ("sigmoid", "tanh") else _TOP)
    for left, width in zip(remaining, (1.2, 0.7)):
        for look, curve in zip(cycle(LOOKS), left.T):
            row[2].plot(log10(within(curve, _FLOOR, 1e3)), **look, linewidth=width)
    row[2].set_ylim(np.log10(_FLOOR), 3)
    panel(row[2], f"{name}: left of the start", "", "log10 of difference")


def _caption(numbers):
    parts = []
    for nonlinearity, name in NONLINEARITIES.items():
        after = zip(numbers["weights"], numbers["forgotten_after"][nonlinearity][0])
        words = [f"{'never' if np.isnan(steps) else int(steps)} for w = {w:g}" for w, steps in after]
        parts.append(f"{name}: {', '.join(words)}")
    steps = len(numbers["remaining"]["tanh"][0]) - 1
    return (
        "Runs from +1 and from -1, without bias and with; at the right the difference of the two. Steps after which it "
        f"is down to 1 % without bias, of {steps}: {'; '.join(parts)}."
    )
