"""Verdicts on Elman layers against simulation: of bounds, of pairs of runs, and of witnesses."""

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore import Elman, jacobian, simulate, stability

from .gated_cells import random_scale, runs

NONLINEARITIES = ("tanh", "relu", "sigmoid", "elu", "softplus", "identity")
LEAKS = (1.0, 0.9, 0.3, 0.02)
nonlinearities = pytest.mark.parametrize("nonlinearity", NONLINEARITIES)
searched = settings(max_examples=12, deadline=None)
seeds = st.integers(0, 2**32 - 1)
leaks = st.sampled_from(LEAKS)


def random_elman(rng, nonlinearity, leak, *, inputs=2, size=None):
    size = rng.integers(1, 9) if size is None else size
    weight = random_scale(rng) / np.sqrt(size) * rng.normal(size=(size, size))
    if rng.random() < 0.3:  # turns: as large as it is in its norm, but far from normal entry by entry
        weight = random_scale(rng) ** 0.3 * np.linalg.qr(rng.normal(size=(size, size)))[0]
    return Elman(
        weight,
        rng.normal(size=(size, inputs)),
        rng.normal(size=size),
        rng.normal(size=size) * 10.0 ** rng.uniform(-2, 1),
        nonlinearity=nonlinearity,
        leak=leak,
    )


def states(cell, inputs, state=None):
    return simulate(cell, inputs, state=state, keep="states", backend="reference").states


def assert_bound_holds(rng, cell, found, bound, steps=200):
    u = runs(rng, bound, steps, 8, cell.input_size)
    largest = np.abs(states(cell, u)).max()
    assert largest <= found.bound * (1 + 1e-9)
    return largest


def assert_pairs_come_together(rng, cell, bound, scale):
    """From starts as far apart as the bound, and from a millionth of that."""
    u = np.repeat(runs(rng, bound, 1500, 4, cell.input_size), 2, axis=1)
    start = scale * rng.normal(size=(8, cell.state_size))
    start[5] = start[4] + 1e-6 * scale * rng.normal(size=cell.state_size)
    found = states(cell, u, start)
    distances = np.abs(found[:, ::2] - found[:, 1::2]).max(axis=-1)
    initial = np.abs(start[::2] - start[1::2]).max(axis=-1)
    # a rate of 1 - 1e-3 a step and more is not seen in 1500 steps
    return initial, distances


@nonlinearities
@searched
@given(seed=seeds, leak=leaks, bound=st.sampled_from([0.01, 1.0, 10.0]))
def test_verdicts_are_what_runs_show(nonlinearity, seed, leak, bound):
    rng = np.random.default_rng(seed)
    cell = random_elman(rng, nonlinearity, leak)
    found = stability(cell, input_bound=bound)
    if found.verdict == "stable" and found.bound is not None:
        assert_bound_holds(rng, cell, found, bound)
    if found.incremental.verdict == "stable":
        rate = found.incremental.rate
        initial, distances = assert_pairs_come_together(rng, cell, bound, min(max(found.bound or 1, 1.0), 1e6))
        if rate is not None and rate < 0.99:
            assert np.all(distances[-1] <= 1e-3 * initial + 1e-9 * np.abs(found.bound))
    if found.verdict == "unstable":
        assert_grows(cell, found.bounded.witness)
    if found.incremental.verdict == "unstable":
        assert_parts(cell, found.incremental.witness)
    if found.verdict == "stable" and found.incremental.verdict == "stable" and found.gradients.rate is not None:
        assert_gradients_shrink(rng, cell, bound, found.gradients.rate)


def growth(cell, witness, steps=3000):
    """Of the largest absolute state, or difference, from the first to each; infinite from an overflow on."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = witness.simulate(cell, steps, backend="reference").states
        found = found[:, 0] - found[:, 1] if found.ndim == 3 else found
        first = np.abs(witness.state if witness.other_state is None else witness.state - witness.other_state).max()
        found = np.abs(found).max(axis=-1) / max(first, 1e-3 if witness.other_state is None else 0.0)
    return np.nan_to_num(found, nan=np.inf, posinf=np.inf)


def assert_grows(cell, witness):
    assert growth(cell, witness).max() > 10


def assert_parts(cell, witness):
    assert growth(cell, witness).max() > 10


def assert_gradients_shrink(rng, cell, bound, rate, steps=300):
    """From late states of runs, the product of the next Jacobians shrinks as fast as is told, and has n powers more."""
    u = runs(rng, bound, 200 + steps, 2, cell.input_size)
    path = states(cell, u)
    product, logs = np.eye(cell.state_size), 0.0
    for t in range(200, 200 + steps):
        product = jacobian(cell, path[t - 1, 0], u[t, 0], backend="reference") @ product
        size = np.abs(product).max()
        if size == 0:
            return
        product, logs = product / size, logs + np.log(size)
    # the norm in which it contracts is equivalent to the largest one by a constant that 1e8 bounds for these cells
    assert logs <= steps * np.log(max(rate, 1e-300)) + np.log(1e8)


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_a_resonance_between_the_angles_of_the_estimated_gain_is_no_proof(nonlinearity):
    """(1 - a) I + a W has a spectral radius of |1 + 0.1 (-0.01 + i)| > 1, where φ' is 1, at an angle of 0.1."""
    weight = np.array([[0.99, -1.0], [1.0, 0.99]])
    cell = Elman(weight, np.ones((2, 1)), nonlinearity=nonlinearity, leak=0.1)
    found = stability(cell)
    assert "stable" not in (found.incremental.verdict, found.gradients.verdict)
    if nonlinearity == "tanh":
        assert_parts(cell, found.incremental.witness)


