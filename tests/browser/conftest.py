"""Debian's Chromium, driven by Playwright, and the pages that it opens: as files, as users open them.

``nox -s browser`` runs these tests; plain pytest does not, as Chromium is no Python package.
"""

import shutil

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

import rnncore
from rnncore.io import Model, Series

SIZES = {
    "phone": {"width": 360, "height": 740},
    "tablet": {"width": 800, "height": 1100},
    "desktop": {"width": 1440, "height": 900},
}
HOSTILE = "<img src=x onerror=\"document.title='run'\"></script><script>document.title='run'</script>'\"&lt; $\\x$"


@pytest.fixture(scope="session")
def chromium():
    program = shutil.which("chromium")
    assert program, "these tests need the Debian package chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def diagnoses():
    rows = np.random.default_rng(0).normal(size=(500, 1))
    linear = rnncore.Linear([[0.5]], [[1.0]])
    deep = rnncore.Chain([rnncore.Elman(np.eye(4) / 2, np.ones((4, width))) for width in (1, 4)])
    return {
        "embedded": rnncore.diagnose(),
        "hostile": rnncore.diagnose(
            Model(linear, {"target_unit": HOSTILE}, HOSTILE), Series(rows, (HOSTILE,), HOSTILE), horizon=1, unit=HOSTILE
        ),
        "deep": rnncore.diagnose(deep, rows),
        "long": rnncore.diagnose(rnncore.Linear([[1 - 1e-6]], [[0.0]]), rows, steps=300_000),
        "no state": rnncore.diagnose(rnncore.Dense([[1.0]]), rows, horizon=1),
    }


@pytest.fixture(scope="session")
def files(diagnoses, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for name, found in diagnoses.items():
        found.to_html(folder / f"{name}.html", command="rnncore diagnose")
    return {name: folder / f"{name}.html" for name in diagnoses}


@pytest.fixture
def visit(chromium, files):
    """Opens a page by name, in a size and a colour scheme; what goes wrong in it, or asks for anything, is an error."""
    contexts, wrong = [], []

    def visit(name, size="desktop", scheme="light", **options):
        context = chromium.new_context(
            viewport=SIZES[size], color_scheme=scheme, reduced_motion="reduce", has_touch=size == "phone", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("requestfailed", lambda request: wrong.append(request.url))
        page.on(
            "request",
            lambda request: request.url.startswith(("file:", "data:")) or wrong.append(request.url),
        )
        page.goto(files[name].as_uri())
        return page

    yield visit
    for context in contexts:
        context.close()
    assert wrong == []
