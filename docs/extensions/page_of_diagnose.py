"""``diagnose``: what the command prints for the embedded network, worked out while the pages are built.

Its argument is the heading of a section, of which only that is shown; ``:picture:`` asks for the figure instead.
"""

from functools import cache
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from generated_images import image_of
from sphinx.util.docutils import SphinxDirective


def setup(app):
    app.add_directive("diagnose", Diagnose)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class Diagnose(SphinxDirective):
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {"picture": directives.flag}

    def run(self):
        if "picture" in self.options:
            return [image_of(self.env, "diagnose", _picture, "Forecast, forgetting, gradient and gates of an LSTM")]
        text = _page()
        if self.arguments:
            heading = self.arguments[0].upper()
            found = [part for part in text.split("\n\n") if part.startswith(heading + "\n")]
            if not found:
                raise self.error(f"diagnose prints no section {heading!r}")
            text = found[0]
        return [nodes.literal_block(text, text, language="text")]


@cache
def _diagnosis():
    import rnncore

    return rnncore.diagnose()


@cache
def _picture():
    return _diagnosis().plot()


@cache
def _page():
    return _diagnosis().summary()
