"""Reports of stability draw themselves, whatever their verdicts."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import rnncore
from rnncore.figures.stability import LOOKS

RNG = np.random.default_rng(0)
CELLS = {
    "proved": rnncore.Elman(0.1 * RNG.normal(size=(4, 4)), RNG.normal(size=(4, 1))),
    "two fixed points": rnncore.Elman([[3.0]], [[1.0]]),
    "marginal": rnncore.Linear([[0.0, 1.0], [-1.0, 0.0]]),
    "unbounded": rnncore.Linear([[1.5]], [[1.0]]),
    "undecided": rnncore.Elman(0.5 * RNG.normal(size=(8, 8)), RNG.normal(size=(8, 2)), nonlinearity="relu"),
    "far from the border": rnncore.LSTM(9 * RNG.normal(size=(8, 2)), RNG.normal(size=(8, 1))),
    "no state": rnncore.Dense([[1.0]]),
}


@pytest.mark.parametrize("name", CELLS)
def test_reports_draw_themselves(name, tmp_path):
    report = rnncore.stability(CELLS[name])
    ax = Figure().subplots()
    assert report.plot(ax) is ax
    for one in (ax, report.plot()):
        assert one.get_xlabel() and one.get_ylabel() and one.get_title(loc="left")
        one.figure.savefig(tmp_path / "figure.png")
        written = [text.get_text() for text in one.texts]
        assert [text for text in written if text[2:] in LOOKS] == [
            f"{LOOKS[found.verdict][1]} {found.verdict}" for found in report.properties
        ]
