"""The page says what is proved, for inputs as large as those of the series."""

import json

import numpy as np
import pytest

import rnncore
from rnncore import Dense, Elman, Linear, MatrixSequence


def test_the_inputs_of_the_series_bound_what_is_proved():
    # |h| <= |x| / (1 - 0.5), reached by a constant input; the second column is zero and counts as 1, times no weight.
    inputs = np.stack([np.r_[-3.0, np.full(99, 2.0), 50.0], np.zeros(101)], axis=1)
    found = rnncore.diagnose(Linear([[0.5]], [[1.0, 0.0]]), inputs, steps=100)
    np.testing.assert_array_equal(found.stability.input_bound, [3, 1])  # row 101 is not part of the run
    assert found.stability.bound == pytest.approx(6, rel=1e-3)
    assert found.boundedness.largest <= found.stability.bound
    facts = json.loads(found.to_json())
    assert facts["stability"]["bounded"]["verdict"] == "stable" and facts["no_stability"] is None
    assert "no unit exceeds 6; the largest seen is 4" in str(found)


def test_a_refuted_claim_is_told_in_words():
    page = str(rnncore.diagnose(Elman([[3.0]], [[1.0]]), np.ones((20, 1))))
    assert "stays bounded: proved; forgets its start: refuted" in " ".join(page.split())
    assert "Without input: stays bounded: proved" in str(rnncore.diagnose(Elman([[0.5]]), steps=20))


@pytest.mark.parametrize(
    "cell, inputs, why",
    [
        (MatrixSequence(np.full((30, 1, 1), 0.5)), None, "change with time"),
        (Dense([[1.0]]), np.ones((9, 1)), "without state"),
        (Elman(np.eye(201) / 2, np.ones((201, 1))), np.ones((9, 1)), "201 states take long"),
        (Linear([[10.0]], [[1.0]]), np.ones((9, 1)), None),
    ],
)
def test_where_nothing_is_proved_the_page_says_why(cell, inputs, why):
    found = rnncore.diagnose(cell, inputs)
    json.loads(found.to_json())
    assert (found.stability is None) == (why is not None)
    if why is not None:
        assert why in found.no_stability and why in " ".join(str(found).split())
