"""A matplotlib figure as SVG inside a page: its colours are the page's, its words are text, its names its own."""

import re
import xml.etree.ElementTree as ElementTree
from io import BytesIO

from ...figures.style import BLUE, GREEN, GREY, LINES, ORANGE, RED
from ...markup import printable

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
COLOURS = {BLUE: "blue", ORANGE: "orange", GREEN: "green", RED: "red", LINES[4]: "pink", GREY: "grey"}
COLOURS = {colour.lower(): f"var(--{name})" for colour, name in COLOURS.items()}
_COLOURS = COLOURS | {"#000000": "var(--ink)", "#e6e6e6": "var(--grid)"}
_RASTER = 144  # dots per inch of what is drawn as a picture


def svg_of(figure, prefix, title):
    """The figure as an ``<svg>`` element; ``prefix`` makes its identifiers unique on the page."""
    from matplotlib import rc_context

    file = BytesIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": prefix}):
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(file, format="svg", transparent=True, metadata=nothing, dpi=_RASTER)
    root = ElementTree.fromstring(file.getvalue())
    for parent in root.iter(f"{{{_SVG}}}defs"):
        for style in parent.findall(f"{{{_SVG}}}style"):
            parent.remove(style)
    _dress(root, prefix)
    for name in ("width", "height"):
        root.attrib.pop(name)
    root.attrib |= {"role": "img", "aria-label": printable(title), "class": prefix.split("-", 1)[0]}
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    return ElementTree.tostring(root, encoding="unicode")


def _dress(root, prefix):
    names = _names_referred_to(root)
    for element in root.iter():
        attributes = element.attrib
        if attributes.get("id") in names:
            attributes["id"] = f"{prefix}-{attributes['id']}"
        else:
            attributes.pop("id", None)
        for name in (f"{{{_XLINK}}}href", "clip-path"):
            if name in attributes:
                attributes[name] = re.sub(r"^(url\()?#", rf"\g<1>#{prefix}-", attributes[name])
        if "style" in attributes:
            attributes["style"] = _with_colours_of_the_page(attributes["style"])
        if "d" in attributes:
            attributes["d"] = " ".join(re.sub(r"(\.\d\d)\d+", r"\1", attributes["d"]).split())


def _names_referred_to(root):
    values = (value for element in root.iter() for value in element.attrib.values())
    return {name for value in values for name in re.findall(r"^url\(#([^)]+)\)$|^#(.+)$", value) for name in name}


def _with_colours_of_the_page(style):
    style = re.sub(r"#[0-9a-f]{6}\b", lambda found: _COLOURS.get(found[0], found[0]), style)
    return re.sub(r"('[^']*', )+sans-serif", "var(--font)", style)
