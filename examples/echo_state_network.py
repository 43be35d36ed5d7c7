"""
An echo-state network forecasts temperatures
============================================

A reservoir of random leaky units (Jaeger 2001), of which a linear readout alone is fitted, forecasts hourly
temperatures six hours ahead; then rnncore tells what the reservoir does with them::

    pip install "rnncore[report]"
    python examples/echo_state_network.py
"""

import matplotlib.pyplot as plt
import numpy as np
import scipy.sparse

import rnncore
from rnncore.data import SERIES
from rnncore.io import read_series

HORIZON, TRAINED, WASHED_OUT = 6, 6547, 500  # hours
UNITS, CONNECTIONS = 300, 10

# %%
# A sparse reservoir
# ------------------
#
# Ten connections a unit, scaled to a spectral radius of 0.95; the leak of 0.3 makes the units slow. ``weight_hh`` may
# be any scipy.sparse array, of which only the entries are multiplied.

random = np.random.default_rng(2013)
weight = scipy.sparse.random_array((UNITS, UNITS), density=CONNECTIONS / UNITS, rng=random, data_sampler=random.normal)
weight = weight * (0.95 / np.abs(np.linalg.eigvals(weight.toarray())).max())
enter = random.uniform(-0.4, 0.4, (UNITS, 1))
reservoir = rnncore.Elman(weight, enter, random.uniform(-0.4, 0.4, UNITS), leak=0.3)
print(reservoir)

# %%
# Driven by the series
# --------------------
#
# Standardised by what the readout is fitted to, not by what it is judged on.

temperature = read_series(SERIES).values
mean, deviation = temperature[:TRAINED].mean(), temperature[:TRAINED].std()
inputs = (temperature - mean) / deviation
states = rnncore.simulate(reservoir, inputs).outputs
print(states.shape)

# %%
# The readout
# -----------
#
# Least squares with a ridge. With it the reservoir is a network of two layers: a Chain that takes and gives °C.

features, target = states[WASHED_OUT : TRAINED - HORIZON], inputs[WASHED_OUT + HORIZON : TRAINED, 0]
centred = features - features.mean(axis=0)
readout = np.linalg.solve(centred.T @ centred + 0.1 * np.eye(UNITS), centred.T @ (target - target.mean()))
offset = target.mean() - features.mean(axis=0) @ readout
network = rnncore.Chain(
    [
        reservoir.replace(weight_ih=enter / deviation, bias_hh=-(enter[:, 0] / deviation) * mean),
        rnncore.Dense(deviation * readout[None], [deviation * offset + mean]),
    ]
)
forecast = rnncore.simulate(network, temperature).outputs[:, 0]
truth = temperature[TRAINED + HORIZON :, 0]
for name, values in (("echo-state network", forecast), ("persistence", temperature[:, 0])):
    error = np.sqrt(np.mean((values[TRAINED:-HORIZON] - truth) ** 2))
    print(f"{name:20}{error:.2f} °C off on {len(truth)} hours it has not seen")

# %%
# What it does
# ------------
#
# How fast it forgets, how much it holds, what becomes of a gradient: see :doc:`/diagnosis`.

found = rnncore.diagnose(network, temperature, unit="hours", horizon=HORIZON, held_back=0.25)
print(found)

# %%
# And the exponents, one by one, with their errors: all below zero, the network forgets its start under this series.

spectrum = rnncore.lyapunov_spectrum(reservoir, inputs, k=20)
print(spectrum)
spectrum.plot()
plt.show()
