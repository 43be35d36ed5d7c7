"""What the tests of HTML pages share: reading them by html5lib, which knows nothing of how they are written."""

import re

import html5lib

XHTML, SVG = "{http://www.w3.org/1999/xhtml}", "{http://www.w3.org/2000/svg}"


def read(text):
    """The page's root element; markup that is not well-formed is an error."""
    return html5lib.HTMLParser(strict=True).parse(text)


def text_of(element):
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip()


def all_of(element, name):
    return list(element.iter(XHTML + name))


def by_id(page, identifier):
    (found,) = (element for element in page.iter() if element.get("id") == identifier)
    return found


def rows_of(table):
    return [[text_of(cell) for cell in row] for row in table.iter(XHTML + "tr")]
