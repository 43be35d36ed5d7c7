"""Boxes, Jacobians and conditions of GRU networks, with either reset, against simulation and closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from rnncore import GRU, jacobian
from rnncore.stability.gru import GruMap
from rnncore.stability.interval import Interval
from rnncore.stability.nonlinear import judge

from .gated_cells import (
    assert_encloses_step_and_jacobian,
    assert_inside,
    assert_pairs_come_together,
    certificate,
    points_in,
    random_gru,
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
either = pytest.mark.parametrize("reset_after", [True, False])


@either
@searched
@given(seed=seeds, bound=bounds, dtype=dtypes, width=st.sampled_from([0.0, 1e-3, 1.0]))
def test_steps_and_jacobians_lie_in_their_enclosures(reset_after, seed, bound, dtype, width):
    rng = np.random.default_rng(seed)
    cell = random_gru(rng, random_scale(rng), reset_after=reset_after, dtype=dtype)
    middle = 2 * rng.normal(size=cell.state_size)
    state = Interval(middle - width * rng.random(cell.state_size), middle + width * rng.random(cell.state_size))
    assert_encloses_step_and_jacobian(rng, GruMap(cell), cell, symmetric(bound, 2), state)


@either
@searched
@given(seed=seeds)
def test_jacobians_are_mixtures_of_one_and_k(reset_after, seed):
    rng = np.random.default_rng(seed)
    cell = random_gru(rng, random_scale(rng), reset_after=reset_after)
    x, h = rng.normal(size=2), rng.uniform(-1, 1, size=cell.state_size)
    matrix, u = GruMap(cell).contraction(Interval.exact(x), Interval.exact(h))
    want = np.diag(u) + (1 - u)[:, None] * matrix.middle
    slack = rounding(cell, Interval.exact(x), Interval.exact(h)) * (1 + matrix.magnitude.max())
    np.testing.assert_allclose(jacobian(cell, h, x, backend="reference"), want, rtol=0, atol=slack)


@either
@searched
@given(seed=seeds)
def test_enclosures_of_a_point_are_as_narrow_as_rounding(reset_after, seed):
    rng = np.random.default_rng(seed)
    cell = random_gru(rng, random_scale(rng), reset_after=reset_after)
    x, h = Interval.exact(rng.normal(size=2)), Interval.exact(rng.normal(size=cell.state_size))
    for box in (GruMap(cell).step(x, h), GruMap(cell).jacobian(x, h)):
        assert np.all(box.upper - box.lower <= 20 * rounding(cell, x, h))


@either
@searched
@given(seed=seeds, bound=bounds, dtype=dtypes)
def test_runs_stay_in_the_boxes_they_begin_in(reset_after, seed, bound, dtype):
    rng = np.random.default_rng(seed)
    cell = random_gru(rng, random_scale(rng), reset_after=reset_after, dtype=dtype)
    inputs, interval_map = symmetric(bound, 2), GruMap(cell)
    u = runs(rng, bound, 200, 16, 2)
    for box in (interval_map.attracting_box(inputs), interval_map.invariant_box(inputs)):
        assert box.contains(np.zeros(cell.state_size))
        assert box.magnitude.max() <= 1 + 2.0**-9
        image, slack = interval_map.step(inputs, box), rounding(cell, inputs, box)
        assert_inside(box, image.lower, slack)
        assert_inside(box, image.upper, slack)
        for start in (np.zeros((16, cell.state_size)), points_in(rng, box, 16)):
            assert_inside(box, states(cell, u, start), slack)


@either
def test_every_run_enters_the_attracting_box(reset_after, rng):
    """From far outside: at update gates below 0.95, 0.95^500 < 2^-10 / 100 of the distance is left."""
    entered = 0
    for _ in range(80):
        cell, bound = random_gru(rng, random_scale(rng) / 10, reset_after=reset_after), rng.choice([0.0, 0.3, 1.0])
        interval_map, inputs = GruMap(cell), symmetric(bound, 2)
        box = interval_map.attracting_box(inputs)
        far = symmetric(20.0, cell.state_size)
        if interval_map.contraction(inputs, far)[1].max() < 0.95:
            found = states(cell, runs(rng, bound, 500, 16, 2), points_in(rng, far, 16))
            assert_inside(box, found[-1], rounding(cell, inputs, box))
            entered += 1
    assert entered >= 20


def test_without_recurrent_weights_h_stays_where_the_candidate_is(rng):
    cell = GRU(np.zeros((3, 1)), [[0.0], [0.0], [0.5]], [0.0, 1.0, 0.7])
    box = GruMap(cell).attracting_box(symmetric(1.0, 1))
    assert np.tanh(1.2) < box.upper[0] < np.tanh(1.2) * (1 + 2.0**-9)
    assert -1e-200 < box.lower[0] < 0


WEIGHT, INPUT_BIAS, BIAS = np.array([[0.4], [-0.6], [0.3]]), [0.2, -0.3, 0.1], [0.1, 0.5, 0.25]


def test_conditions_with_the_reset_before_are_those_of_the_paper():
    """arXiv 2011.06806, for one unit driven to its bounds."""
    cell = GRU(WEIGHT, np.ones((3, 1)), INPUT_BIAS, BIAS, reset_after=False)
    r, z, n = expit(0.4 + 2 + 0.3), expit(0.6 + 2 + 0.2), np.tanh(r_free := 2 + 0.35 + 0.3 * expit(0.4 + 2 + 0.3))
    assert r_free > 0
    bounded, incremental = GruMap(cell).conditions(symmetric(2.0, 1), symmetric(1.0, 1))
    assert bounded.value == pytest.approx(r * 0.3, rel=1e-12)
    want = 0.3 * (0.4 / 4 + r) + (1 + n) / 4 / (1 - z) * 0.6
    assert incremental.value == pytest.approx(want, rel=1e-12)
    assert "2011.06806" in incremental.source


def test_conditions_with_the_reset_after_know_of_the_bias_that_it_multiplies():
    cell = GRU(WEIGHT, np.ones((3, 1)), INPUT_BIAS, BIAS)
    r, z = expit(0.4 + 2 + 0.3), expit(0.6 + 2 + 0.2)
    n = np.tanh(2 + 0.1 + r * (0.3 + 0.25))
    incremental = GruMap(cell).conditions(symmetric(2.0, 1), symmetric(1.0, 1))[1]
    want = r * 0.3 + 0.4 / 4 * (0.3 + 0.25) + (1 + n) / 4 / (1 - z) * 0.6
    assert incremental.value == pytest.approx(want, rel=1e-12)
    larger = GruMap(cell.replace(bias_hh=[0.1, 0.5, 2.0])).conditions(symmetric(2.0, 1), symmetric(1.0, 1))[1]
    assert larger.value > incremental.value + 0.4 / 4 * 1.7


@either
def test_no_certified_network_has_pairs_of_runs_that_stay_apart(reset_after, rng):
    """And where the norms of the gates certify, so does K."""
    by_norms = by_matrix = 0
    for _ in range(400):
        bound = rng.choice([0.1, 1.0])
        cell = random_gru(rng, 10.0 ** rng.uniform(-3, 0), reset_after=reset_after)
        interval_map, inputs = GruMap(cell), symmetric(bound, 2)
        box = interval_map.attracting_box(inputs)
        holds = interval_map.conditions(inputs, box)[1].holds
        certified = certificate(interval_map, inputs, box) is not None
        assert certified or not holds
        by_norms, by_matrix = by_norms + holds, by_matrix + certified
        if certified:
            assert_pairs_come_together(rng, interval_map, cell, bound, box)
    assert by_norms >= 200
    assert by_matrix > by_norms


@either
def test_at_the_border_of_what_is_certified_pairs_come_together_too(reset_after, rng):
    for _ in range(10):
        cell = scaled_to_the_border(GruMap, random_gru(rng, 1.0, reset_after=reset_after), 1.0)
        box = GruMap(cell).attracting_box(symmetric(1.0, 2))
        assert_pairs_come_together(rng, GruMap(cell), cell, 1.0, box)
        assert GruMap(cell).conditions(symmetric(1.0, 2), box)[1].value > 0.99


def test_the_papers_condition_would_certify_a_bistable_network_whose_reset_comes_after():
    """The reset gate multiplies the bias b_hn: h = tanh(4 r(h) - 2) has two stable solutions."""
    cell = GRU([[8.0], [0.0], [0.0]], None, [0.0, 0.0, -2.0], [0.0, -30.0, 4.0])
    final = states(cell, np.zeros((400, 2, 0)), np.array([[-0.9], [0.9]]))[-1]
    assert final[1, 0] - final[0, 0] > 1
    nothing = symmetric(1.0, 0)
    papers = GruMap(cell.replace(reset_after=False)).conditions(nothing, symmetric(1.0, 1))[1]
    own = GruMap(cell).conditions(nothing, symmetric(1.0, 1))[1]
    assert papers.value < 1e-9
    assert own.value > 1
    assert certificate(GruMap(cell), nothing, GruMap(cell).attracting_box(nothing)) is None


def verdict_on(cell, inputs):
    return judge(GruMap(cell), inputs, GruMap(cell).attracting_box(inputs))


def test_a_layer_with_two_stable_states_is_bounded_and_does_not_forget():
    cell = GRU([[8.0], [0.0], [0.0]], None, [0.0, 0.0, -2.0], [0.0, -30.0, 4.0])
    found = verdict_on(cell, symmetric(1.0, 0))
    assert [answer.verdict for answer in found.properties] == ["stable", "unstable", "unstable"]
    pair = found.incremental.witness.simulate(cell, 500).states[:, :, 0]
    assert abs(pair[-1, 0] - pair[-1, 1]) > 0.5


@either
def test_layers_with_small_recurrent_weights_forget_however_open_their_update_gates_are(reset_after, rng):
    """u is 1 - 5e-7 at most; the conditions of the papers divide by 1 - u."""
    weights = 0.05 * rng.normal(size=(12, 4)), 0.1 * rng.normal(size=(12, 2))
    bias = np.repeat([0.0, 14.0, 0.0], 4)
    found = verdict_on(GRU(*weights, bias, reset_after=reset_after), symmetric(1.0, 2))
    assert [answer.verdict for answer in found.properties] == ["stable"] * 3
    assert 1 - 1e-5 < found.incremental.rate < 1
    assert not found.incremental.conditions[-1].holds
