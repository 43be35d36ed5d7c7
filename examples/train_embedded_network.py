"""
Train the embedded network
==========================

Train the network that ``rnncore diagnose`` runs when it is given none: an LSTM, by back-propagation through time::

    python examples/train_embedded_network.py python/rnncore/data --state training --figure training.png

It learns to forecast the air temperature six hours ahead from the temperature alone. A gradient is that of the whole
training part, thousands of hours as one sequence, exact from the last hour to the first: no windows, no truncation.
Against learning the series by heart the weights are moved at random before each gradient is taken (Graves 2011), and
forget gates begin open for up to a few days (Tallec and Ollivier 2018).

The last quarter of the series takes part in nothing before the table at the end. How many units, and how large the
noise of the weights: each choice is trained on the first four fifths of the rest, and judged on its last fifth. What
was best there is then trained on all of the rest. The echo-state network (Jaeger 2001) beside it, random leaky tanh
units of which the linear readout alone is fitted, has its penalty chosen in the same way.

Each training keeps its state in a file of the folder --state: started again after Ctrl-C or a kill, the script goes on
where it was, and ends with the same bits. It takes some minutes on one core.
"""

# sphinx_gallery_thumbnail_path = "images/training.png"

import argparse
import hashlib
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from adam import Adam

import rnncore
from rnncore.backends import choose_backend
from rnncore.data import SERIES
from rnncore.io import read_series
from rnncore.io.safetensors import write_safetensors
from rnncore.lyapunov.resume import ResumeFile
from rnncore.progress import progress_reporter
from rnncore.whole_files import whole_file

FILE = "jfk_temperature_2013.safetensors"
HORIZON = 6  # hours
WARM_UP = 100  # hours in which errors do not count: the state begins at zero
LONGEST_MEMORY = 24.0  # hours, of forget gates at the start
LEARNING_RATE = 0.01  # falls to 0 along half a cosine
ITERATIONS = 2000
SAVED_EVERY = 100
CHOICES = {"units": (24, 32, 48), "noise": (0.02, 0.03, 0.04, 0.05)}
SEEDS = (1, 2)  # of each choice


@dataclass(frozen=True)
class Settings:
    """Of one training."""

    units: int
    noise: float
    seed: int
    iterations: int = ITERATIONS


def main(folder, state=None, figure=None, choices=CHOICES, seeds=SEEDS, iterations=ITERATIONS, progress=None):
    temperature = read_series(SERIES).values[:, 0]
    trained = len(temperature) * 3 // 4
    rest, validated = temperature[:trained], trained * 4 // 5
    keep = {"folder": state, "progress": progress}
    errors = {}
    for units, noise in product(*choices.values()):
        networks = [train(rest[:validated], Settings(units, noise, seed, iterations), **keep)[0] for seed in seeds]
        errors[units, noise] = np.mean([error(forecast(network, rest), rest, validated) for network in networks])
        print(f"{units} units, noise {noise}: {errors[units, noise]:.3f} °C on the last fifth of the training part")
    best = min(errors, key=errors.get)
    print(f"chosen: {best[0]} units, noise {best[1]}")
    network, losses = train(rest, Settings(*best, seed=0, iterations=iterations), **keep)
    echo = fit_echo_state_network(rest, validated)
    found = {
        "persistence": temperature,
        "echo-state network": forecast(echo, temperature),
        "LSTM": forecast(network, temperature),
    }
    print(f"\nerror of the forecast {HORIZON} hours ahead on the last {len(temperature) - trained} hours")
    held_back = {name: error(values, temperature, trained) for name, values in found.items()}
    for name, value in held_back.items():
        print(f"  {name:20}{value:.3f} °C, {value / held_back['persistence']:.1%} of persistence")
    write(network, folder / FILE, trained)
    if figure:
        draw(figure, losses, errors, best, found, temperature, trained, held_back)


