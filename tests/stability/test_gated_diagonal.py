"""Units that forget, hold or grow, decided exactly, against rational arithmetic and simulation."""

from fractions import Fraction
from itertools import product as vertices

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rnncore import GatedDiagonal
from rnncore.backends.reference.nonlinearities import NONLINEARITIES
from rnncore.stability.gated_diagonal import GatedDiagonalMap
from rnncore.stability.gated_diagonal_units import judge_units
from rnncore.stability.interval import Interval

from .gated_cells import assert_inside, points_in, runs, states, symmetric

searched = settings(max_examples=100, deadline=None)
names = st.sampled_from(sorted(NONLINEARITIES))
dyadic = st.integers(-8, 8).map(lambda k: k / 8)


def judge(cell, bound):
    return {unit.unit: unit for unit in judge_units(GatedDiagonalMap(cell), symmetric(bound, cell.input_size))}


def one_unit(weight, gate, bias, bias_gate, nonlinearity="identity", gate_nonlinearity="identity"):
    return GatedDiagonal(
        [weight], [gate], [bias], [bias_gate], nonlinearity=nonlinearity, gate_nonlinearity=gate_nonlinearity
    )


@searched
@given(
    nonlinearity=names,
    gate_nonlinearity=names,
    weights=st.lists(dyadic, min_size=2, max_size=2),
    gates=st.lists(dyadic, min_size=2, max_size=2),
    bias=dyadic,
    bias_gate=dyadic,
    seed=st.integers(0, 2**32 - 1),
)
def test_every_unit_does_what_is_said_of_it(nonlinearity, gate_nonlinearity, weights, gates, bias, bias_gate, seed):
    """Numbers of three binary digits: gates that pass 1 do so by an eighth (softplus by a fiftieth), many are 1."""
    rng = np.random.default_rng(seed)
    cell = one_unit(weights, gates, bias, bias_gate, nonlinearity, gate_nonlinearity)
    unit = judge(cell, 1.0)[0]
    extremes = [NONLINEARITIES[gate_nonlinearity](np.array(gates) @ v + bias_gate) for v in vertices([-1, 1], repeat=2)]
    size = np.abs(extremes).max()
    assert unit.forgets is bool(size < 1)  # exact, but for softplus, which is not near 1 at eighths
    u = runs(rng, 1.0, 400, 16, 2)
    if unit.bound is not None and np.isfinite(unit.bound):
        assert np.abs(states(cell, u, None)).max() <= unit.bound * (1 + 1e-12)
    if unit.holding is not None:
        found = unit.holding.simulate(cell, 50).states
        assert np.all(np.abs(found[:, 0] - found[:, 1]) >= 1 - 1e-12)  # as exact as sums of 50 drives
    if unit.bound == np.inf:
        assert np.abs(unit.growing.inputs(10)).max(initial=0) <= 1
        c = np.abs(unit.growing.simulate(cell, 401).states[:, 0])
        assert c[400] > 1.5 * c[200] > 2 * c[100] > 0
    if unit.bound is None:
        assert size == 1


