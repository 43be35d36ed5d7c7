"""Sentences and tables as HTML."""

from ...markup import escape


def prose(text):
    """A sentence: a number stays on the line of its % sign."""
    return escape(text).replace(" %", "&nbsp;%")


def named_values(caption, rows, identifier):
    """A table of rows of a name and its value; a heading above says what the caption says, which is for the ear."""
    body = "\n".join(f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in rows)
    return (
        f'<table id="{identifier}" class="named"><caption><span class="unseen">{escape(caption)}</span></caption>'
        f"<tbody>\n{body}\n</tbody></table>{_copy_button(caption, identifier)}"
    )


def number_table(caption, header, rows, identifier):
    """A long table in a frame of its own that scrolls."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "\n".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<div class="frame" tabindex="0" role="region" aria-labelledby="{identifier}-caption">'
        f'<table id="{identifier}" class="numbers"><caption id="{identifier}-caption">{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>{_copy_button(caption, identifier)}"
    )


def _copy_button(caption, identifier):
    """Shown by the script that makes it work."""
    return (
        f'<button type="button" class="copy" data-table="{identifier}" hidden>Copy table'
        f'<span class="unseen">: {escape(caption)}</span></button>'
    )
