"""Carousels draw themselves, whatever they hold."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from rnncore import LSTM, Diagonal, carousel

RNG = np.random.default_rng(0)
NETWORK = LSTM(RNG.normal(size=(20, 5)), RNG.normal(size=(20, 1)))
SERIES = RNG.normal(size=(300, 4, 1))

RESULTS = {
    "one cotangent": lambda: carousel(NETWORK, SERIES[:, 0], cotangent=np.ones(10)),
    "the worst case": lambda: carousel(NETWORK, SERIES[:, 0]),
    "a batch": lambda: carousel(NETWORK, SERIES),
    "no sequences": lambda: carousel(NETWORK, SERIES[:, :0]),
    "one lag": lambda: carousel(NETWORK, SERIES, lags=[0]),
    "no gradient": lambda: carousel(NETWORK, SERIES, cotangent=np.zeros(10)),
    "units that never fade, grow, and are wiped out": lambda: carousel(Diagonal([1.0, -1.0, 1.1, 0.0]), steps=40),
    "nothing that fades": lambda: carousel(Diagonal([1.0]), steps=40),
}


@pytest.mark.parametrize("name", RESULTS)
def test_results_draw_themselves(name, tmp_path):
    found = RESULTS[name]()
    ax = Figure().subplots()
    assert found.plot(ax) is ax
    drawn = found.plot()
    assert len(drawn.figure.axes) == 3
    for one in (ax, *drawn.figure.axes):
        assert one.get_xlabel() and one.get_ylabel() and one.get_title(loc="left")
    for figure in (ax.figure, drawn.figure):
        figure.savefig(tmp_path / "figure.png")
    assert isinstance(found.to_dict(), dict) and repr(found).startswith("Carousel(")
