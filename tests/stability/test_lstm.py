"""Boxes, Jacobians and conditions of LSTM networks against simulation, closed forms and brute force."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import expit, lambertw

from rnncore import LSTM
from rnncore.stability_analysis.interval import Interval
from rnncore.stability_analysis.lstm import LstmMap

from .gated_cells import (
    assert_encloses_step_and_jacobian,
    assert_inside,
    assert_pairs_come_together,
    certificate,
    points_in,
    random_lstm,
    random_scale,
    rounding,
    runs,
    scaled_to_the_border,
    states,
    symmetric,
)

searched = settings(max_examples=40, deadline=None)
seeds = st.integers(0, 2**32 - 1)
bounds = st.sampled_from([0.0, 0.01, 1.0, 10.0])
dtypes = st.sampled_from([np.float32, np.float64])


@searched
@given(seed=seeds, bound=bounds, peepholes=st.booleans(), dtype=dtypes, width=st.sampled_from([0.0, 1e-3, 1.0]))
def test_steps_and_jacobians_lie_in_their_enclosures(seed, bound, peepholes, dtype, width):
    rng = np.random.default_rng(seed)
    cell = random_lstm(rng, random_scale(rng), peepholes=peepholes, dtype=dtype)
    middle = rng.normal(size=cell.state_size) * np.repeat([1, 5], cell.output_size)
    state = Interval(middle - width * rng.random(cell.state_size), middle + width * rng.random(cell.state_size))
    assert_encloses_step_and_jacobian(rng, LstmMap(cell), cell, symmetric(bound, 2), state)


@searched
@given(seed=seeds, peepholes=st.booleans())
def test_enclosures_of_a_point_are_as_narrow_as_rounding(seed, peepholes):
    rng = np.random.default_rng(seed)
    cell = random_lstm(rng, random_scale(rng), peepholes=peepholes)
    x, state = Interval.exact(rng.normal(size=2)), Interval.exact(rng.normal(size=cell.state_size))
    slack = rounding(cell, x, state)
    for box in (LstmMap(cell).step(x, state), LstmMap(cell).jacobian(x, state)):
        assert np.all(box.upper - box.lower <= 20 * slack)


@searched
@given(seed=seeds, bound=bounds, peepholes=st.booleans(), dtype=dtypes)
def test_runs_stay_in_the_boxes_they_begin_in(seed, bound, peepholes, dtype):
    rng = np.random.default_rng(seed)
    cell = random_lstm(rng, random_scale(rng), peepholes=peepholes, dtype=dtype)
    inputs, interval_map = symmetric(bound, 2), LstmMap(cell)
    u = runs(rng, bound, 200, 16, 2)
    for box in (interval_map.attracting_box(inputs), interval_map.invariant_box(inputs)):
        if box is None:
            assert peepholes
            continue
        assert box.contains(np.zeros(cell.state_size))
        image, slack = interval_map.step(inputs, box), rounding(cell, inputs, box)
        assert_inside(box, image.lower, slack)
        assert_inside(box, image.upper, slack)
        for start in (np.zeros((16, cell.state_size)), points_in(rng, box, 16)):
            assert_inside(box, states(cell, u, start), slack)


@pytest.mark.parametrize("peepholes", [False, True])
def test_every_run_enters_the_attracting_box(peepholes, rng):
    """From c of ten times its size and more: at forget gates below 0.95, 0.95^300 < 2^-10 / 10 of that is left."""
    entered = 0
    for _ in range(60):
        cell, bound = random_lstm(rng, 10.0 ** rng.uniform(-3, -0.5), peepholes=peepholes), rng.choice([0.0, 0.3, 1.0])
        interval_map, inputs = LstmMap(cell), symmetric(bound, 2)
        box = interval_map.attracting_box(inputs)
        if box is None:
            continue
        size = cell.output_size
        far = Interval.symmetric(np.r_[np.ones(size), 10 * box.magnitude[size:] + 1])
        if interval_map.contraction(inputs, far)[1].max() < 0.95:
            found = states(cell, runs(rng, bound, 300, 16, 2), points_in(rng, far, 16))
            assert_inside(box, found[-1], rounding(cell, inputs, box))
            entered += 1
    assert entered >= (5 if peepholes else 20)


def test_without_recurrent_weights_the_bound_of_c_is_the_textbooks(rng):
    bias = rng.normal(size=4)
    cell = LSTM(np.zeros((4, 1)), np.zeros((4, 1)), bias)
    i, f, g, o = expit(bias[0]), expit(bias[1]), np.tanh(bias[2]), expit(bias[3])
    box = LstmMap(cell).attracting_box(symmetric(1.0, 1))
    c = i * g / (1 - f)
    assert abs(c) < box.magnitude[1] < abs(c) * (1 + 2.0**-9)
    assert o * np.tanh(abs(c)) < box.magnitude[0] < o * np.tanh(abs(c)) * (1 + 2.0**-8)


def test_conditions_are_those_of_the_papers():
    """Bonassi et al. (2020), Terzi et al. (2021), written out for one unit that is driven to its bounds."""
    weight_hh, bias = np.array([[0.1], [0.2], [0.3], [0.4]]), np.array([0.3, -0.5, 0.2, 0.1])
    cell = LSTM(weight_hh, np.ones((4, 1)), bias)
    interval_map, inputs = LstmMap(cell), symmetric(2.0, 1)
    f, i, o = expit(0.2 + 2 - 0.5), expit(0.1 + 2 + 0.3), expit(0.4 + 2 + 0.1)
    g = np.tanh(0.3 + 2 + 0.2)
    c = i * g / (1 - f)
    box = Interval.symmetric(np.array([1.0, c]))
    alpha = 0.2 * c / 4 + i * 0.3 + 0.1 * g / 4
    matrix = [[f, alpha], [o * f, alpha * o + np.tanh(c) * 0.4 / 4]]
    bounded, incremental = interval_map.conditions(inputs, box)
    assert bounded.value == pytest.approx(f + o * i * 0.3, rel=1e-12)
    assert incremental.value == pytest.approx(np.abs(np.linalg.eigvals(matrix)).max(), rel=1e-12)
    assert bounded.value >= f + o * i * 0.3
    assert (bounded.property, incremental.property) == ("bounded", "incremental")


@pytest.mark.parametrize("peepholes", [False, True])
def test_no_certified_network_has_pairs_of_runs_that_stay_apart(peepholes, rng):
    """And where the norms of the gates certify, so do the interval matrices."""
    by_norms = by_matrix = 0
    for _ in range(1000 if peepholes else 600):
        bound = rng.choice([0.1, 1.0])
        cell = random_lstm(rng, 10.0 ** rng.uniform(-3, -0.2), peepholes=peepholes)
        interval_map, inputs = LstmMap(cell), symmetric(bound, 2)
        box = interval_map.attracting_box(inputs)
        if box is None:
            continue
        holds = interval_map.conditions(inputs, box)[1].holds
        certified = certificate(interval_map, inputs, box) is not None
        assert certified or not holds
        assert not holds or np.abs(np.linalg.eigvals(interval_map.jacobian(inputs, box).magnitude)).max() < 1
        by_norms, by_matrix = by_norms + holds, by_matrix + certified
        if certified:
            assert_pairs_come_together(rng, interval_map, cell, bound, box)
    assert by_norms >= (100 if peepholes else 200)  # most with peepholes have no attracting box
    assert by_matrix > by_norms


@pytest.mark.parametrize("peepholes", [False, True])
def test_at_the_border_of_what_is_certified_pairs_come_together_too(peepholes, rng):
    cells = [random_lstm(rng, 0.3, peepholes=peepholes).replace(weight_cf=None) for _ in range(15)]
    border = [cell for cell in (scaled_to_the_border(LstmMap, cell, 1.0) for cell in cells) if cell is not None]
    for cell in border:
        box = LstmMap(cell).attracting_box(symmetric(1.0, 2))
        assert_pairs_come_together(rng, LstmMap(cell), cell, 1.0, box)
        assert LstmMap(cell).conditions(symmetric(1.0, 2), box)[1].value > 0.99
    assert len(border) >= 5


def one_unit(forget_bias, peephole, drive):
    """c' = σ(b + w c) c + d with no recurrence through h: i = 1/2, g = 2 d."""
    bias = np.array([0.0, forget_bias, np.arctanh(2 * drive), 0.0])
    return LSTM(np.zeros((4, 1)), np.zeros((4, 1)), bias, weight_cf=[peephole])


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("forget_bias, peephole", [(0.0, 1.0), (1.5, 2.0), (-2.0, 7.0), (0.5, 20.0)])
def test_a_forget_peephole_holds_c_up_to_a_drive_of_lambert_w(forget_bias, peephole, sign):
    """c (1 - σ(b + w c)) is at most W(e^(-1 - b)) / w: below that c stops, above it runs away."""
    most = lambertw(np.exp(-1 - forget_bias)).real / peephole
    top = (1 + lambertw(np.exp(-1 - forget_bias)).real) / peephole  # where c (1 - f) is largest
    inputs = symmetric(1.0, 1)

    held_cell = one_unit(forget_bias, sign * peephole, sign * 0.95 * most)
    held = LstmMap(held_cell)
    rest = brentq(lambda c: c * expit(-forget_bias - peephole * c) - 0.95 * most, 0, top)
    assert held.attracting_box(inputs) is None
    box = held.invariant_box(inputs)
    assert rest < box.magnitude[1] < 1.02 * rest
    escape = held.escape(inputs)
    assert not escape.is_from_zero  # from beyond the second fixed point, while a run from zero stays
    two = replace(escape.witness, other_state=np.zeros(2)).simulate(held_cell, 300).states
    assert np.abs(two[-1, 0, 1] - two[-1, 1, 1]) > 250 * escape.growth

    driven = LstmMap(one_unit(forget_bias, sign * peephole, sign * 1.02 * most))
    assert driven.invariant_box(inputs) is None
    assert driven.escape(inputs).is_from_zero


