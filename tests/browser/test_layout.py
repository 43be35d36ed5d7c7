"""Every figure and word of a page is to be seen, on a phone and on a desk."""

from itertools import combinations

import pytest
from axe_playwright_python.sync_playwright import Axe

from .conftest import SIZES

NAMES = ("embedded", "hostile", "deep", "long", "no state")

WORDS_OF_FIGURES = """() => [...document.querySelectorAll("figure")].map((figure) => {
    const svg = [...figure.querySelectorAll("svg")].filter((one) => getComputedStyle(one).display !== "none");
    const frame = ({left, top, right, bottom}) => [left, top, right, bottom];
    return {
        id: figure.id, count: svg.length, picture: frame(svg[0].getBoundingClientRect()),
        card: frame(figure.getBoundingClientRect()),
        words: [...svg[0].querySelectorAll("text")]
            .map((one) => [one.textContent, ...frame(one.getBoundingClientRect())]),
    };
})"""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_reaches_beyond_the_page(name, size, visit):
    page = visit(name, size)
    width = SIZES[size]["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    beyond = """(width) => [...document.querySelectorAll("main *, header *")]
        .filter((one) => !one.closest(".frame, svg") && one.getBoundingClientRect().right > width + 0.5)
        .map((one) => one.outerHTML.slice(0, 80))"""
    assert page.evaluate(beyond, width) == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_every_figure_is_seen_with_all_its_words(name, size, visit):
    page = visit(name, size)
    figures = page.evaluate(WORDS_OF_FIGURES)
    assert figures
    for figure in figures:
        assert figure["count"] == 1
        left, top, right, bottom = figure["picture"]
        assert right - left > 250 and bottom - top > 150
        assert len(figure["words"]) > 6
        inside = figure["card"]
        for words, *box in figure["words"]:
            assert inside[0] <= box[0] and box[2] <= inside[2], (figure["id"], words)
            assert top - 3 <= box[1] and box[3] <= bottom + 3, (figure["id"], words)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["embedded", "deep", "long", "no state"])
def test_no_words_in_a_figure_lie_on_each_other(name, size, visit):
    """More than by the empty rim above and below their letters: half a line."""
    for figure in visit(name, size).evaluate(WORDS_OF_FIGURES):
        for (first, *a), (second, *b) in combinations(figure["words"], 2):
            across = min(a[2], b[2]) - max(a[0], b[0])
            down = min(a[3], b[3]) - max(a[1], b[1])
            assert across <= 1 or down <= 8, (figure["id"], first, second)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["embedded", "hostile", "deep"])
def test_axe_finds_no_barrier(name, size, scheme, visit):
    page = visit(name, size, scheme)
    for summary in page.locator("summary").all():
        summary.click()
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found] == []


def test_figures_and_words_are_there_without_script(visit):
    page = visit("embedded", java_script_enabled=False)
    assert page.locator("figure svg.wide").count() == 10
    assert page.locator("button:visible").count() == 0 and not page.locator(".hint").is_visible()
    assert page.get_by_role("heading", name="Verdicts").is_visible()


def test_on_paper_there_are_figures_and_tables_and_nothing_to_press(visit):
    page = visit("embedded", scheme="dark")
    page.emulate_media(media="print")
    assert page.locator("figure svg.wide").first.is_visible() and page.locator("table.named").first.is_visible()
    for gone in ("nav", "button", "details", "input"):
        assert page.locator(f"{gone}:visible").count() == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
