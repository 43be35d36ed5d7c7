"""Examples on the pages of the documentation are run, and print what stands there."""

import doctest
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [path.name for path in sorted(DOCS.glob("*.md")) if ">>> " in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", PAGES)
def test_examples_print_what_stands_there(name):
    text = (DOCS / name).read_text(encoding="utf-8")
    without_fences = "\n".join("" if line.startswith("```") else line for line in text.splitlines())
    examples = doctest.DocTestParser().get_doctest(without_fences, {}, name, name, 0)
    told = []
    failed, tried = doctest.DocTestRunner(verbose=False).run(examples, out=told.append)
    assert tried and not failed, "".join(told)


def test_there_are_pages_with_examples():
    assert "linear_recursions.md" in PAGES
