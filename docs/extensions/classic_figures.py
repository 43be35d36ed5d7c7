"""``classic-figure``: one of ``rnncore.figures.FIGURES``, drawn by the library while the pages are built.

Its caption holds the measured numbers; below it stands how long the drawing took and how to get at the numbers.
"""

import textwrap
import time
from functools import cache

from docutils import nodes
from generated_images import image_of
from sphinx.util.docutils import SphinxDirective


def setup(app):
    app.add_directive("classic-figure", ClassicFigureDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class ClassicFigureDirective(SphinxDirective):
    required_arguments = 1

    def run(self):
        name = self.arguments[0]
        try:
            found, seconds = _draw(name)
        except ValueError as error:
            raise self.error(str(error)) from None
        image = image_of(self.env, name, _picture(name), found.title)
        figure = nodes.figure("", image, nodes.caption(found.caption, found.caption), classes=["classic-figure"])
        figure["ids"].append(name.replace("_", "-"))
        numbers = textwrap.wrap(f"found.numbers  # {', '.join(found.numbers)}", 85, subsequent_indent=15 * " " + "# ")
        code = (
            "from rnncore.figures import draw\n\n"
            f'found = draw("{name}")  # {seconds:.1f} s when this page was built\n'
            f'found.figure.savefig("{name}.png")\n' + "\n".join(numbers)
        )
        return [figure, nodes.literal_block(code, code, language="python")]


@cache
def _draw(name):
    from rnncore.figures import draw

    start = time.perf_counter()
    found = draw(name)
    return found, time.perf_counter() - start


@cache
def _picture(name):
    return lambda: _draw(name)[0].figure
