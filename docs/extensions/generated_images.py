"""Figures that are drawn while the pages are built, once each."""

from functools import cache
from pathlib import Path

from docutils import nodes

RESOLUTION = 130  # dots per inch
FOLDER = "generated"  # of docs/, not in git


def image_of(environment, name, draw, alternative):
    """The node of an image; ``draw`` gives its matplotlib Figure."""
    _draw_once(Path(environment.srcdir) / FOLDER / f"{name}.png", draw)
    return nodes.image(uri=f"/{FOLDER}/{name}.png", alt=alternative)


@cache
def _draw_once(path, draw):
    path.parent.mkdir(exist_ok=True)
    draw().savefig(path, dpi=RESOLUTION)
