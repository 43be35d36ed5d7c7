"""Text and tables as HTML; whatever a name holds, it stays text."""

import html

from ...figures.style import printable


def escape(text):
    """``text`` as it may stand between tags and in quoted attributes."""
    return html.escape(printable(str(text)))


def table(caption, header, rows, *, identifier, numbers=False, named_rows=False):
    """A table that can be copied.

    ``header`` may be None; ``named_rows`` makes the first cell of a row its heading, ``numbers`` aligns cells for
    comparison.
    """
    kind = ' class="numbers"' if numbers else ""
    head = ""
    if header is not None:
        cells = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
        head = f"<thead><tr>{cells}</tr></thead>"
    body = "\n".join(_row(row, named_rows) for row in rows)
    return (
        f'<div class="table" tabindex="0" role="region" aria-labelledby="{identifier}-caption">'
        f'<table id="{identifier}"{kind}><caption id="{identifier}-caption">{escape(caption)}</caption>'
        f"{head}<tbody>\n{body}\n</tbody></table></div>"
        f'<button type="button" class="copy" data-table="{identifier}" hidden>Copy table'
        f'<span class="unseen">: {escape(caption)}</span></button>'
    )


def _row(row, named):
    first, *rest = (escape(cell) for cell in row)
    head = f'<th scope="row">{first}</th>' if named else f"<td>{first}</td>"
    return f"<tr>{head}{''.join(f'<td>{cell}</td>' for cell in rest)}</tr>"
