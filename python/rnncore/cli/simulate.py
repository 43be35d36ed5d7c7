"""Run a network under a series and write the trajectory to an .npy file.

It starts from zero, or from the state that an .onnx file holds. Without SERIES and with --steps it runs without input.
"""

import sys
import time

from ..io import read_model, read_series
from ..simulation import simulate
from .arguments import (
    MODEL_HELP,
    SERIES_HELP,
    add_execution_arguments,
    add_model_arguments,
    add_series_arguments,
    count,
)


def add_arguments(parser):
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    parser.add_argument("series", nargs="?", metavar="SERIES", help=SERIES_HELP)
    parser.add_argument("--out", required=True, metavar="FILE.npy", help="the trajectory; appears when it is whole")
    parser.add_argument("--steps", type=count, metavar="N", help="length of a run without SERIES")
    parser.add_argument(
        "--keep",
        type=_keep,
        default="outputs",
        metavar="WHAT",
        help='"outputs" (default), "states", "last", or a number k: the outputs after steps k, 2k, …',
    )
    add_series_arguments(parser)
    add_model_arguments(parser)
    add_execution_arguments(parser)


def main(arguments):
    model = read_model(arguments.model, layer=arguments.layer, nonlinearity=arguments.nonlinearity, leak=arguments.leak)
    series = None
    if arguments.series is not None:
        series = read_series(arguments.series, arguments.columns, key=arguments.key)
    before = time.perf_counter()
    run = simulate(
        model.cell,
        None if series is None else series.values,
        steps=arguments.steps,
        state=model.state,
        keep=arguments.keep,
        out=arguments.out,
        backend=arguments.backend,
        threads=arguments.threads,
        progress=sys.stderr.isatty(),
    )
    seconds = time.perf_counter() - before
    kept = run.states if arguments.keep == "states" else run.outputs
    shape = "nothing kept" if kept is None else f"{kept.shape} {kept.dtype}"
    print(f"{arguments.out}: {shape}; {run.steps:,} steps in {seconds:.3g} s on {run.backend}")
    return 0


def _keep(text):
    return text if text in ("outputs", "states", "last") else count(text)