@searched
@given(seed=seeds, bound=st.sampled_from([0.0, 1.0, 5.0]))
def test_a_cell_that_escapes_is_seen_to_escape(seed, bound):
    rng = np.random.default_rng(seed)
    cell = random_lstm(rng, random_scale(rng), peepholes=True)
    interval_map, inputs = LstmMap(cell), symmetric(bound, 2)
    escape = interval_map.escape(inputs)
    if escape is None:
        return
    assert interval_map.attracting_box(inputs) is None
    if escape.is_from_zero:
        assert interval_map.invariant_box(inputs) is None
    assert np.all(np.abs(escape.witness.cycle) <= bound)
    c = np.abs(escape.witness.simulate(cell, 500).states[:, cell.output_size + escape.unit])
    c = np.r_[np.abs(escape.witness.state[cell.output_size + escape.unit]), c]
    # What c gains is rounded to its own ulps, and the gates with the rounding of their arguments.
    assert np.all(np.diff(c) >= escape.growth * (1 - 1e-9) - 4 * np.spacing(c[:-1]))


def test_without_a_forget_peephole_nothing_escapes(rng):
    for _ in range(50):
        cell = random_lstm(rng, random_scale(rng), peepholes=True)
        cell = cell.replace(weight_cf=None)
        assert LstmMap(cell).escape(symmetric(1.0, 2)) is None
        assert LstmMap(cell).attracting_box(symmetric(1.0, 2)) is not None


