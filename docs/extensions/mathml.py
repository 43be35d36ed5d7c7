"""Formulae as MathML, which browsers draw by themselves: no script, nothing from the network."""

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

_logger = logging.getLogger(__name__)


def setup(app):
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _inline(translator, node):
    translator.body.append(_convert(node, as_block=False))
    raise nodes.SkipNode


def _block(translator, node):
    translator.body.append(f'<div class="displayed-formula">{_convert(node, as_block=True)}</div>')
    raise nodes.SkipNode


def _convert(node, as_block):
    try:
        formula = tex2mathml(node.astext(), as_block=as_block)
        # Bars around something, not between two things: browsers leave less space.
        formula = formula.replace('<mo class="mathopen">|</mo>', '<mo form="prefix" stretchy="false">|</mo>')
        return formula.replace("<mo>|</mo>", '<mo form="postfix" stretchy="false">|</mo>')
    except MathError as error:
        _logger.warning("%s in %r", error, node.astext(), location=node)
        return ""