def train(temperature, settings, folder=None, progress=None):
    """The network, which takes and gives °C, and the mean squared error at every iteration, in °C²."""
    mean, deviation = temperature.mean(), temperature.std()
    values = ((temperature - mean) / deviation).astype(np.float32)[:, None]
    inputs, target = values[:-HORIZON], values[HORIZON:]
    network = initialise(settings)
    optimiser, losses = Adam(network.parameters), np.zeros(settings.iterations)
    saved = None if folder is None else state_file(folder, settings, inputs)
    before = saved and saved.read([*optimiser.state(), "losses"])
    if before:
        optimiser.restore(before)
        losses[: len(before["losses"])] = before["losses"]
    what = f"{settings.units} units, noise {settings.noise}, seed {settings.seed}, {len(temperature)} hours"
    with progress_reporter(progress, settings.iterations, what) as report:
        report(optimiser.updates)
        while optimiser.updates < settings.iterations:
            done = optimiser.updates
            noisy = add_noise(network, optimiser.values, settings, done)
            losses[done], gradients = back_propagate(noisy, inputs, target)
            optimiser.update(gradients, LEARNING_RATE * (1 + np.cos(np.pi * done / settings.iterations)) / 2)
            if saved and (optimiser.updates % SAVED_EVERY == 0 or optimiser.updates == settings.iterations):
                saved.write(optimiser.state() | {"losses": losses[: optimiser.updates]})
            report(1)
    network = network.replace(**as_float32(optimiser.values))
    return in_degrees(network, mean, deviation), losses * deviation**2


def initialise(settings):
    """As torch begins, but for biases: forget gates leave 1/e after 1 to 24 hours, input gates let in as little."""
    random, units = np.random.default_rng(settings.seed), settings.units
    bound = units**-0.5
    recurrent, enter = (random.uniform(-bound, bound, (4 * units, columns)) for columns in (units, 1))
    forget = np.log(random.uniform(1, LONGEST_MEMORY, units))
    bias = np.concatenate([-forget, forget, np.zeros(2 * units)])
    read = random.uniform(-bound, bound, (1, units))
    arrays = (array.astype(np.float32) for array in (recurrent, enter, bias))
    return rnncore.Chain([rnncore.LSTM(*arrays), rnncore.Dense(read.astype(np.float32), np.zeros(1, np.float32))])


def add_noise(network, values, settings, iteration):
    """Every weight moved at random; anew at each iteration, and the same where a run goes on after a break."""
    random = np.random.default_rng([settings.seed, iteration])
    moved = {name: array + settings.noise * random.normal(size=array.shape) for name, array in values.items()}
    return network.replace(**as_float32(moved))


def back_propagate(network, inputs, target):
    """The mean squared error after the first hours, and its gradient by each parameter."""
    run = rnncore.record(network, inputs, threads=1)
    wrong = run.trajectory.outputs - target
    wrong[:WARM_UP] = 0
    counted = len(wrong) - WARM_UP
    gradients = run.gradients(2 * wrong / counted, wrt="parameters")
    return np.sum(np.square(wrong, dtype=np.float64)) / counted, gradients.parameters


def as_float32(values):
    return {name: array.astype(np.float32) for name, array in values.items()}


def state_file(folder, settings, inputs):
    """Named after the settings; it belongs to them, these inputs and this backend, whose bits it goes on with."""
    backend = choose_backend()
    facts = (settings, LEARNING_RATE, WARM_UP, HORIZON, LONGEST_MEMORY, backend.name, backend.describe().get("target"))
    digest = hashlib.sha256(repr(facts).encode() + inputs.tobytes()).hexdigest()
    Path(folder).mkdir(parents=True, exist_ok=True)
    name = f"{settings.units}_units_noise_{settings.noise}_seed_{settings.seed}_{len(inputs)}_hours.npz"
    return ResumeFile(Path(folder) / name, digest)


def in_degrees(network, mean, deviation):
    """The same network for °C in and out: mean and deviation go into its weights."""
    values = {name: array.astype(np.float64) for name, array in network.parameters.items()}
    values["0.weight_ih"] /= deviation
    values["0.bias_ih"] -= values["0.weight_ih"][:, 0] * mean
    values["1.weight"] *= deviation
    values["1.bias"] = deviation * values["1.bias"] + mean
    return network.replace(**as_float32(values))


def forecast(network, temperature):
    """For every hour, of the temperature six hours later."""
    return rnncore.simulate(network, temperature[:, None]).outputs[:, 0]


