"""What drawing a classic figure gives back."""

import base64
import html
import io
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

_SCREEN_DPI = 110


@dataclass(frozen=True, eq=False, repr=False)
class ClassicFigure:
    """A picture, the numbers it draws, and what they say; notebooks show picture and caption.

    Attributes
    ----------
    name : str
        As in ``rnncore.figures.FIGURES``.
    title : str
        One line on what is seen.
    figure : matplotlib.figure.Figure
        The caller's; pyplot does not know it.
    numbers : dict
        What is drawn, by name: arrays, numbers, texts, and dicts of them.
    caption : str
        What the numbers say, in words, filled in from them.
    """

    name: str
    title: str
    figure: Any
    numbers: dict
    caption: str

    @classmethod
    def of(cls, function, figure, numbers, caption):
        """With the name of the function that drew it, and the first line of its docstring as title."""
        return cls(function.__name__, title_of(function), figure, numbers, caption)

    def to_dict(self):
        """All but the picture; arrays stay arrays."""
        return {"name": self.name, "title": self.title, "caption": self.caption, "numbers": self.numbers}

    def to_json(self, indent=None):
        """:meth:`to_dict` as JSON text, arrays as lists; what is not finite is null."""
        return json.dumps(_plain(self.to_dict()), indent=indent, ensure_ascii=False, allow_nan=False)

    def __repr__(self):
        return f"ClassicFigure({self.name}: {self.title}; {', '.join(self.numbers)})"

    def _repr_html_(self):
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png", dpi=_SCREEN_DPI)
        picture = base64.b64encode(buffer.getvalue()).decode("ascii")
        alternative, caption = html.escape(self.title, quote=True), html.escape(self.caption)
        return (
            f'<figure><img alt="{alternative}" src="data:image/png;base64,{picture}">'
            f"<figcaption>{caption}</figcaption></figure>"
        )


def title_of(function):
    return function.__doc__.partition("\n")[0].strip().rstrip(".")


def _plain(value):
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
