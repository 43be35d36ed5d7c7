"""The reference has every public name, and the theory every figure."""

import re
from pathlib import Path

import pytest

import rnncore
import rnncore.figures
import rnncore.jax
import rnncore.torch

DOCS = Path(__file__).parents[2] / "docs"


def listed():
    """What the tables of the reference list, with the module they are in."""
    names, module = set(), None
    for line in (DOCS / "reference.md").read_text(encoding="utf-8").splitlines():
        if line.startswith(".. currentmodule:: "):
            module = line.split()[-1]
        elif re.fullmatch(r"   [\w.]+", line):
            names.add(f"{module}.{line.strip()}")
    return names


@pytest.mark.parametrize("module", [rnncore, rnncore.figures, rnncore.torch, rnncore.jax], ids=lambda m: m.__name__)
def test_every_public_name_is_in_the_reference(module):
    constants = {"__version__", "FIGURES"}
    assert {f"{module.__name__}.{name}" for name in set(module.__all__) - constants} <= listed()


def test_every_figure_is_on_a_page_of_the_theory():
    text = "".join(path.read_text(encoding="utf-8") for path in (DOCS / "theory").glob("*.md"))
    assert set(re.findall(r"^```\{classic-figure\} (\w+)$", text, re.MULTILINE)) == set(rnncore.figures.FIGURES)
