"""Run a network under a series and report what it does.

Without MODEL and SERIES an embedded network runs on an embedded series of hourly temperatures. With MODEL alone and
--steps the network runs without input. Files that exist are kept, unless --force is given.
"""

import errno
import os
import shlex
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
_FILES = ("html", "json", "png")
_NOT_OPTIONS = ("command", "run", "model", "series")


def add_arguments(parser):
    parser.add_argument("model", nargs="?", metavar="MODEL", help=MODEL_HELP)
    parser.add_argument("series", nargs="?", metavar="SERIES", help=SERIES_HELP)
    parser.add_argument("--steps", type=count, metavar="N", help="length of the run; the series is repeated to fill it")
    parser.add_argument("--html", metavar="FILE", help="write the report as one HTML page that needs no network")
    parser.add_argument(
        "--json", metavar="FILE", help="write the report as JSON; - is standard output, without the page"
    )
    parser.add_argument("--png", metavar="FILE", help="write the report's picture")
    parser.add_argument("--force", action="store_true", help="replace files that exist")
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
    _check_files(arguments)
    with ExitStack() as stack:
        # all files are opened before the work: what cannot be written is an error now
        picture, page = _open(stack, arguments.png), _open(stack, arguments.html)
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
        if page:
            with naming(arguments.html):
                diagnosis.to_html(page, command=_command(arguments))
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


def _check_files(arguments):
    """Before anything is read: no file is named twice, none is replaced unasked, and what draws is there."""
    files = {name: getattr(arguments, name) for name in _FILES if getattr(arguments, name) not in (None, "-")}
    taken = {}
    for name, path in files.items():
        other = taken.setdefault(os.path.realpath(path), name)
        if other != name:
            raise ValueError(f"--{other} and --{name} name the same file, {path}")
        if os.path.isfile(path) and not arguments.force:
            raise FileExistsError(errno.EEXIST, "exists, and is replaced only with --force", path)
    for name in files.keys() & {"html", "png"}:
        _need_matplotlib(name)


def _command(arguments):
    """The command line again, for the page."""
    words = ["rnncore", "diagnose", *(path for path in (arguments.model, arguments.series) if path is not None)]
    for name, value in vars(arguments).items():
        option = f"--{name.replace('_', '-')}"
        if name in _NOT_OPTIONS or value is None or value is False or (name, value) == ("seed", 0):
            continue
        if value is True:
            words.append(option)
        elif name == "columns":
            words += [option, ",".join(value)]
        else:
            for one in value if isinstance(value, list) else [value]:
                words += [option, str(one)]
    return shlex.join(words)


def _open(stack, path):
    return None if path is None else stack.enter_context(whole_file(path))


def _need_matplotlib(option):
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise ImportError(f"--{option} needs matplotlib: pip install 'rnncore[report]'") from None


def _make_figure():
    from matplotlib.figure import Figure

    from ..figures.diagnosis import SIZE

    return Figure(figsize=SIZE, layout="constrained")