def error(forecasts, temperature, first):
    """Root mean square, of forecasts made from hour ``first`` on."""
    return np.sqrt(np.mean((forecasts[first:-HORIZON] - temperature[first + HORIZON :]) ** 2))


UNITS, CONNECTIONS = 128, 10  # of the echo-state network; connections of each unit
SPECTRAL_RADIUS, LEAK, INPUT_SCALE = 0.95, 0.3, 0.4
WASHED_OUT = 500  # hours
PENALTIES = 10.0 ** np.arange(-6, 3)


def fit_echo_state_network(temperature, validated):
    """The ridge penalty is chosen on what follows hour ``validated``; then the readout is fitted to all."""
    reservoir = make_reservoir(temperature.mean(), temperature.std())
    states = rnncore.simulate(reservoir, temperature[:, None]).outputs
    features, target = states[WASHED_OUT:-HORIZON], temperature[WASHED_OUT + HORIZON :]
    split = validated - WASHED_OUT - HORIZON
    errors = []
    for penalty in PENALTIES:
        weight, bias = ridge(features[:split], target[:split], penalty)
        errors.append(np.mean((features[split:] @ weight + bias - target[split:]) ** 2))
    weight, bias = ridge(features, target, PENALTIES[np.argmin(errors)])
    return rnncore.Chain([reservoir, rnncore.Dense(weight[None], [bias])])


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


def write(network, path, trained):
    about = {
        "description": f"LSTM, forecasts the temperature {HORIZON} hours ahead",
        "target": "temperature",
        "target_unit": "°C",
        "horizon": HORIZON,
        "unit": "hours",
        "trained_steps": trained,
    }
    recurrent, readout = network.layers
    tensors = {f"rnn.{name}_l0": array for name, array in recurrent.parameters.items()}
    tensors |= {f"readout.{name}": array for name, array in readout.parameters.items()}
    with whole_file(path) as temporary:
        write_safetensors(temporary, tensors, about)


def draw(path, losses, errors, best, found, temperature, trained, held_back):
    from matplotlib.figure import Figure

    from rnncore.figures.style import BLUE, GREEN, GREY, ORANGE, dress

    colours = dict(zip(found, (ORANGE, GREEN, BLUE)))
    figure = Figure(figsize=(13, 8), layout="constrained")
    learning, choosing, window, bars = figure.subplots(2, 2).ravel()
    learning.semilogy(np.arange(1, len(losses) + 1), np.sqrt(losses), color=BLUE, linewidth=1)
    dress(learning, "Learning", "gradients of the whole training part", "training error in °C")
    for units in dict.fromkeys(units for units, _ in errors):
        points = [(noise, value) for (size, noise), value in errors.items() if size == units]
        choosing.plot(*zip(*points), "o-", label=f"{units} units")
    choosing.plot(best[1], errors[best], "o", markersize=13, markerfacecolor="none", color=GREY)
    choosing.legend(frameon=False)
    dress(choosing, "Choice on the last fifth of the training part", "noise of the weights", "error in °C")
    hours = np.arange(len(temperature) - 240, len(temperature) - HORIZON)
    days = (hours + HORIZON - len(temperature)) / 24
    window.plot(days, temperature[hours + HORIZON], color="black", linewidth=1.6, label="temperature")
    for name, values in found.items():
        window.plot(days, values[hours], color=colours[name], linewidth=1.2, label=name)
    window.legend(frameon=False, ncols=2, fontsize=9)
    dress(window, f"Forecasts {HORIZON} hours ahead", "days before the end of the series", "°C")
    drawn = bars.barh(list(held_back), list(held_back.values()), color=list(colours.values()), height=0.6)
    bars.bar_label(drawn, [f"{value:.2f} °C" for value in held_back.values()], padding=4)
    bars.invert_yaxis()
    dress(bars, f"Error on the {len(temperature) - trained} hours held back", "root mean square in °C", "")
    with whole_file(path) as temporary:
        figure.savefig(temporary, format="png", dpi=90)


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[1])
    parser.add_argument("folder", type=Path, help=f"where {FILE} goes")
    parser.add_argument("--state", type=Path, metavar="FOLDER", help="of the files from which a broken run goes on")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="a .png of learning, choice and forecasts")
    return parser.parse_args()


if __name__ == "__main__":
    main(**vars(read_arguments()), progress=True)