@searched
@given(
    nonlinearity=names,
    gate_nonlinearity=names,
    seed=st.integers(0, 2**32 - 1),
    bound=st.sampled_from([0.0, 0.1, 1.0, 10.0]),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_steps_jacobians_and_boxes_enclose(nonlinearity, gate_nonlinearity, seed, bound, dtype):
    rng = np.random.default_rng(seed)
    size, scale = rng.integers(1, 9), 10.0 ** rng.uniform(-3, 1)
    weights = scale * rng.normal(size=(2, size, 2)), rng.normal(size=(2, size))
    cell = GatedDiagonal(
        *weights[0], *weights[1], nonlinearity=nonlinearity, gate_nonlinearity=gate_nonlinearity
    ).astype(dtype)
    interval_map, inputs = GatedDiagonalMap(cell), symmetric(bound, 2)
    state = Interval.symmetric(10 * rng.random(size))
    slack = 30 * 2.0**-52 * (1 + scale * bound * 10) * 100
    x, c = points_in(rng, inputs, 30), points_in(rng, state, 30)
    assert_inside(interval_map.step(inputs, state), states(cell, x[None], c)[0], slack)
    box = interval_map.attracting_box(inputs)
    assume(box is not None and box.magnitude.max() < 1e6)
    assert np.all(interval_map.gates(inputs).magnitude <= 1)
    assert_inside(box, states(cell, runs(rng, bound, 300, 16, 2), points_in(rng, box, 16)), 1e-12 * box.magnitude.max())


def test_the_constant_error_carousel_holds_and_adds_up():
    unit = judge(one_unit([1.0], [0.0], 0.0, 1.0), 0.5)[0]
    assert unit.forgets is False
    assert unit.bound == np.inf
    np.testing.assert_array_equal(
        unit.growing.simulate(one_unit([1.0], [0.0], 0.0, 1.0), 4).states[:, 0], [0.5, 1, 1.5, 2]
    )


def test_a_carousel_that_nothing_drives_stays_at_zero():
    for cell in (one_unit([0.0], [0.0], 0.0, 1.0), one_unit([1.0], [0.0], -1.0, 1.0, "relu")):
        unit = judge(cell, 1.0)[0]
        assert (unit.forgets, unit.bound, unit.growing) == (False, 0.0, None)


def test_a_unit_that_nothing_drives_grows_from_any_other_state():
    cell = one_unit([0.0], [2.0], 0.0, 0.0)
    unit = judge(cell, 1.0)[0]
    assert unit.bound == np.inf
    np.testing.assert_array_equal(unit.growing.simulate(cell, 3).states[:, 0], [2, 4, 8])


def test_a_gate_of_minus_one_adds_up_what_alternates():
    cell = one_unit([1.0, 0.0], [0.0, 0.5], 0.25, -0.5)  # -1 at x_2 = -1
    unit = judge(cell, 1.0)[0]
    assert unit.bound == np.inf
    assert len(unit.growing.cycle) == 2
    c = unit.growing.simulate(cell, 100).states[:, 0]
    np.testing.assert_allclose(np.diff(c[1::2]), 2.0)  # d_2 - d_1 in every two steps


def test_what_is_driven_only_where_it_is_forgotten_is_bounded_by_the_ratio_of_the_weights(rng):
    cell = one_unit([3.0, -1.0], [0.5, 0.25], 2.0, 0.25, "relu", "relu")  # ψ = 1 at (1, 1), φ = 4 there
    assert judge(cell, 1.0)[0].bound == np.inf
    cell = one_unit([-3.0, -1.0], [0.5, 0.25], 4.0, 0.25, "identity", "relu")  # φ = 0 there
    unit = judge(cell, 1.0)[0]
    assert unit.forgets is False
    assert unit.bound == pytest.approx(8.0)  # D = 8 where ψ = 0; R = 6
    assert np.abs(states(cell, runs(rng, 1.0, 5000, 32, 2), None)).max() <= 8


@pytest.mark.parametrize("steps", [0, 1, -1])
def test_one_unit_in_the_last_place_decides(steps):
    """0.1 + 0.2 + 0.7 of float64 in rational numbers, which float64 itself cannot add."""
    rest = float(1 - Fraction(0.1) - Fraction(0.2))  # rounded: which side of 1 the sum is on, only exact sums tell
    rest = np.nextafter(rest, np.inf * steps) if steps else rest
    size = Fraction(0.1) + Fraction(0.2) + Fraction(float(rest))
    unit = judge(one_unit([0.0, 1.0], [0.1, 0.2], 0.0, rest), 1.0)[0]
    assert unit.forgets is (size < 1)
    if size < 1:
        assert unit.bound == pytest.approx(float(1 / (1 - size)), rel=1e-3)
    else:
        assert unit.bound == np.inf


@pytest.mark.parametrize("gate", ["sigmoid", "tanh"])
def test_gates_below_one_forget_though_rounding_takes_them_for_one(gate):
    cell = one_unit([1.0], [0.0], 0.0, 40.0, "identity", gate)
    unit = judge(cell, 1.0)[0]
    rest = np.exp(-40.0) if gate == "sigmoid" else 2 * np.exp(-80.0)
    assert unit.forgets is True
    assert unit.bound == pytest.approx(1 / rest, rel=1e-9)


@pytest.mark.parametrize("gate", ["sigmoid", "tanh"])
@pytest.mark.parametrize("drive", [350.0, 360.0, 720.0, 740.0, 800.0])
def test_a_bound_beyond_all_float64_is_none(gate, drive):
    unit = judge(one_unit([1.0], [0.0], 0.0, drive, "identity", gate), 1.0)[0]
    assert unit.forgets is True
    assert (unit.bound is None) is (drive * (2 if gate == "tanh" else 1) > 710)


@pytest.mark.parametrize("gate", ["identity", "relu", "elu", "softplus"])
def test_gates_beyond_all_float64_are_beyond_one(gate):
    cell = one_unit([1.0], [1e300], 0.0, 0.0, "identity", gate)
    with np.errstate(all="ignore"):
        unit = judge(cell, 1e300)[0]
    assert (unit.forgets, unit.bound) == (False, np.inf)


def test_the_bound_is_reached():
    cell = one_unit([2.0], [0.0], 0.0, 0.75)
    found = states(cell, np.ones((400, 1)), None).max()
    assert found == pytest.approx(8.0)
    assert found <= judge(cell, 1.0)[0].bound < 8.0 * (1 + 1e-12)


def test_units_come_with_the_largest_gates_first():
    cell = GatedDiagonal(np.ones((3, 1)), [[0.2], [3.0], [0.5]], gate_nonlinearity="identity")
    assert [unit.unit for unit in judge_units(GatedDiagonalMap(cell), symmetric(1.0, 1))] == [1, 2, 0]
