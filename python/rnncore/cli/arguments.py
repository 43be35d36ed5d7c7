"""Arguments that several commands share."""

import argparse
import math

from ..backends import BACKENDS
from ..cells import NONLINEARITIES

MODEL_HELP = "an .npz, .safetensors or .pt file with torch's parameter names, or an .onnx file"
SERIES_HELP = "a .csv, .npy, .npz or .wav file"


def add_series_arguments(parser):
    group = parser.add_argument_group("series")
    group.add_argument(
        "--columns", type=_columns, metavar="A,B,…", help="which columns, by name or by number from 0, in this order"
    )
    group.add_argument("--key", help="which array of an .npz series")


def add_model_arguments(parser):
    group = parser.add_argument_group("model")
    group.add_argument(
        "--layer",
        action="append",
        metavar="NAME",
        help="which recurrent layer of an .onnx file; given again, the layers directly behind it",
    )
    group.add_argument("--nonlinearity", choices=NONLINEARITIES, help="of the recurrent layers, whatever the file says")
    group.add_argument("--leak", type=float, metavar="A", help="of the recurrent layers, in (0, 1]")


def add_execution_arguments(parser):
    group = parser.add_argument_group("execution")
    group.add_argument("--backend", choices=BACKENDS, help="by default the first that works here")
    group.add_argument("--threads", type=count, metavar="N", help="by default all cores")


def count(text):
    """An integer of at least 1; 1e6 and 1_000_000 are understood."""
    try:
        value = int(text)
    except ValueError:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        value = int(number) if number.is_integer() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text!r}")
    return value


def positive(text):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (value > 0 and math.isfinite(value)):
        raise argparse.ArgumentTypeError(f"must be a positive number, got {text!r}")
    return value


def _columns(text):
    columns = [column.strip() for column in text.split(",")]
    if not all(columns):
        raise argparse.ArgumentTypeError(f"must be names or numbers with commas between them, got {text!r}")
    return columns
