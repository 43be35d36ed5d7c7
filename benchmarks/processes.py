"""Processes in which every library is limited alike before it is imported."""

import argparse
import os
import subprocess
import sys

from rnncore.benchmark.peers import one_thread_environment

TUNING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # would change NumPy from what its users have


def environment(threads):
    """The variables of a process that uses one thread, or all."""
    found = {name: value for name, value in os.environ.items() if name not in TUNING}
    for name, value in one_thread_environment().items():
        found.pop(name, None)
        if threads == 1:
            found[name] = value
    return found


def add_own_process(parser):
    parser.add_argument("--in-this-process", action="store_true", help=argparse.SUPPRESS)


def continue_on_one_thread(arguments):
    """Goes on in a process of its own that uses one thread, the program's arguments as they are."""
    if not arguments.in_this_process:
        command = [sys.executable, sys.argv[0], "--in-this-process", *sys.argv[1:]]
        sys.exit(subprocess.run(command, env=environment(1)).returncode)
