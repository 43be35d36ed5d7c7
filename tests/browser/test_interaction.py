"""What pages do: tell values, change their theme, copy tables, obey the keyboard, and run nothing that a name holds."""

import re

import numpy as np
import pytest

from .conftest import HOSTILE, SIZES


def legend(page, figure):
    """What the legend tells: names and values."""
    items = page.locator(f"#{figure} .legend li").all()
    return [(item.evaluate("(one) => one.childNodes[one.childNodes.length - 2].textContent.trim()"),
             item.locator("b").inner_text()) for item in items]  # fmt: skip


def point_at(page, figure, share, form):
    """Where the pointer goes: a share of the picture's axes."""
    picture = page.locator(f"#{figure} svg.{form}")
    picture.scroll_into_view_if_needed()
    box = page.evaluate("JSON.parse(document.getElementById('places').textContent)")[figure.removeprefix("figure-")]
    left, top, right, bottom = box[form]["box"]
    frame = picture.bounding_box()
    scale = frame["width"] / picture.evaluate("(svg) => svg.viewBox.baseVal.width")
    page.mouse.move(frame["x"] + scale * (left + share * (right - left)), frame["y"] + scale * (top + bottom) / 2)


@pytest.mark.parametrize("share", [0, 0.21, 0.5, 0.98, 1])
@pytest.mark.parametrize("size, form", [("desktop", "wide"), ("phone", "narrow")])
def test_the_pointer_tells_the_forecast_of_its_hour(size, form, share, visit, diagnoses):
    page = visit("embedded", size)
    point_at(page, "figure-forecast", share, form)
    (axis, day), *values = legend(page, "figure-forecast")
    assert axis == "days since the start of the series"
    window = diagnoses["embedded"].forecast.window
    hours = window["step"]
    expected = hours[0] + share * (hours[-1] - hours[0])
    assert abs(24 * float(day) - expected) <= 1  # a pixel or the next hour
    index = int(np.argmin(np.abs(hours - 24 * float(day))))
    for name, key in (("persistence", "persistence"), ("observed", "truth"), ("network", "readout")):
        (value,) = (value for label, value in values if label.startswith(name))
        assert float(value) == pytest.approx(window[key][index], rel=1e-5)


def test_the_mark_lies_on_the_curve(visit):
    page = visit("embedded")
    point_at(page, "figure-forgetting", 0.4, "wide")
    dot = page.locator("#figure-forgetting svg.wide .dot").bounding_box()
    hidden = "(svg) => { svg.querySelectorAll('.dot, .cursor').forEach((one) => one.remove()); }"
    picture = page.locator("#figure-forgetting svg.wide")
    picture.evaluate(hidden)
    x, y = dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2
    colour = "([x, y]) => getComputedStyle(document.elementFromPoint(x, y)).stroke"
    assert page.evaluate(colour, [x, y]) == "rgb(0, 114, 178)"


def test_the_slider_tells_the_same_by_keys(visit, diagnoses):
    page = visit("embedded")
    slider = page.locator("#figure-forgetting input")
    slider.focus()
    for key in ("End", "ArrowLeft", "Home", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    (_, hours), (_, remaining) = legend(page, "figure-forgetting")
    distance = diagnoses["embedded"].forgetting.distance
    assert float(remaining) == pytest.approx(distance[int(hours)], rel=1e-5)
    assert 0 < float(hours) < 10
    assert slider.get_attribute("aria-valuetext") == f"hours since the start {hours}, what remains {remaining}"


def test_points_of_a_plane_are_told_by_their_nearness(visit, diagnoses):
    page = visit("deep")
    picture = page.locator("#figure-eigenvalues-0 svg.wide")
    picture.scroll_into_view_if_needed()
    places = page.evaluate("JSON.parse(document.getElementById('places').textContent)")["eigenvalues-0"]["wide"]
    frame = picture.bounding_box()
    scale = frame["width"] / picture.evaluate("(svg) => svg.viewBox.baseVal.width")
    page.mouse.move(frame["x"] + scale * places["x"][0] + 5, frame["y"] + scale * places["y"][0][0] - 4)
    assert legend(page, "figure-eigenvalues-0") == [("real part", "0.5"), ("imaginary part", "0")]


@pytest.mark.parametrize(
    "scheme, first, then", [("light", "Dark theme", "Light theme"), ("dark", "Light theme", "Dark theme")]
)
def test_the_theme_can_be_changed(scheme, first, then, visit):
    page = visit("embedded", scheme=scheme)
    ground = "getComputedStyle(document.body).backgroundColor"
    ink = "getComputedStyle(document.querySelector('svg text')).fill"
    before, button = [page.evaluate(ground), page.evaluate(ink)], page.locator("#theme")
    assert button.inner_text() == first
    button.click()
    after = [page.evaluate(ground), page.evaluate(ink)]
    assert button.inner_text() == then and before != after and before[1] != after[1]
    button.click()
    assert [page.evaluate(ground), page.evaluate(ink)] == before


@pytest.mark.parametrize("allowed", [True, False])
def test_tables_are_copied_with_the_clipboards_leave_or_without(allowed, visit):
    page = visit("embedded")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    if not allowed:
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    page.locator("#forgetting .copy").click()
    page.wait_for_function("document.getElementById('status').textContent === 'Copied'")
    copied = page.evaluate("navigator.clipboard.readText()").splitlines()
    rows = page.locator("#forgetting-numbers tr").all()
    assert len(copied) == len(rows) == 3
    for line, row in zip(copied, rows):
        assert line.split("\t") == [" ".join(cell.split()) for cell in row.locator("th, td").all_inner_texts()]


def test_the_values_of_a_figure_are_copied_as_numbers(visit, diagnoses):
    page = visit("embedded")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#figure-forecast summary").click()
    page.locator("#figure-forecast .copy").click()
    page.wait_for_function("document.getElementById('status').textContent === 'Copied'")
    _, *rows = [line.split("\t") for line in page.evaluate("navigator.clipboard.readText()").splitlines()]
    window = diagnoses["embedded"].forecast.window
    np.testing.assert_allclose(np.array(rows, float)[:, 2], window["truth"], rtol=1e-5)


@pytest.mark.parametrize("size", SIZES)
def test_tab_goes_through_all_there_is_to_press_in_reading_order(size, visit):
    page = visit("deep", size)
    presses = """() => [...document.querySelectorAll("a, button, input, summary, .frame")]
        .filter((one) => one.checkVisibility()).map((one) => one.outerHTML)"""
    expected = page.evaluate(presses)
    seen = []
    for _ in expected:
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.outerHTML"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
    told = re.compile(' aria-valuetext="[^"]*"')  # of a slider, once the keyboard has reached it
    assert [told.sub("", one) for one in seen] == expected


def test_the_skip_link_leads_to_the_verdicts(visit):
    page = visit("embedded")
    page.keyboard.press("Tab")
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_names_do_nothing(visit):
    page = visit("hostile")
    for place in (0.3, 0.6):
        point_at(page, "figure-forecast", place, "wide")
    page.wait_for_timeout(200)
    assert page.title() == f"Diagnosis of {HOSTILE} · {HOSTILE}"
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.locator("img").count() == 0 and page.locator("script").count() == 2


def test_the_policy_lets_no_other_script_run_and_nothing_be_fetched(chromium, files):
    page = chromium.new_context().new_page()
    page.goto(files["embedded"].as_uri())
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "document.title = 'run'";
        document.body.append(script);
        const image = document.createElement("img");
        image.src = "https://example.org/x.png";
        document.body.append(image);
    }""")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(200)
    assert page.title() != "run" and asked == []
