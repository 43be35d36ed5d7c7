"""The page's exponents and gradients, on models for which they are known."""

import json

import numpy as np
import pytest

import rnncore
from rnncore import Chain, Dense, Elman, Linear, MatrixSequence


def rotation(factor):
    angle = 0.3
    return factor * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


@pytest.mark.parametrize(
    "factor, verdict, sentence",
    [
        (0.5, "vanish", "A gradient loses half its size every 2 hours"),
        (1.0, "are carried", "A gradient keeps its size"),
        (2.0, "explode", "A gradient doubles its size every 2 hours"),
    ],
)
def test_gradients_of_scaled_rotations(factor, verdict, sentence, backend):
    cell = Linear(rotation(factor), np.zeros((2, 1)))
    page = rnncore.diagnose(cell, np.ones((200, 1)), interval=2, unit="hours", backend=backend)
    found = page.gradients
    assert found.verdict == verdict
    assert sentence in page.summary()
    np.testing.assert_allclose(found.exponents, np.log(factor), atol=1e-13)
    assert found.rate == pytest.approx(np.log(factor), abs=1e-13)
    assert found.factor_two == (None if factor == 1 else pytest.approx(2))


def test_a_rate_within_its_error_is_no_promise_of_a_size_that_stays(rng):
    page = rnncore.diagnose(MatrixSequence(np.exp(2 * rng.normal(size=(300, 1, 1)))))
    found = page.gradients
    assert abs(found.rate) <= 2 * found.rate_error and abs(found.rate) * 300 > np.log(2)
    assert found.verdict == "cannot say" and found.factor_two is None
    assert "Cannot say: its size comes and goes, and its rate is within two standard errors of zero" in page.summary()
    assert "keeps its size" not in page.summary()
    page.plot()


def test_rounding_errors_are_no_growth(rng):
    page = rnncore.diagnose(Linear(np.linalg.qr(rng.normal(size=(4, 4)))[0]), steps=500)
    assert page.gradients.difference_factor_two is None
    assert "a small difference neither grows nor shrinks for sure" in " ".join(page.summary().split())
    assert "0.0000000" not in page.summary()


def test_a_gradient_that_is_cut_off_is_told():
    page = rnncore.diagnose(Linear(np.diag(np.ones(2), 1)), steps=50)
    assert page.gradients.zero_from == 3 and page.gradients.exponents == (-np.inf,) * 3
    assert "exactly zero from 3 steps back on" in page.summary() and "wiped out" in page.summary()
    facts = json.loads(page.to_json())["gradients"]
    assert facts["exponents"] == [None] * 3 and facts["factor_two"] is None


def test_the_largest_exponent_is_that_of_lyapunov_spectrum(rng):
    cell, inputs = Elman(rng.normal(size=(5, 5)), np.ones((5, 1))), rng.normal(size=(900, 1))
    found = rnncore.diagnose(cell, inputs).gradients
    expected = rnncore.lyapunov_spectrum(cell, inputs)
    assert found.exponents == tuple(expected.exponents)
    assert found.standard_errors == tuple(expected.standard_errors)


def test_of_a_long_run_the_first_part_is_measured(rng):
    cell, inputs = Elman([[0.9]], [[1.0]]), rng.normal(size=(700, 1))
    page = rnncore.diagnose(cell, inputs, steps=200_000)
    assert page.gradients.steps == 20_000
    assert "measured over" in page.summary() and "the first 20,000 steps of the run" in page.summary()
    expected = rnncore.lyapunov_spectrum(cell, np.resize(inputs, (20_000, 1)))
    assert page.gradients.exponents == tuple(expected.exponents)


def test_of_a_run_that_diverges_the_finite_part_is_measured():
    found = rnncore.diagnose(Linear([[2.0]]), steps=100_000, state=[1.0]).gradients
    assert found.steps == 1023
    assert (found.verdict, found.rate) == ("explode", pytest.approx(np.log(2)))
    page = rnncore.diagnose(Linear([[1e200]]), steps=100, state=[1.0])
    assert page.gradients.verdict == "cannot say" and "not finite after step 2" in page.summary()


@pytest.mark.parametrize(
    "cell, options, verdict",
    [
        (Dense([[1.0]]), {"inputs": np.ones((9, 1))}, "no memory"),
        (Linear([[0.5]]), {"steps": 1}, "vanish"),
        (MatrixSequence(np.full((30, 1, 1), 0.5)), {}, "vanish"),
        (Chain([Elman([[0.5]], [[1.0]]), Dense([[1.0]])]), {"inputs": np.ones((40, 3, 1))}, "vanish"),
    ],
)
def test_every_model_gets_a_verdict(cell, options, verdict):
    page = rnncore.diagnose(cell, **options)
    assert page.gradients.verdict == verdict
    assert "WHAT BECOMES OF A GRADIENT" in page.summary()
    assert len(json.loads(page.to_json())["gradients"]["curve"]["lag"]) <= 200
