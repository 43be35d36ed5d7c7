"""Linear recursions: what is drawn is w^k, and what W^k does."""

import numpy as np
import pytest

from rnncore.figures import scalar_linear

from .small import small

EPS = np.finfo(float).eps


def test_the_response_of_one_number_is_a_power_of_its_weight():
    numbers = small("scalar_linear").numbers
    weights, responses = numbers["weights"], numbers["responses"]
    steps = np.arange(responses.shape[1])
    # k roundings, or powers of powers with as many.
    np.testing.assert_allclose(responses, weights[:, None] ** steps, rtol=len(steps) * EPS)
    np.testing.assert_allclose(numbers["rates"], np.log(np.abs(weights)), rtol=1e-13, atol=EPS)


def test_it_blows_up_holds_oscillates_or_vanishes_by_its_weight_alone():
    numbers = small("scalar_linear").numbers
    fates = dict(zip(numbers["weights"].tolist(), numbers["fates"]))
    assert fates == {
        -1.1: "alternates and blows up",
        -1.0: "alternates and holds",
        -0.9: "alternates and vanishes",
        -0.5: "alternates and vanishes",
        0.5: "vanishes",
        0.9: "vanishes",
        1.0: "holds",
        1.1: "blows up",
    }
    sizes = np.abs(numbers["responses"][:, -1])
    for fate, size in zip(numbers["fates"], sizes):
        assert ("blows up" in fate, "holds" in fate, "vanishes" in fate) == (size > 1, size == 1, size < 1)


def test_a_weight_of_nothing_leaves_nothing():
    numbers = scalar_linear(weights=[0.0], steps=5).numbers
    assert numbers["responses"].tolist() == [[1, 0, 0, 0, 0, 0]]
    assert numbers["rates"][0] == -np.inf and numbers["fates"] == ("vanishes",)


def test_the_spectral_radius_decides_in_the_long_run():
    numbers = small("vector_linear").numbers
    # A complex pair makes norms swing by a bounded factor: over 200 steps no more than ln 20 / 200.
    np.testing.assert_allclose(numbers["rates"], np.log(numbers["radii"]), atol=0.015)
    grows = numbers["log2_norms"][:, -1] > numbers["log2_norms"][:, 0] + 1
    np.testing.assert_array_equal(grows, numbers["radii"] > 1)


def test_all_other_modes_fall_behind_by_the_ratio_of_the_leading_two():
    numbers = small("vector_linear").numbers
    ratio, outside = numbers["magnitudes"][1] / numbers["magnitudes"][0], numbers["outside"]
    assert outside[-1] < 0.01 * outside[0]
    known = np.flatnonzero(outside > 1e-10)  # below that the difference is rounding
    later = known[len(known) // 3 :]
    rate = np.polyfit(later, np.log(outside[later]), 1)[0]
    assert rate == pytest.approx(np.log(ratio), rel=0.1)  # third modes still fade, pairs turn


def test_a_matrix_that_is_not_normal_grows_before_it_dies():
    numbers = small("vector_linear").numbers
    weight = 0.7 * np.eye(30) + 0.45 * np.eye(30, k=-1)
    norms = [np.linalg.norm(np.linalg.matrix_power(weight, k), 2) for k in range(200)]
    assert numbers["relay_peak"] == pytest.approx(max(norms), rel=1e-10)
    assert numbers["relay_peak_step"] == np.argmax(norms)
    assert numbers["relay_radius"] == pytest.approx(0.7) and numbers["relay_peak"] > 1000
    assert numbers["relay_log2_norms"][-1] < 0


def test_a_complex_pair_turns_once_in_its_period():
    turning = small("vector_linear").numbers["turning"]
    steps = np.arange(len(turning))
    angles = 2 * np.pi * steps / 20
    expected = 0.96**steps * np.stack([np.cos(angles), np.sin(angles)])
    np.testing.assert_allclose(turning.T, expected, atol=1e-13)
    assert small("vector_linear").numbers["turning_period"] == pytest.approx(20)


def test_no_weight_is_left_out_where_there_are_more_than_colours():
    weights = np.linspace(-0.9, 0.9, 41)
    positive, negative, magnitudes = scalar_linear(weights=weights, steps=5).figure.axes
    assert len(positive.lines) == np.sum(weights >= 0) and len(negative.lines) == np.sum(weights < 0)
    assert len(magnitudes.lines) == len(np.unique(np.abs(weights)))
