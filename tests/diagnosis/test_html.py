"""The page of a diagnosis as an HTML file: whole, small, well-formed, and with the numbers that were found."""

import base64
import hashlib
import re
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

import rnncore
from rnncore import GRU, LSTM, Chain, Dense, Diagonal, Elman, GatedDiagonal, Linear, MatrixSequence
from rnncore.diagnosis.html import html_page
from rnncore.diagnosis.page import sections
from rnncore.io import Series

from .html_pages import SVG, all_of, by_id, read, rows_of, text_of

MOST_BYTES = 3_000_000
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;--><!-- ]]> $\\frac$ $x$ \x07\ud800 日本"


def lstm(size, inputs):
    numbers = np.random.default_rng(size)
    return LSTM(numbers.normal(size=(4 * size, size)) / 4, numbers.normal(size=(4 * size, inputs)))


@pytest.fixture(scope="module")
def embedded():
    return rnncore.diagnose()


@pytest.fixture(scope="module")
def page(embedded):
    return html_page(embedded)


ROWS = np.random.default_rng(1).normal(size=(300, 1))
CASES = {
    "LSTM with readout": (Chain([lstm(5, 1), Dense(np.ones((1, 5)))]), ROWS, {"horizon": 2}),
    "without readout": (Elman(0.5 * np.eye(3), np.ones((3, 1))), ROWS, {}),
    "without state": (Dense([[1.0]]), ROWS, {"horizon": 1}),
    "many columns": (GRU(np.eye(12, 4) / 3, np.ones((12, 7))), np.ones((60, 7)) * np.sin(np.arange(60))[:, None], {}),
    "batch": (Elman(0.5 * np.eye(3), np.ones((3, 1)), nonlinearity="relu"), np.ones((50, 4, 1)), {}),
    "autonomous": (Elman([[0.5]]), None, {"steps": 40}),
    "one step": (Linear([[0.5]], [[1.0]]), np.ones((1, 1)), {}),
    "diverging": (Linear([[10.0]], [[1.0]]), ROWS, {"horizon": 1}),
    "forgets at once": (Linear([[0.0]], [[1.0]]), ROWS, {}),
    "complex": (Diagonal(np.array([0.9j, 0.5 + 0.5j]), np.ones((2, 1), complex)), ROWS, {}),
    "gated": (GatedDiagonal(np.ones((3, 1)), np.ones((3, 1))), ROWS, {}),
    "matrices": (MatrixSequence(np.full((30, 2, 2), 0.4)), None, {}),
    "deep chain": (Chain([lstm(4, 1), lstm(4, 4), lstm(4, 4), lstm(4, 4), lstm(4, 4)]), ROWS, {}),
    "deep Elman": (Chain([Elman(np.eye(1) / 2, np.ones((1, 1))) for _ in range(9)]), ROWS, {}),
    "many units": (lstm(200, 1), ROWS, {}),
    "long": (Linear([[1 - 1e-6]], [[0.0]]), ROWS, {"steps": 1_000_000}),
}


@pytest.mark.parametrize("name", CASES)
def test_every_model_gets_a_small_well_formed_page_with_all_that_the_terminal_says(name):
    cell, inputs, options = CASES[name]
    found = rnncore.diagnose(cell, inputs, **options)
    text = html_page(found)
    assert len(text.encode()) < MOST_BYTES
    page = read(text)
    check_structure(page)
    words = text_of(page)
    for section in sections(found):
        assert section.title in words
        if section.finding:
            assert section.finding in words
        for label, value in section.rows:
            assert [label, re.sub(r"\s+", " ", value)] in [row for one in all_of(page, "table") for row in rows_of(one)]
    assert all_of(page, "figure")


def test_the_page_of_a_deep_chain_says_whose_figures_it_leaves_out():
    chain = Chain([Elman([[0.5]], [[1.0]]) for _ in range(5)])
    page = read(html_page(rnncore.diagnose(chain, ROWS)))
    assert "Of 5 layers the first 3 are drawn." in text_of(by_id(page, "figures"))
    titles = [text_of(one) for one in all_of(by_id(page, "figures"), "h3")]
    assert [f"Eigenvalues of W, layer {layer}" in titles for layer in range(5)] == [True, True, True, False, False]


def check_structure(page):
    """Names are unique and lead somewhere, headings go down by one, figures and tables have names."""
    identifiers = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(identifiers) == len(set(identifiers))
    for element in page.iter():
        for name in ("aria-labelledby", "data-table"):
            assert element.get(name) is None or element.get(name) in identifiers
        for name, value in element.attrib.items():
            for target in re.findall(r"^#(.+)|url\(#([^)]+)\)", value) if "href" in name or "clip" in name else ():
                assert "".join(target) in identifiers
    levels = [int(element.tag[-1]) for element in page.iter() if re.fullmatch(r"\{.*\}h[1-6]", str(element.tag))]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    for figure in all_of(page, "figure"):
        assert len(all_of(figure, "h3")) == len(all_of(figure, "figcaption")) == 1
        drawn = list(figure.iter(SVG + "svg"))
        assert len(drawn) == 2 and all(one.get("role") == "img" and one.get("aria-label") for one in drawn)
    for table in all_of(page, "table"):
        assert text_of(all_of(table, "caption")[0])
        assert all(head.get("scope") in ("row", "col") for head in all_of(table, "th"))
    assert [len(all_of(page, name)) for name in ("header", "nav", "main", "footer")] == [1, 1, 1, 1]


