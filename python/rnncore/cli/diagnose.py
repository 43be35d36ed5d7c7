"""Run a network under a series and report what it does.

Without MODEL and SERIES an embedded network runs on an embedded series of hourly temperatures. With MODEL alone and
--steps the network runs without input.
"""

import sys
from contextlib import ExitStack

from ..diagnosis import diagnose
from ..io import read_model, read_series
from ..whole_files import naming, whole_file
from .arguments import (
    MODEL_HELP,
    SERIES_HELP,
    add_execution_arguments,
    add_model_arguments,
    add_series_arguments,
    count,
    positive,
)
from .terminal import show_page

_LONG = 1_000_000  # steps from which a bar shows progress


def add_arguments(parser):
    parser.add_argument("model", nargs="?", metavar="MODEL", help=MODEL_HELP)
    parser.add_argument("series", nargs="?", metavar="SERIES", help=SERIES_HELP)
    parser.add_argument("--steps", type=count, metavar="N", help="length of the run; the series is repeated to fill it")
    parser.add_argument(
        "--json", metavar="FILE", help="write the report as JSON; - is standard output, without the page"
    )
    parser.add_argument("--png", metavar="FILE", help="write the report's picture")
    add_series_arguments(parser)
    group = parser.add_argument_group("time and forecasts")
    group.add_argument("--interval", type=positive, metavar="X", help="time from one step to the next; 1 by default")
    group.add_argument("--unit", help="of that time: hours, say")
    group.add_argument(
        "--horizon", type=count, metavar="N", help="how many steps ahead the outputs forecast the series"
    )
    group.add_argument(
        "--held-back", type=positive, metavar="SHARE", help="share of the series, at its end, to judge forecasts on"
    )
    group.add_argument("--standardize", action="store_true", help="give every column mean 0 and deviation 1 first")
    group.add_argument("--seed", type=int, default=0, help="of the random states; 0 by default")
    add_model_arguments(parser)
    add_execution_arguments(parser)


def main(arguments):
    with ExitStack() as stack:
        # both files are opened before the work: what cannot be written is an error now
        picture = _open(stack, arguments.png)
        report = None if arguments.json == "-" else _open(stack, arguments.json)
        canvas = _make_figure() if picture else None
        diagnosis = diagnose(
            _read_model(arguments),
            None if arguments.series is None else read_series(arguments.series, arguments.columns, key=arguments.key),
            steps=arguments.steps,
            interval=arguments.interval,
            unit=arguments.unit,
            horizon=arguments.horizon,
            held_back=arguments.held_back,
            standardize=arguments.standardize,
            seed=arguments.seed,
            backend=arguments.backend,
            threads=arguments.threads,
            progress=sys.stderr.isatty() and (arguments.steps or 0) >= _LONG,
        )
        if picture:
            with naming(arguments.png):
                diagnosis.plot(canvas).savefig(picture, format="png", dpi=150)
        if report:
            with naming(arguments.json), open(report, "w", encoding="utf-8") as file:
                file.write(diagnosis.to_json() + "\n")
    if arguments.json == "-":
        print(diagnosis.to_json())
    else:
        show_page(diagnosis)
    return 0


def _read_model(arguments):
    if arguments.model is not None:
        return read_model(
            arguments.model, layer=arguments.layer, nonlinearity=arguments.nonlinearity, leak=arguments.leak
        )
    for option in ("layer", "nonlinearity", "leak", "columns", "key"):
        if getattr(arguments, option) is not None:
            raise ValueError(f"--{option} is for a MODEL and SERIES of your own; none is given")
    return None


def _open(stack, path):
    return None if path is None else stack.enter_context(whole_file(path))


def _make_figure():
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError("--png needs matplotlib: pip install 'rnncore[report]'") from None
    from ..figures.diagnosis import SIZE

    return Figure(figsize=SIZE, layout="constrained")
