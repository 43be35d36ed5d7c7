"""Horizons, capacities, dependences and sweeps draw themselves, whatever they hold."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from rnncore import Elman, Linear, long_term_dependence, memory_capacity, memory_horizon, memory_sweep

RNG = np.random.default_rng(0)
SERIES = RNG.uniform(-1, 1, size=(1500, 1))
NETWORK = Elman(0.4 * RNG.normal(size=(5, 5)), RNG.normal(size=(5, 1)))
UNIT = Linear([[0.9]], [[1.0]])

RESULTS = {
    "a horizon": lambda: memory_horizon(NETWORK, SERIES, unit="hours"),
    "a horizon without input": lambda: memory_horizon(Elman([[0.5]]), steps=300),
    "nothing forgotten": lambda: memory_horizon(Linear([[1.0]], [[1.0]]), SERIES),
    "growth out of the picture": lambda: memory_horizon(Linear([[3.0]], [[1.0]]), SERIES[:400], max_lag=200),
    "nothing kept": lambda: memory_horizon(Linear([[0.0]], [[1.0]]), SERIES),
    "a capacity": lambda: memory_capacity(NETWORK, SERIES, max_lag=20),
    "a capacity in closed form": lambda: memory_capacity(UNIT, max_lag=20, method="gramian"),
    "a capacity of products": lambda: memory_capacity(NETWORK, SERIES, max_lag=5, degree=2),
    "a capacity of two inputs": lambda: memory_capacity(Linear([[0.5]], [[1.0, 2.0]]), max_lag=5, steps=500),
    "a capacity without threshold": lambda: memory_capacity(UNIT, SERIES, max_lag=5, significance=None),
    "a dependence": lambda: long_term_dependence(NETWORK, SERIES, [[3.0]], starts=50),
    "no dependence": lambda: long_term_dependence(UNIT, SERIES, [[3.0]], contrast=[[3.0]], starts=50),
    "one lag": lambda: long_term_dependence(UNIT, SERIES, [[9.0]], lags=[2], starts=50),
    "without doubt": lambda: long_term_dependence(Linear([[0.5]], [[1.0]]), 0 * SERIES, [[9.0]], lags=5, starts=50),
    "a sweep": lambda: memory_sweep(UNIT, SERIES, recurrent=[0.5, 1.0, 1.2], max_lag=50),
    "a sweep of three": lambda: memory_sweep(
        NETWORK, SERIES, recurrent=[0.5, 1.0], leak=[1, 0.5, 0.2], input=[1, -1], max_lag=50, starts=30
    ),
    "one point": lambda: memory_sweep(UNIT, SERIES, measure="capacity", max_lag=5),
    "nothing finite": lambda: memory_sweep(UNIT, SERIES[:300], recurrent=[2.0], max_lag=50, starts=30),
}


@pytest.mark.parametrize("name", RESULTS)
def test_results_draw_themselves(name, tmp_path):
    found = RESULTS[name]()
    ax = Figure().subplots()
    assert found.plot(ax) is ax
    drawn = found.plot()
    for one in (ax, drawn):
        assert one.get_ylabel() and one.get_title(loc="left")
        one.figure.savefig(tmp_path / "figure.png")
    assert isinstance(found.to_dict(), dict) and repr(found).startswith(type(found).__name__ + "(")
