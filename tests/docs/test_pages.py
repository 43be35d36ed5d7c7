"""Code on the pages of the documentation, and in the README, is run, and prints what stands there."""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
}
FENCED = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
WITH_PROMPTS = [name for name, text in PAGES.items() if ">>> " in text]
WITHOUT = [name for name, text in PAGES.items() if any(">>> " not in code for code in FENCED.findall(text))]


@pytest.mark.parametrize("name", WITH_PROMPTS)
def test_examples_print_what_stands_there(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    without_fences = "\n".join("" if line.startswith("```") else line for line in PAGES[name].splitlines())
    examples = doctest.DocTestParser().get_doctest(without_fences, {}, name, name, 0)
    told = []
    failed, tried = doctest.DocTestRunner(verbose=False).run(examples, out=told.append)
    assert tried and not failed, "".join(told)


@pytest.mark.parametrize("name", WITHOUT)
def test_code_without_prompts_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = {}
    for code in FENCED.findall(PAGES[name]):
        if ">>> " not in code:
            exec(compile(code, name, "exec"), found)


def test_there_are_pages_with_examples():
    assert "docs/linear_recursions.md" in WITH_PROMPTS
    assert "README.md" in WITHOUT and "docs/torch.md" in WITHOUT
