"""Draw the classic figures of what recurrences do, computed on the spot.

All of them, or those that are named. Of each the picture and a .json file with its numbers and its caption are written.
"""

import argparse
import errno
import os
import time

from ..whole_files import naming, whole_file

FORMATS = ("png", "svg", "pdf")
_DPI = 300  # of png, for print


def add_arguments(parser):
    parser.add_argument("names", nargs="*", type=_name, metavar="NAME", help="which figures; all by default")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", metavar="DIR", help="the folder to write to; made where there is none")
    where.add_argument("--list", action="store_true", help="list the figures, a line for each, and draw none")
    parser.add_argument("--format", choices=FORMATS, default="png", help="of the pictures; png by default")
    parser.add_argument("--force", action="store_true", help="write over files that are there; they are kept otherwise")


def main(arguments):
    from ..figures.classic.story import FIGURES, check_requirements, describe

    names = arguments.names or FIGURES
    if arguments.list:
        for name in names:
            print(f"{name:{max(map(len, FIGURES))}}  {describe(name)}")
        return 0
    check_requirements(names)
    _make_folder(arguments.out)
    for name in names:
        _write(name, arguments.out, arguments.format, arguments.force)
    return 0


def _make_folder(path):
    if os.path.exists(path) and not os.path.isdir(path):
        raise NotADirectoryError(errno.ENOTDIR, "cannot write: it is no folder", path)
    os.makedirs(path, exist_ok=True)


def _name(text):
    from ..figures.classic.story import read_name

    try:
        return read_name(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _write(name, folder, kind, force):
    """Picture and numbers, or neither; both files are opened before the work."""
    from ..figures import draw

    picture, numbers = (os.path.join(folder, f"{name}.{suffix}") for suffix in (kind, "json"))
    there = [path for path in (picture, numbers) if os.path.exists(path)]
    if there and not force:
        print(f"{there[0]} is kept; --force writes over it")
        return
    before = time.perf_counter()
    with whole_file(picture) as temporary_picture, whole_file(numbers) as temporary_numbers:
        drawn = draw(name)
        with naming(picture):
            drawn.figure.savefig(temporary_picture, format=kind, dpi=_DPI)
        with naming(numbers), open(temporary_numbers, "w", encoding="utf-8") as file:
            file.write(drawn.to_json() + "\n")
    print(f"{picture}: {time.perf_counter() - before:.1f} s", flush=True)