def test_a_page_fetches_nothing_and_runs_its_own_script_alone(page):
    assert set(re.findall(r"https?://[^\"' )<]*", page)) == {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    root = read(page)
    (policy,) = (one.get("content") for one in all_of(root, "meta") if one.get("http-equiv"))
    data, script = all_of(root, "script")
    digest = base64.b64encode(hashlib.sha256("".join(script.itertext()).encode()).digest()).decode()
    assert policy.startswith("default-src 'none';") and f"script-src 'sha256-{digest}'" in policy
    assert data.get("type") == "application/json"
    for element in root.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on") and name != "src"
            assert "href" not in name or value.startswith(("#", "data:"))


def test_the_page_of_the_embedded_network_is_below_a_third_of_what_is_allowed(page):
    assert len(page.encode()) < MOST_BYTES / 3


def test_verdicts_come_first_then_figures_then_numbers_then_what_was_run(page):
    parts = [one.get("id") for one in all_of(read(page), "section") if one.get("class") == "part"]
    assert parts == ["verdicts", "figures", "numbers", "run"]


def test_the_values_of_the_forecast_are_those_that_were_made(embedded, page):
    header, *rows = rows_of(by_id(read(page), "figure-forecast-values"))[0:]
    window = embedded.forecast.window
    assert header[0] == "days since the start of the series" and len(rows) == len(window["step"]) == 336
    columns = dict(zip(header, np.array(rows, float).T))
    np.testing.assert_allclose(columns.pop(header[0]), window["step"] / 24, rtol=1e-5)
    for name, values in columns.items():  # written with six digits
        key = {"pers": "persistence", "obse": "truth", "netw": "readout"}[name[:4]]
        np.testing.assert_allclose(values, window[key], rtol=1e-5)


def test_the_values_of_forgetting_are_those_of_the_curve(embedded, page):
    header, *rows = np.array(rows_of(by_id(read(page), "figure-forgetting-values")))
    hours, remaining = rows = np.array(rows, float).T
    assert list(header) == ["hours since the start", "what remains"]
    np.testing.assert_allclose(remaining, embedded.forgetting.distance[hours.astype(int)], rtol=1e-5)
    assert hours[0] == 0 and hours[-1] > 6 * embedded.forgetting.steps - 3


def test_the_bars_of_the_gates_sum_to_all_of_them(embedded, page):
    header, *rows = rows_of(by_id(read(page), "figure-gates-values"))
    values = np.array(rows, float)
    assert header[1:] == ["input", "forget", "output"]
    np.testing.assert_allclose(values[:, 0], np.arange(0.0125, 1, 0.025), rtol=1e-5)
    for column, gate in zip(values[:, 1:].T, embedded.gates):
        counts = np.histogram(gate.values, np.linspace(0, 1, 41))[0]
        np.testing.assert_allclose(column, 100 * counts / len(gate.values), rtol=1e-5, atol=1e-9)


def test_the_bars_of_activations_are_shares_of_them(rng):
    found = rnncore.diagnose(Elman(rng.normal(size=(6, 6)) / 2, rng.normal(size=(6, 1))), ROWS)
    header, *rows = rows_of(by_id(read(html_page(found)), "figure-activations-values"))
    values, heights = np.array(rows, float).T
    counts = np.histogram(found.saturation[0].activations, np.linspace(-1, 1, 61))[0]
    assert header == ["tanh of the unit", "% of units and steps"]
    np.testing.assert_allclose(heights, 100 * counts / counts.sum(), rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(values, (np.arange(60) - 29.5) / 30, rtol=1e-4)


def test_the_values_of_eigenvalues_are_the_eigenvalues(rng):
    weight = rng.normal(size=(20, 20)) / 4
    page = read(html_page(rnncore.diagnose(Linear(weight), steps=20)))
    _, *rows = rows_of(by_id(page, "figure-eigenvalues-values"))
    listed = np.array(rows, float) @ [1, 1j]
    np.testing.assert_allclose(np.sort_complex(listed), np.sort_complex(np.linalg.eigvals(weight)), rtol=2e-5)
    assert all(np.diff(np.abs(listed)) < 1e-5)


def test_long_curves_are_drawn_thinned_and_the_page_says_so():
    found = rnncore.diagnose(Linear([[1 - 1e-6]], [[0.0]]), ROWS, steps=1_000_000)
    (caption,) = (text_of(one) for one in all_of(by_id(read(html_page(found)), "figure-forgetting"), "figcaption"))
    assert "Drawn thinned: of 1,000,001 points the smallest and the largest" in caption


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_thinning_keeps_what_the_picture_shows(scale, rng):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from rnncore.diagnosis.html.thinning import thin_lines

    y = rng.normal(size=100_000)
    y[[500, 77_777]] = 40, -50
    y[20_000:30_000] = np.nan
    figure = Figure(figsize=(5, 3))
    ax = figure.add_subplot(xscale=scale)
    (line,) = ax.plot(np.arange(1, len(y) + 1), y, label="noise")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    before = np.array(canvas.buffer_rgba()).astype(int)
    assert thin_lines(ax) == 100_000
    canvas.draw()
    after = np.array(canvas.buffer_rgba()).astype(int)
    assert len(line.get_xdata()) <= 2002 and {40, -50} <= set(line.get_ydata())
    # 1 000 columns on 390 pixels: a column's ends may move by a third of a pixel, which shifts shades and not shapes
    assert np.mean(np.abs(before - after)) < 2


def test_names_with_markup_stay_text(tmp_path):
    values = np.random.default_rng(0).normal(size=(80, 1))
    series = Series(values, (HOSTILE,), HOSTILE)
    model = rnncore.io.Model(Linear([[0.5]], [[1.0]]), {"target_unit": HOSTILE}, HOSTILE)
    found = rnncore.diagnose(model, series, horizon=1, unit=HOSTILE)
    found.to_html(tmp_path / "page.html", command=f"rnncore diagnose '{HOSTILE}'")
    page = read((tmp_path / "page.html").read_text(encoding="utf-8"))
    check_structure(page)
    assert len(all_of(page, "script")) == 2 and not all_of(page, "img")
    shown = HOSTILE.replace("\x07", "\ufffd").replace("\ud800", "\ufffd")
    assert text_of(all_of(page, "h1")[0]) == shown
    assert any(text_of(one).startswith(shown) for one in all_of(page, "li"))
    assert any(text_of(one).startswith(shown[:30]) for one in page.iter(SVG + "text"))


def test_words_with_dollars_are_no_formulas_in_the_picture_either(tmp_path):
    from matplotlib.figure import Figure

    series = Series(np.random.default_rng(0).normal(size=(80, 1)), ("$\\frac$",), "$\\no$")
    found = rnncore.diagnose(Linear([[0.5]], [[1.0]]), series, horizon=1, unit="$\\way$")
    found.plot(Figure(layout="constrained")).savefig(tmp_path / "page.png")


def test_the_page_tells_arguments_versions_and_times(embedded):
    found = rnncore.diagnose(Elman([[0.5]]), steps=10, seed=3)
    rows = [row for one in all_of(read(html_page(found, command="make it <so>")), "table") for row in rows_of(one)]
    for row in (
        ["command", "make it <so>"], ["argument steps", "10"], ["argument seed", "3"],
        ["version of rnncore", rnncore.__version__], ["version of NumPy", np.__version__],
    ):  # fmt: skip
        assert row in rows
    assert all(seconds >= 0 for seconds in found.provenance.seconds.values())
    assert {"forgetting", "gradients and exponents"} < found.provenance.seconds.keys()
    assert found.to_dict()["provenance"]["versions"]["rnncore"] == rnncore.__version__


def test_an_old_page_is_replaced_and_nothing_else_is_left(tmp_path):
    found = rnncore.diagnose(Elman([[0.5]]), steps=10)
    (tmp_path / "page.html").write_text("old")
    found.to_html(tmp_path / "page.html")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("path, error", [("no/folder.html", "No such file"), (".", "folder")])
def test_a_path_that_cannot_be_written_is_named(path, error, tmp_path):
    found = rnncore.diagnose(Elman([[0.5]]), steps=10)
    with pytest.raises(OSError, match=error) as raised:
        found.to_html(tmp_path / path)
    assert str(tmp_path) in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_the_extra_is_named(tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ImportError('no matplotlib here')")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import rnncore\n"
        "found = rnncore.diagnose(rnncore.Elman([[0.5]]), steps=10)\n"
        "try: found.to_html('page.html')\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", cwd=tmp_path)
    assert "pip install 'rnncore[report]'" in done.stdout, done.stderr
    assert not (tmp_path / "page.html").exists()


def luminance(colour):
    """WCAG 2: relative luminance."""
    channels = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4) @ [
        0.2126,
        0.7152,
        0.0722,
    ]


@pytest.mark.parametrize("theme", [0, 1])
def test_contrasts_are_those_of_wcag_aa_in_both_themes(theme, page):
    colours = {name: pair[theme] for name, *pair in re.findall(r"--(\w+): light-dark\((#\w{6}), (#\w{6})\)", page)}
    assert len(colours) == 13
    for ground in ("paper", "card"):
        for name in ("ink", "quiet", "link", "red", "grey", "blue", "green", "pink", "orange"):
            pair = sorted((luminance(colours[name]), luminance(colours[ground])))
            least = 3 if name in ("blue", "green", "pink", "orange") else 4.5  # lines; the others are words too
            assert (pair[1] + 0.05) / (pair[0] + 0.05) >= least, name
