"""``rnncore COMMAND``: parses, runs, and turns trouble into one line and an exit status."""

import argparse
import os
import sys

from ..version import __version__
from . import benchmark, config, diagnose, figures, simulate

COMMANDS = {
    "diagnose": diagnose,
    "simulate": simulate,
    "figures": figures,
    "benchmark": benchmark,
    "config": config,
}
PROBLEMS = (ValueError, TypeError, OSError, MemoryError, ArithmeticError, RuntimeError, ImportError)
INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def main(arguments=None):
    """Run the command; returns 0 (done), 1 (a problem with data or model) or 130 (Ctrl-C). Wrong usage exits with 2."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    arguments = _parser().parse_args(arguments)
    try:
        status = arguments.run(arguments)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except PROBLEMS as error:
        print(f"rnncore {arguments.command}: {describe(error)}", file=sys.stderr)
        return 1


def describe(error):
    """One line for a user."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.strerror}: {error.filename}"
    return " ".join(str(error).split()) or type(error).__name__


def _parser():
    parser = argparse.ArgumentParser(
        prog="rnncore", description="What a recurrent network does over millions of steps: simulate, diagnose, measure."
    )
    parser.add_argument("--version", action="version", version=f"rnncore {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        words = command.__doc__.strip()
        part = commands.add_parser(name, help=words.splitlines()[0], description=words)
        command.add_arguments(part)
        part.set_defaults(run=command.main)
    return parser
