"""The diagnosis on a terminal: by rich where it is installed, else as plain text."""

from ..diagnosis.page import plain_page, sections


def show_page(diagnosis):
    try:
        from rich.console import Console
    except ImportError:
        print(plain_page(diagnosis))
        return
    console = Console(highlight=False)
    for title, rows, finding, _ in sections(diagnosis):
        console.print()
        console.print(title, style="bold cyan", markup=False)
        if finding:
            console.print(_indented(finding, "bold"))
        if rows:
            console.print(_table(rows, console.width))


def _indented(text, style):
    from rich.padding import Padding
    from rich.text import Text

    return Padding(Text(text, style=style), (0, 0, 0, 2))


def _table(rows, width):
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", min_width=min(22, width // 3))
    table.add_column()
    for label, value in rows:
        table.add_row(Text(label), Text(value))
    return Padding(table, (0, 0, 0, 2))
