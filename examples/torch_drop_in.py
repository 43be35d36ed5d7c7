"""
The same training with torch.nn and with rnncore.torch
======================================================

A forecast is trained twice, with torch.nn.LSTM and with rnncore.torch.LSTM in its place, and the losses compared::

    pip install "rnncore[torch]"
    python examples/torch_drop_in.py

An LSTM with a linear readout forecasts the embedded series, hourly temperatures of a year, six hours ahead. The first
three quarters are cut into stretches that are trained on side by side; the last quarter is forecast at the end, next to
persistence, which says that nothing will change.
"""

import time

import torch

import rnncore.torch
from rnncore.data import SERIES
from rnncore.io import read_series

HORIZON = 6
UNITS = 32
STRETCH = 400  # steps
WARM_UP = 24  # steps that a forecast from a state of zeros is not judged by
EPOCHS = 40
SEED = 2013


class Forecast(torch.nn.Module):
    """``make_lstm`` is all that changes between torch.nn and rnncore.torch."""

    def __init__(self, make_lstm):
        super().__init__()
        self.lstm = make_lstm(1, UNITS)
        self.readout = torch.nn.Linear(UNITS, 1)

    def forward(self, series):
        """(T, B, 1): what is to be added to each value for that ``HORIZON`` steps later."""
        return self.readout(self.lstm(series)[0])


def main():
    temperature = read_temperature()
    trained = len(temperature) * 3 // 4
    mean, deviation = temperature[:trained].mean(), temperature[:trained].std()
    series = ((temperature - mean) / deviation).float()
    curves = {}
    for name, make_lstm in (("torch.nn", torch.nn.LSTM), ("rnncore.torch", rnncore.torch.LSTM)):
        start = time.perf_counter()
        network, curves[name] = train(make_lstm, series[:trained], EPOCHS)
        seconds = time.perf_counter() - start
        forecast, persistence = held_back_errors(network, series[trained:])
        print(
            f"{name}.LSTM: {seconds:.1f} s, {EPOCHS} epochs; on the last quarter {forecast * deviation:.2f} °C off, "
            f"persistence {persistence * deviation:.2f} °C (root of the mean square)"
        )
    print("\nepoch" + "".join(f"{name:>16}" for name in curves))
    for epoch, losses in enumerate(zip(*curves.values())):
        if epoch % 5 == 0 or epoch == EPOCHS - 1:
            print(f"{epoch:5}" + "".join(f"{loss:16.7f}" for loss in losses))


def read_temperature():
    return torch.from_numpy(read_series(SERIES).values[:, 0]).double()


def train(make_lstm, series, epochs):
    """A network from ``SEED`` trained on a series (T,) of mean 0 and deviation 1; and its loss before each epoch."""
    torch.manual_seed(SEED)
    network = Forecast(make_lstm).to(series.dtype)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    inputs, changes = cut(series)
    losses = []
    for _ in range(epochs):
        optimiser.zero_grad()
        loss = torch.nn.functional.mse_loss(network(inputs)[WARM_UP:], changes[WARM_UP:])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        losses.append(loss.item())
    return network, losses


def cut(series):
    """Stretches side by side, (STRETCH, B, 1), and what changes within ``HORIZON`` steps of each of their steps."""
    count = (len(series) - HORIZON) // STRETCH
    now, later = series[: count * STRETCH], series[HORIZON : HORIZON + count * STRETCH]
    return (values.reshape(count, STRETCH, 1).transpose(0, 1).contiguous() for values in (now, later - now))


@torch.no_grad()
def held_back_errors(network, series):
    """Of the network and of persistence on a series (T,): roots of the mean square."""
    now, change = series[:-HORIZON], series[HORIZON:] - series[:-HORIZON]
    forecast = network(now[:, None, None])[:, 0, 0]
    return tuple(off[WARM_UP:].square().mean().sqrt() for off in (forecast - change, change))


if __name__ == "__main__":
    main()
