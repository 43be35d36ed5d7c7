"""Each panel of the diagnosis drawn twice, for wide and for narrow screens, with its values."""

import warnings
from typing import NamedTuple

import numpy as np

from ...figures.style import take_words_literally
from .readings import Readings, read_axes
from .svg import COLOURS, svg_of
from .thinning import thin_lines

# inches that make the words as large as the page's where it shows them
_NARROW, _WIDE, _WIDEST = (4.1, 3.3), (5.7, 3.7), (11.6, 3.9)

_LETTERS, _LETTERS_INSIDE = 34, 28  # of a line of words beside the axes and between them


class Drawing(NamedTuple):
    """A panel as the page shows it.

    Attributes
    ----------
    identifier, title, sentence : str
        The sentence says what is to be seen.
    pictures : dict of str to str
        "wide" and "narrow", as SVG.
    readings : Readings or None
    places : dict
        Where the readings lie in either picture, with the box of the axes, and the colours of the series.
    thinned : int
        Points of the longest curve, where not all are drawn; else 0.
    """

    identifier: str
    title: str
    sentence: str
    pictures: dict
    readings: Readings | None
    places: dict
    thinned: int


def draw(panel, sentence, spacious):
    """Draw it; ``sentence`` is what it shows, ``spacious`` whether it gets the page's whole width."""
    identifier = panel.name if panel.layer is None else f"{panel.name}-{panel.layer}"
    pictures, places = {}, {}
    for form, size in (("wide", _WIDEST if spacious else _WIDE), ("narrow", _NARROW)):
        figure, ax, title = _draw_on_axes(panel, size)
        readings = read_axes(ax)
        _shorten_words(ax)
        thinned = thin_lines(ax)
        if readings is not None and ax.get_legend() is not None:
            ax.get_legend().remove()  # the page has one, beside the values
        label = f"{title}: {sentence}" if sentence else title
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)  # the browser's fonts have it
            pictures[form] = svg_of(figure, f"{form}-{identifier}", label)
        places[form] = _places(ax, readings, 72 * size[1])
    if readings is not None:
        places["colours"] = [COLOURS.get(colour.lower(), "var(--ink)") for colour in readings.colours]
        places["plane"] = readings.in_plane
    return Drawing(identifier, title, sentence, pictures, readings, places, thinned)


def _draw_on_axes(panel, size):
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained", dpi=72)
    ax = figure.add_subplot()
    panel.draw(ax)
    title = ax.get_title(loc="left") + ("" if panel.layer is None else f", layer {panel.layer}")
    ax.set_title("", loc="left")  # stands above as a heading
    take_words_literally(ax)
    return figure, ax, title


def _shorten_words(ax):
    """So that there is room for the axes; the legend and the table have names in full."""
    beside = ax.xaxis.label, ax.yaxis.label
    for text in (*beside, *ax.texts):
        most = _LETTERS if text in beside else _LETTERS_INSIDE
        lines = text.get_text().split("\n")
        text.set_text("\n".join(line if len(line) <= most else line[: most - 1] + "…" for line in lines))


def _places(ax, readings, height):
    box = ax.bbox
    places = {"box": _short([box.x0, height - box.y1, box.x1, height - box.y0])}
    if readings is not None:
        across, down = readings.pixels(ax, height)
        places |= {"x": _short(across), "y": [_short(column) for column in down.T]}
    return places


def _short(values):
    """For JSON: one decimal, None where there is no place."""
    return [round(float(value), 1) if np.isfinite(value) else None for value in values]
