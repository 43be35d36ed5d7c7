"""Results and cells as tables, for notebooks and whatever else asks an object for HTML."""

from dataclasses import fields

import numpy as np

from .markup import escape

_MOST_NUMBERS = 8  # that are written out
_MOST_LETTERS = 500
_MOST_LOOKED_AT = 10_000_000  # entries of an array, for their range: some milliseconds
_CELL = 'style="text-align: left; vertical-align: top"'


class ShownInNotebooks:
    """A base of what is shown as a table of names and values; large arrays by shape, dtype and range."""

    def _repr_html_(self):
        groups = _groups(self._shown())
        body = "".join(f"<tbody>{rows}</tbody>" for rows in groups if rows)
        return f"<table><caption {_CELL}><b>{escape(type(self).__name__)}</b></caption>{body}</table>"

    def _shown(self):
        """Values by name; dicts are groups of them."""
        if hasattr(self, "to_dict"):
            return self.to_dict()
        return {field.name: getattr(self, field.name) for field in fields(self)}


def _groups(values):
    """Rows of plain values, then those of each group under its name."""
    yield "".join(_row(name, value) for name, value in values.items() if not isinstance(value, dict))
    for name, group in values.items():
        if isinstance(group, dict):
            head = f'<tr><th colspan="2" scope="rowgroup" {_CELL}>{escape(name)}</th></tr>'
            yield head + "".join(_row(part, value) for part, value in group.items())


def _row(name, value):
    return f'<tr><th scope="row" {_CELL}>{escape(name)}</th><td {_CELL}>{escape(describe(value))}</td></tr>'


def describe(value):
    """One line on a value."""
    if isinstance(value, np.ndarray) and value.ndim:
        return _describe_array(value)
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.item()
    if isinstance(value, (float, complex)):
        return f"{value:.6g}"
    if isinstance(value, dict):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, (tuple, list)):
        return _describe_items(value)
    if hasattr(value, "nnz"):
        return f"sparse {_times(value.shape)} {value.dtype}, {value.nnz:,} entries"
    text = str(value)
    return text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"


def _describe_items(items):
    plain = all(isinstance(item, (str, int, float, complex, np.generic, type(None))) for item in items)
    if plain and len(items) <= _MOST_NUMBERS:
        return ", ".join(map(describe, items)) or "none"
    kinds = sorted({type(item).__name__ for item in items})
    return f"{len(items):,} of {', '.join(kinds)}"


def _describe_array(array):
    if array.size <= _MOST_NUMBERS and array.ndim == 1:
        return f"[{', '.join(map(describe, array))}] {array.dtype}"
    return f"{_times(array.shape)} {array.dtype}{_range(array)}"


def _range(array):
    if not array.size or array.size > _MOST_LOOKED_AT or isinstance(array, np.memmap):
        return ""
    if array.dtype == bool:
        return f", {np.count_nonzero(array):,} true"
    if array.dtype.kind not in "iufc":
        return ""
    sizes = np.abs(array) if array.dtype.kind == "c" else array
    finite = np.isfinite(sizes)
    known = sizes if finite.all() else sizes[finite]
    ends = f"{known.min():.6g} … {known.max():.6g}" if known.size else ""
    parts = [("magnitudes " if array.dtype.kind == "c" else "") + ends] if ends else []
    if known.size < sizes.size:
        parts.append(f"{np.count_nonzero(~finite):,} not finite")
    return ", " + ", ".join(parts)


def _times(shape):
    return " × ".join(f"{size:,}" for size in shape)
