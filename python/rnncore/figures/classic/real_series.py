"""The embedded series and the network that was trained on it."""

from ...data import MODEL, SERIES
from ...io import load, read_series

TRAINED = "LSTM, trained"


def temperatures():
    """Hourly temperatures in °C, (T, 1)."""
    return read_series(SERIES).values


def standardised_temperatures():
    """The same with mean 0 and standard deviation 1."""
    values = temperatures()
    return (values - values.mean()) / values.std()


def trained_network():
    """An LSTM with its readout, in °C, in float64."""
    return load(MODEL).astype("float64")
