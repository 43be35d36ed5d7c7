"""Text from anywhere, fit for pictures and pages: what stands for no character is replaced, markup stays text."""

import html
import re

_NOT_PRINTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def printable(text):
    """``text`` with a sign in the place of each character that stands for none."""
    return _NOT_PRINTED.sub("\N{REPLACEMENT CHARACTER}", text)


def escape(text):
    """``text`` as it may stand between tags and in quoted attributes."""
    return html.escape(printable(str(text)))
