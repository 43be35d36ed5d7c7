"""Every public object that holds something shows it as a table in a notebook."""

import subprocess
import sys

import html5lib
import numpy as np
import pytest
import scipy.sparse

import rnncore
from rnncore.notebook import describe

NUMBERS = np.random.default_rng(0)
CELL = rnncore.Elman(0.5 * np.eye(3), np.ones((3, 1)))
LSTM = rnncore.LSTM(NUMBERS.normal(size=(12, 3)), np.ones((12, 1)))
SERIES = NUMBERS.normal(size=(3000, 1))
SHORT = SERIES[:200]
TEXT = "{http://www.w3.org/1999/xhtml}"

MODES = rnncore.modes(rnncore.Linear([[0.5, 1.0], [0.0, 0.5]], [[1.0], [0.0]]))
CELLS = [
    CELL,
    LSTM,
    rnncore.Linear([[0.5]]),
    rnncore.GRU(np.ones((3, 1))),
    rnncore.Diagonal([0.5j, 0.1], np.ones((2, 1), complex)),
    rnncore.GatedDiagonal([[1.0]], [[1.0]]),
    rnncore.DelayLine(3, 2),
    rnncore.Dense([[1.0]]),
    rnncore.Chain([CELL, rnncore.Dense(np.ones((1, 3)))]),
    rnncore.MatrixSequence(np.ones((3, 2, 2))),
    rnncore.Elman(scipy.sparse.eye_array(4)),
]
RESULTS = [
    rnncore.simulate(CELL, SHORT),
    rnncore.simulate(CELL, SHORT, keep="last"),
    rnncore.gradients(LSTM, SHORT, np.ones((200, 3))),
    rnncore.record(CELL, SHORT),
    rnncore.truncated_gradients(CELL, SHORT, np.ones(3), at="last", truncations=[10]),
    rnncore.jacobian_product(CELL, SHORT, every=10),
    rnncore.gradient_norms(CELL, SHORT),
    rnncore.layer_gradients(rnncore.Dense([[1.0]]), [1.0], [1.0]),
    rnncore.lyapunov_spectrum(CELL, SERIES),
    rnncore.covariant_lyapunov_vectors(CELL, SERIES, k=2),
    rnncore.singular_spectrum(CELL, SHORT, directions=True),
    rnncore.carousel(LSTM, SHORT),
    MODES,
    MODES.transient,
    rnncore.superpose(rnncore.Linear([[0.5]], [[1.0]]), SHORT),
    rnncore.memory_horizon(CELL, SERIES, max_lag=50),
    rnncore.memory_capacity(CELL, SERIES, max_lag=5),
    rnncore.long_term_dependence(CELL, SERIES, [[10.0]], lags=10),
    rnncore.memory_sweep(CELL, SERIES, leak=[1.0, 0.5], max_lag=50),
    rnncore.stability(CELL),
    rnncore.stability(CELL).bounded,
    rnncore.diagnose(CELL, SHORT),
    rnncore.diagnose(LSTM, SHORT).memories[0],
]


def read(shown):
    """The caption, and the cells of the rows."""
    (table,) = html5lib.HTMLParser(strict=True).parseFragment(shown._repr_html_())
    caption = "".join(table.find(f"{TEXT}caption").itertext())
    return caption, [["".join(cell.itertext()) for cell in row] for row in table.iter(f"{TEXT}tr")]


def test_each_public_class_has_an_example_here():
    public = {getattr(rnncore, name) for name in rnncore.__all__ if isinstance(getattr(rnncore, name), type)}
    errors = {one for one in public if issubclass(one, BaseException)}
    assert public - errors - {rnncore.Cell} - {rnncore.use_backend} <= {type(one) for one in CELLS + RESULTS}


@pytest.mark.parametrize("shown", CELLS + RESULTS, ids=lambda shown: type(shown).__name__)
def test_what_an_object_holds_stands_in_its_table(shown):
    caption, rows = read(shown)
    assert caption == type(shown).__name__
    names = [row[0] for row in rows]
    facts = shown.to_dict() if hasattr(shown, "to_dict") and not isinstance(shown, rnncore.Diagnosis) else {}
    for name, value in facts.items():
        assert name in names
        for part in value if isinstance(value, dict) else ():
            assert part in names
    assert all(row[1:] != [""] for row in rows)
    assert len(shown._repr_html_()) < 50_000


def test_a_cell_shows_its_sizes_options_and_parameters():
    _, rows = read(rnncore.Elman([[0.25, 0], [0, 0.5]], np.ones((2, 3)), leak=0.5))
    assert ["input_size", "3"] in rows and ["leak", "0.5"] in rows and ["dtype", "float64"] in rows
    assert ["parameters"] in rows and ["weight_hh", "2 × 2 float64, 0 … 0.5"] in rows


def test_a_diagnosis_shows_its_verdicts():
    found = rnncore.diagnose(CELL, SHORT)
    _, rows = read(found)
    assert ["How fast it forgets its start"] in rows
    assert ["finding", f"1 % of a difference between two starts remains after {found.forgetting.steps} steps"] in rows


@pytest.mark.parametrize(
    "value, words",
    [
        (np.array([1.0, 2.5]), "[1, 2.5] float64"),
        (np.arange(12.0).reshape(3, 4) - 2, "3 × 4 float64, -2 … 9"),
        (np.array([[np.nan, 1, -np.inf, 3]]), "1 × 4 float64, 1 … 3, 2 not finite"),
        (np.full((2, 2), np.nan), "2 × 2 float64, 4 not finite"),
        (np.array([[3 + 4j, 1]]), "1 × 2 complex128, magnitudes 1 … 5"),
        (np.array([[True, False]]), "1 × 2 bool, 1 true"),
        (np.empty((0, 3)), "0 × 3 float64"),
        (np.broadcast_to(1.0, (10_000, 10_000)), "10,000 × 10,000 float64"),
        (np.array(2.5), "2.5"),
        (np.float32(0.5), "0.5"),
        ((1, None, 3.25), "1, None, 3.25"),
        ([{}] * 12, "12 of dict"),
        ((), "none"),
        ({}, "none"),
        (True, "True"),
        ("x" * 1000, "x" * 499 + "…"),
        (scipy.sparse.eye_array(4), "sparse 4 × 4 float64, 4 entries"),
    ],
)
def test_values_are_described_in_a_line(value, words):
    assert describe(value) == words


def test_markup_in_names_stays_text():
    hostile = "<script>alert('x')</script>&amp;\x00\ud800"
    _, rows = read(rnncore.diagnose(CELL, rnncore.io.Series(SHORT, (hostile,), hostile)))
    assert ["series", hostile.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")] in rows


def test_a_table_needs_neither_matplotlib_nor_ipython():
    code = (
        "import sys, numpy, rnncore\n"
        "rnncore.diagnose(rnncore.Elman([[0.5]], [[1.0]]), numpy.ones((50, 1)))._repr_html_()\n"
        "print([name for name in ('matplotlib', 'IPython') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert done.stdout.strip() == "[]", done.stderr
