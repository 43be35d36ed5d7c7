"""Superpositions and modes draw themselves, whatever they hold."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from rnncore import Diagonal, Linear, modes, superpose

RNG = np.random.default_rng(0)
CELL = Linear(np.eye(3, k=1) + np.diag([0.5, 0.9, -0.5]), np.ones((3, 1)), np.ones(3))
SERIES = RNG.normal(size=(300, 1))

MODES = {
    "shares": lambda: modes(CELL),
    "no shares": lambda: modes(Linear(np.diag([1.0, 0.5]))),
    "no response": lambda: modes(CELL, np.zeros((5, 1))),
    "defective": lambda: modes(Linear(0.9 * np.eye(3) + np.eye(3, k=1), np.ones((3, 1)))),
    "long growth": lambda: modes(Linear([[0.9999, 1.0], [0.0, 0.9999]])),
    "nilpotent": lambda: modes(Linear(np.eye(3, k=1))),
    "zero": lambda: modes(Linear([[0.0]])),
    "growing": lambda: modes(Linear([[3.0]], [[1.0]])),
    "units": lambda: modes(Diagonal([0.9j, 0.5], np.ones((2, 1)))),
    "growing units": lambda: modes(Diagonal([1e30, 0.5], np.ones((2, 1)))),
}
SUPERPOSITIONS = {
    "all parts": lambda: superpose(CELL, SERIES, state=[1.0, 2.0, 3.0]),
    "a batch": lambda: superpose(CELL, RNG.normal(size=(20_000, 2, 1))),
    "nothing": lambda: superpose(Linear([[0.5]]), steps=5),
    "one step": lambda: superpose(CELL, SERIES[:1]),
}


@pytest.mark.parametrize("name", MODES)
def test_modes_draw_themselves(name, tmp_path):
    found = MODES[name]()
    ax = Figure().subplots()
    assert found.plot(ax) is ax
    drawn = found.plot()
    assert len(drawn.figure.axes) == 2
    for one in (ax, *drawn.figure.axes):
        assert one.get_xlabel() and one.get_ylabel() and one.get_title(loc="left")
    for figure in (ax.figure, drawn.figure):
        figure.savefig(tmp_path / "figure.png")


@pytest.mark.parametrize("name", SUPERPOSITIONS)
def test_superpositions_draw_themselves(name, tmp_path):
    found = SUPERPOSITIONS[name]()
    ax = Figure().subplots()
    assert found.plot(ax) is ax and found.plot().get_title(loc="left") == "Output 0 as a sum of responses"
    assert len(ax.lines) == 1 + len(found.parts)
    ax.figure.savefig(tmp_path / "figure.png")
    assert isinstance(found.to_dict(), dict) and repr(found).startswith("Superposition(")


def test_what_cannot_be_drawn_is_named():
    with pytest.raises(ValueError, match="unit must be less than the 3 outputs, got 3"):
        superpose(CELL, SERIES).plot(unit=3)
    with pytest.raises(ValueError, match="there is nothing to draw"):
        superpose(CELL, SERIES[:0]).plot()
