"""
How long a network remembers, and how much
==========================================

The network that comes with rnncore under the hourly temperatures it was trained on::

    pip install "rnncore[report]"
    python examples/memory.py memory.png

Its memory horizon; the capacity of its LSTM under independent inputs; how long its forecast still tells that there was
a day of 35 °C; and horizons of the LSTM with its recurrent weights scaled and its forget gates opened or closed
further.
"""

import sys

import numpy as np

import rnncore
from rnncore.data import MODEL, SERIES
from rnncore.io import read_series
from rnncore.whole_files import whole_file

HEAT_WAVE = np.full((24, 1), 35.0)  # °C, a day


def main(path=None):
    import matplotlib.pyplot as plt

    network, temperatures = rnncore.load(MODEL), read_series(SERIES).values
    lstm = network.layers[0]
    independent = np.random.default_rng(0).uniform(temperatures.min(), temperatures.max(), size=(20_000, 1))
    horizon = rnncore.memory_horizon(network, temperatures, unit="hours")
    capacity = rnncore.memory_capacity(lstm, independent, max_lag=60)
    dependence = rnncore.long_term_dependence(
        network, temperatures, HEAT_WAVE, lags=500, threshold=0.5, unit="hours"
    )  # fmt: skip
    sweep = rnncore.memory_sweep(
        lstm, temperatures, recurrent=np.linspace(0.2, 1.2, 6), bias=[-1.0, 0.0, 1.0], starts=200
    )
    for found in (horizon, capacity, dependence, sweep):
        print(found)
    figure, axes = plt.subplots(2, 2, figsize=(14, 8), layout="constrained")
    for found, ax in zip((horizon, capacity, dependence, sweep), axes.flat):
        found.plot(ax)
    if path is None:
        plt.show()
        return
    with whole_file(path) as file:
        figure.savefig(file, format="png", dpi=120)


if __name__ == "__main__":
    main(*sys.argv[1:])