@pytest.mark.parametrize("nonlinearity", NONLINEARITIES)
@pytest.mark.parametrize("weight", [-1e308, 1e308, 1e200, -1e200])
def test_weights_that_overflow_are_not_called_stable(nonlinearity, weight):
    """The slope of the map is as large at some argument that is reached."""
    cell = Elman([[weight, weight], [weight, weight]], [[1.0], [1.0]], nonlinearity=nonlinearity)
    found = stability(cell, input_bound=10.0)
    assert "stable" not in (found.incremental.verdict, found.gradients.verdict)
    assert found.bound is None or found.bound >= (0 if nonlinearity in ("tanh", "sigmoid") else 10)


@nonlinearities
@searched
@given(seed=seeds, leak=leaks)
def test_the_order_of_units_turns_no_verdict_into_its_contrary(nonlinearity, seed, leak):
    rng = np.random.default_rng(seed)
    cell = random_elman(rng, nonlinearity, leak)
    order, p = rng.permutation(cell.state_size), cell.parameters
    moved = cell.replace(
        weight_hh=p["weight_hh"][np.ix_(order, order)],
        weight_ih=p["weight_ih"][order],
        bias_ih=p["bias_ih"][order],
        bias_hh=p["bias_hh"][order],
    )
    assert_no_contradiction(stability(cell), stability(moved))


@searched
@given(seed=seeds, leak=leaks)
def test_signs_of_units_turn_no_verdict_of_odd_functions_into_its_contrary(seed, leak):
    rng = np.random.default_rng(seed)
    cell = random_elman(rng, "tanh", leak)
    signs, p = rng.choice([-1.0, 1.0], size=cell.state_size), cell.parameters
    moved = cell.replace(
        weight_hh=signs[:, None] * p["weight_hh"] * signs,
        weight_ih=signs[:, None] * p["weight_ih"],
        bias_ih=signs * p["bias_ih"],
        bias_hh=signs * p["bias_hh"],
    )
    assert_no_contradiction(stability(cell), stability(moved))


def assert_no_contradiction(first, second):
    for one, other in zip(first.properties, second.properties, strict=True):
        assert {one.verdict, other.verdict} != {"stable", "unstable"}


@pytest.mark.parametrize(
    "weight, verdict", [(0.99, "stable"), (-0.99, "stable"), (1.01, "unstable"), (-1.01, "unstable")]
)
@pytest.mark.parametrize("leak", [1.0, 0.5])
def test_one_unit_of_tanh(weight, verdict, leak):
    """Around zero the slope is 1 - a + a w; with w < -1 and a leak of a half it is still inside the circle."""
    found = stability(Elman([[weight]], [[1.0]], leak=leak), input_bound=1e-6)
    inside = abs(1 - leak + leak * weight) < 1
    assert found.incremental.verdict == ("stable" if inside else "unstable")
    assert found.verdict == "stable"
    if not inside:
        assert_parts(Elman([[weight]], [[1.0]], leak=leak), found.incremental.witness)


@pytest.mark.parametrize("weight", [0.5, 0.999, 1.001, 2.0, -3.0])
def test_one_unit_of_relu(weight):
    """h' = max(w h + x, 0): bounded by 1 / (1 - w) for 0 < w < 1, by the inputs for w < 0; -3 lets runs part."""
    cell = Elman([[weight]], [[1.0]], nonlinearity="relu")
    found = stability(cell)
    assert found.verdict == ("unstable" if weight > 1 else "stable")
    if weight > 1:
        assert_grows(cell, found.bounded.witness)
    else:
        exact = 1 / (1 - max(weight, 0))
        assert exact <= found.bound <= 1.01 * exact
    assert found.incremental.verdict == ("stable" if abs(weight) < 1 else "unstable")


def test_many_inputs_can_only_make_bounds_larger(rng):
    cell = random_elman(rng, "softplus", 0.5, size=4)
    cell = cell.replace(weight_hh=0.3 * cell.parameters["weight_hh"] / np.abs(cell.parameters["weight_hh"]).sum())
    bounds = [stability(cell, input_bound=bound).bound for bound in (0.1, 1.0, 10.0)]
    assert bounds == sorted(bounds)


def test_sparse_weights_are_judged_as_dense_ones(rng):
    for nonlinearity in ("tanh", "softplus", "identity"):
        weight = np.where(rng.random((8, 8)) < 0.3, rng.normal(size=(8, 8)), 0)
        dense, sparse = (
            stability(Elman(w, np.ones((8, 1)), nonlinearity=nonlinearity, leak=0.7))
            for w in (weight, scipy.sparse.csr_array(weight))
        )
        assert_no_contradiction(dense, sparse)
        if dense.bound is not None and sparse.bound is not None:
            assert dense.bound == pytest.approx(sparse.bound, rel=0.05)