def test_a_peephole_on_the_side_that_nothing_drives_lets_nothing_escape():
    cell = one_unit(0.0, 1.0, -0.1)  # f → 1 for large c, but c is driven down
    box = LstmMap(cell).attracting_box(symmetric(1.0, 1))
    assert box.upper[1] < 1e-200
    assert -0.2 * (1 + 2.0**-9) < box.lower[1] < brentq(lambda c: c * expit(c) - 0.1 - c, -3, 0)  # f is taken at c = 0
    assert LstmMap(cell).escape(symmetric(1.0, 1)) is None


def test_a_network_without_inputs_has_boxes_too(rng):
    cell = LSTM(rng.normal(size=(12, 3)))
    nothing = symmetric(1.0, 0)
    box = LstmMap(cell).attracting_box(nothing)
    assert_inside(box, states(cell, np.zeros((100, 0)), np.zeros(6)), 1e-12)
    assert LstmMap(cell).conditions(nothing, box)


@pytest.mark.parametrize("size", [1e-300, 1e-30, 1e5, 1e30, 1e150, 1e300])
def test_parameters_at_the_ends_of_the_numbers_certify_nothing_wrong(size):
    inputs = symmetric(1.0, 1)
    weights = np.full((8, 2), size), np.ones((8, 1))
    with np.errstate(all="ignore"):
        for peepholes in ({}, {"weight_cf": [size, -size], "weight_ci": [size, size]}):
            interval_map = LstmMap(LSTM(*weights, **peepholes))
            assert interval_map.escape(inputs) is None
            box = interval_map.invariant_box(inputs)
            for condition in () if box is None else interval_map.conditions(inputs, box):
                assert condition.holds is (size < 1)


def test_a_bound_beyond_all_float64_is_none():
    with np.errstate(all="ignore"):
        interval_map = LstmMap(LSTM(np.ones((4, 1)), np.ones((4, 1)), [0.0, 800.0, 0.0, 0.0]))
        assert interval_map.attracting_box(symmetric(1.0, 1)) is None
        assert interval_map.invariant_box(symmetric(1.0, 1)) is None
        matrix, kept = interval_map.contraction(symmetric(1.0, 1), symmetric(1.0, 2))
        assert matrix.magnitude.max() == np.inf
        assert kept.max() == 1
