"""Elman layers: what is proved against long runs, what is refuted by its witness."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rnncore
from rnncore.stability_analysis.interval import Interval, as_interval
from rnncore.stability_analysis.slope_form import SlopeSystem

NONLINEARITIES = ("tanh", "relu", "sigmoid", "elu", "softplus")
STEPS = 400


def random_cell(rng, size, nonlinearity, leak, radius, bias=1.0):
    matrix = rng.normal(size=(size, size))
    matrix *= radius / max(np.abs(np.linalg.eigvals(matrix)).max(), 1e-12)
    return rnncore.Elman(
        matrix, rng.normal(size=(size, 2)), bias * rng.normal(size=size), nonlinearity=nonlinearity, leak=leak
    )


def check(cell, found, rng):
    """No verdict may be contradicted by a run in double precision."""
    inputs = np.stack(
        [rng.uniform(-1, 1, size=(STEPS, 2)), rng.choice([-1.0, 1.0], size=(STEPS, 2)), np.ones((STEPS, 2))], axis=1
    )
    if found.verdict == "stable":
        run = rnncore.simulate(cell, inputs)
        assert np.abs(run.outputs).max() <= found.bound * (1 + 1e-9)  # rounding of the run
    if found.incremental.verdict == "stable":
        # a rate r may be approached only in the long run, and in a norm of its own: a factor 1e6 is let pass
        scale = 1.0 if found.bound is None else max(1.0, found.bound)
        starts = [rng.uniform(-scale, scale, size=(3, cell.state_size)) for _ in range(2)]
        ends = [rnncore.simulate(cell, inputs, state=start, keep="last").final_state for start in starts]
        rate = found.incremental.rate
        distance = np.abs(ends[0] - ends[1]).max()
        if rate is not None and rate**STEPS < 1e-12:
            assert distance <= max(1e6 * rate**STEPS, 1e-9) * scale
        product = rnncore.jacobian_product(cell, inputs[:, 0])
        if found.gradients.rate is not None and found.gradients.rate**STEPS < 1e-12:
            assert product.log2_norm(2) <= np.log2(1e6) + STEPS * np.log2(found.gradients.rate)
    if found.verdict == "unstable":
        witness = found.bounded.witness
        states = np.abs(witness.simulate(cell, 20_000).states).max(axis=(1, 2) if witness.other_state is not None else 1)
        assert not np.isfinite(states[-1]) or states[-1] > 1.5 * states[10_000] > 1.5 * states[0]
    if found.incremental.verdict == "unstable":
        states = found.incremental.witness.simulate(cell, 4000).states
        with np.errstate(invalid="ignore"):  # both may have left the finite numbers
            distance = np.abs(states[:, 0] - states[:, 1]).max(axis=1)
        began = np.abs(found.incremental.witness.state - found.incremental.witness.other_state).max()
        assert not np.isfinite(distance).all() or distance.max() > 3 * began


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 7),
    st.sampled_from(NONLINEARITIES),
    st.sampled_from([1.0, 0.7, 0.1]),
    st.floats(-2.0, 1.2),
)
def test_no_verdict_is_contradicted(seed, size, nonlinearity, leak, exponent):
    rng = np.random.default_rng(seed)
    cell = random_cell(rng, size, nonlinearity, leak, 10.0**exponent)
    check(cell, rnncore.stability(cell), rng)


@pytest.mark.parametrize("nonlinearity", ["tanh", "sigmoid"])
def test_bounded_nonlinearities_are_always_bounded(nonlinearity):
    rng = np.random.default_rng(0)
    for radius in (0.1, 1.0, 30.0):
        found = rnncore.stability(random_cell(rng, 12, nonlinearity, 1.0, radius))
        assert found.verdict == "stable" and found.bound <= 1


@pytest.mark.parametrize(
    ("weight", "nonlinearity", "expected"),
    [
        (0.9, "tanh", ("stable", "stable")),
        (3.0, "tanh", ("stable", "unstable")),
        (-3.0, "tanh", ("stable", "unstable")),
        (3.9, "sigmoid", ("stable", "stable")),  # slopes of σ are 1/4 at most
        (0.9, "relu", ("stable", "stable")),
        (-0.9, "relu", ("stable", "stable")),
        (-5.0, "relu", ("stable", "unstable")),  # shuts itself off; between 0 and its own shadow it is not settled
        (1.1, "relu", ("unstable", "unstable")),
        (1.1, "elu", ("unstable", "unstable")),
        (1.1, "softplus", ("unstable", "unstable")),
        (1.1, "identity", ("unstable", "unstable")),
    ],
)
def test_scalar_recursions(weight, nonlinearity, expected):
    found = rnncore.stability(rnncore.Elman([[weight]], [[1.0]], nonlinearity=nonlinearity))
    assert (found.verdict, found.incremental.verdict) == expected


def test_a_smaller_input_can_settle_what_a_larger_one_leaves_open():
    """tanh with a bias: small inputs stay on one flank, where slopes are small."""
    cell = rnncore.Elman([[-1.2]], [[1.0]], [3.0])
    assert rnncore.stability(cell, input_bound=0.01).incremental.verdict == "stable"
    assert rnncore.stability(cell, input_bound=5.0).incremental.verdict != "stable"


def test_numerical_radius_decides_for_normal_matrices():
    """A rotation by any angle times r: the numerical radius is r, so that the slope form proves all r < 1."""
    angle = 0.7
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    slopes = Interval(np.zeros(2), np.ones(2))
    for radius in (0.5, 0.9, 0.97):
        form, _ = SlopeSystem(radius * rotation, slopes, as_interval(np.float64(1.0))).prove()
        assert form is not None
        # against all corners of the slopes and many between, by norms in the form's own metric
        root = np.linalg.cholesky(form.matrix).T
        for first in np.linspace(0, 1, 9):
            for second in np.linspace(0, 1, 9):
                step = root @ (np.diag([first, second]) @ (radius * rotation)) @ np.linalg.inv(root)
                assert np.linalg.norm(step, 2) <= form.rate * (1 + 1e-9)
    assert SlopeSystem(1.05 * rotation, slopes, as_interval(np.float64(1.0))).prove()[0] is None


def test_permuting_units_and_turning_signs_changes_no_proof():
    rng = np.random.default_rng(3)
    for radius in (0.5, 0.8, 2.0):
        cell = random_cell(rng, 6, "tanh", 1.0, radius, bias=0.0)
        order, signs = rng.permutation(6), rng.choice([-1.0, 1.0], size=6)
        turn = (np.eye(6)[order] * signs).T
        turned = rnncore.Elman(turn.T @ cell.parameters["weight_hh"] @ turn, turn.T @ cell.parameters["weight_ih"])
        plain = rnncore.Elman(cell.parameters["weight_hh"], cell.parameters["weight_ih"])
        first, second = rnncore.stability(plain).incremental.verdict, rnncore.stability(turned).incremental.verdict
        assert {first, second} not in ({"stable", "unstable"},)
        assert first == second or "undecided" in (first, second)


def test_large_and_sparse_reservoirs_are_judged_by_what_is_cheap():
    import scipy.sparse

    rng = np.random.default_rng(0)
    weights = scipy.sparse.random_array((2000, 2000), density=0.002, rng=rng).tocsr()
    cell = rnncore.Elman(weights * 0.1, np.ones((2000, 1)), leak=0.3)
    found = rnncore.stability(cell)
    assert found.incremental.verdict == "stable" and found.incremental.rate < 1
