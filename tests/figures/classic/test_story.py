"""What all classic figures have in common."""

import json
import subprocess
import sys

import numpy as np
import pytest

import rnncore.figures
from rnncore import NonFiniteError
from rnncore.figures import FIGURES, ClassicFigure, draw
from rnncore.figures.classic.story import describe

from .small import SIZES, small

WRONG = {
    "scalar_linear": [{"weights": []}, {"weights": [np.nan]}, {"weights": "w"}, {"steps": 0}],
    "vector_linear": [{"radii": [0.0]}, {"radii": [[1.0]]}, {"units": 1}, {"steps": 3}, {"seed": -1}],
    "scalar_nonlinear": [{"weights": [np.inf]}, {"bias": "b"}, {"steps": 0}],
    "vector_nonlinear": [{"radii": [-1.0]}, {"units": 0}, {"steps": 1}],
    "boundedness_map": [{"weights": []}, {"biases": [np.nan]}, {"steps": 5}, {"steps": 2000}, {"seed": -1}],
    "jacobians": [{"units": 1}, {"samples": 0}, {"lengths": []}, {"lengths": [0]}, {"lengths": [100_000]}],
    "gradients_by_lag": [{"units": 1}, {"longest_lag": 1}, {"longest_lag": 8000}],
    "deep_networks": [{"iterations": -1}, {"singles": 0}, {"singles": 1798}],
    "marked_pattern": [{"longest_lag": 0}, {"longest_lag": 5000}, {"starts": 10}],
    "constant_error_carousel": [{"longest_lag": 1}, {"longest_lag": 9000}, {"ends": 0}],
    "memory_horizons": [{"threshold": 1.5}, {"longest_lag": 0}, {"longest_lag": 9000}, {"starts": 0}],
    "lyapunov_spectra": [{"radii": []}, {"units": 1}, {"steps": 10}],
    "switched_memory": [{"steps": 10}, {"units": 1}, {"episodes": 10}],
}


@pytest.mark.parametrize("name", FIGURES)
def test_it_is_drawn_for_print_with_every_axis_labelled(name, tmp_path):
    found = small(name)
    assert isinstance(found, ClassicFigure) and found.name == name
    assert found.figure.get_figwidth() <= 7.0
    for suffix in ("png", "pdf"):
        found.figure.savefig(tmp_path / f"figure.{suffix}", dpi=100)
    panels = [ax for ax in found.figure.axes if ax.get_label() != "<colorbar>"]
    assert all(ax.lines or ax.images or ax.collections for ax in panels)
    # A row of panels may share the words at its left, a column those at its foot.
    assert sum(bool(ax.get_ylabel() or ax.get_yticklabels()) for ax in panels) >= len(panels) / 5
    texts = [text for ax in panels for text in ax.texts] + [ax.xaxis.label for ax in panels]
    assert min(text.get_fontsize() for text in texts) >= 6.5


@pytest.mark.parametrize("name", FIGURES)
def test_nothing_lies_outside_of_the_page(name):
    figure = small(name).figure
    figure.draw_without_rendering()  # lays it out
    page, found = figure.bbox, figure.get_tightbbox()
    width, height = page.width / figure.dpi, page.height / figure.dpi
    assert found.x0 >= 0 and found.y0 >= 0 and found.x1 <= width and found.y1 <= height


@pytest.mark.parametrize("name", FIGURES)
def test_numbers_and_caption_go_into_files_and_pages(name):
    found = small(name)
    facts = json.loads(found.to_json())
    assert facts["numbers"].keys() == found.numbers.keys() and len(found.caption) > 80
    page = found._repr_html_()
    assert f'alt="{found.title}"' in page and "data:image/png;base64," in page and "<figcaption>" in page
    assert repr(found).startswith(f"ClassicFigure({name}: {found.title}")


@pytest.mark.parametrize("name", FIGURES)
def test_lines_of_a_panel_differ_in_more_than_colour(name):
    """In grey they are told apart by dashes, width or markers."""
    for ax in small(name).figure.axes:
        looks = {}
        for line in ax.lines:
            if line.get_label().startswith("_") or len(line.get_xdata()) < 3:
                continue
            look = (str(line._unscaled_dash_pattern), line.get_linewidth(), line.get_marker())
            looks.setdefault(look, set()).add(line.get_color())
        # Two lines of one dash pattern are as far apart as black or blue and orange are, in grey too.
        assert all(len(colours) <= 2 for colours in looks.values()), looks


@pytest.mark.parametrize("name, options", [(name, options) for name in WRONG for options in WRONG[name]])
def test_wrong_arguments_are_named_before_the_work(name, options):
    (argument,) = options
    with pytest.raises((ValueError, TypeError), match=argument.replace("longest_lag", "(longest_lag|max_lag)")):
        draw(name, **options)


EXTREMES = [
    ("scalar_linear", {"weights": [0.01, 9.0], "steps": 200}),
    ("vector_linear", {"radii": [0.01], "steps": 500, "units": 5}),
    ("gradients_by_lag", {"units": 4, "longest_lag": 2000}),
    ("marked_pattern", {"units": 4, "longest_lag": 3, "starts": 110}),
    ("memory_horizons", {"units": 2, "longest_lag": 30, "starts": 1}),
    ("constant_error_carousel", {"longest_lag": 10, "ends": 1}),
    ("jacobians", {"units": 2, "samples": 1, "lengths": [1]}),
    ("lyapunov_spectra", {"units": 2, "steps": 1000, "radii": [1.0]}),
]


@pytest.mark.parametrize("name, options", EXTREMES)
def test_it_is_drawn_in_small_and_extreme_sizes_too(name, options, tmp_path):
    found = draw(name, **options)
    found.figure.savefig(tmp_path / "figure.png", dpi=50)
    json.loads(found.to_json())


@pytest.mark.parametrize(
    "name, options",
    [
        ("scalar_linear", {"weights": [9.0], "steps": 2000}),
        ("vector_linear", {"radii": [5.0], "steps": 2000, "units": 5}),
        ("scalar_nonlinear", {"weights": [5.0], "steps": 2000}),
        ("vector_nonlinear", {"radii": [5.0], "steps": 2000, "units": 5}),
    ],
)
def test_a_run_that_overflows_is_told(name, options):
    with pytest.raises(NonFiniteError, match="is not finite after step"):
        draw(name, **options)


def test_every_figure_has_its_test_sizes_and_its_function():
    assert set(SIZES) == set(WRONG) == set(FIGURES)
    assert all(getattr(rnncore.figures, name).__doc__.startswith(describe(name)) for name in FIGURES)


def test_an_unknown_figure_is_told_with_those_there_are():
    with pytest.raises(ValueError, match="there is no figure 'page'; there are scalar_linear, vector_linear, "):
        draw("page")


def test_one_seed_gives_the_same_numbers_and_another_gives_others():
    first, same, other = (
        draw("vector_nonlinear", units=4, steps=20, seed=seed).numbers["sizes"]["tanh"] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, same)
    assert (first != other).all()


def test_names_are_known_without_matplotlib():
    code = "import sys, rnncore.figures; print(len(rnncore.figures.FIGURES), 'matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert done.stdout.split() == [str(len(FIGURES)), "False"], done.stderr
