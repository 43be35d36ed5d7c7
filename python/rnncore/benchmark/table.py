"""A table: by rich on a terminal where it is installed, in plain columns elsewhere; or as Markdown."""

import sys


def print_table(headings, rows):
    """The first column to the left, the others, numbers, to the right."""
    rows = list(rows)
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        Console = None
    if Console is None or not sys.stdout.isatty():
        _print_plain(headings, rows)
        return
    table = Table()
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="right" if index else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def markdown_table(headings, rows):
    """The same as text, every column to the right."""
    lines = [headings, ["---:"] * len(headings), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _print_plain(headings, rows):
    widths = [max(map(len, column)) for column in zip(headings, *rows)]
    for row in (headings, *rows):
        first, *others = zip(row, widths)
        print("  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]))
