"""CITATION.cff says what the package says of itself; ``nox -s docs`` checks its form."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def said_in(name, pattern):
    return re.search(pattern, (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)[1]


def test_version_and_licence_are_the_packages():
    assert said_in("CITATION.cff", r"^version: (.+)$") == said_in("pyproject.toml", r'^version = "(.+)"$')
    assert said_in("CITATION.cff", r"^license: (.+)$") == said_in("pyproject.toml", r'^license = "(.+)"$')
