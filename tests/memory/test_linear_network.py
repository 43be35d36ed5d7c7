"""Memory capacity in closed form, against what theory says of it."""

import mpmath
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore import Chain, DelayLine, Dense, Diagonal, Elman, GatedDiagonal, Linear, memory_capacity


def exact(cell, max_lag):
    return memory_capacity(cell, max_lag=max_lag, method="gramian")


def with_radius(rng, size, radius):
    weights = rng.normal(size=(size, size))
    return weights * (radius / np.abs(np.linalg.eigvals(weights)).max())


@pytest.mark.parametrize("size", [1, 2, 5, 20, 100, 300])
def test_all_lags_of_a_controllable_network_sum_up_to_its_size(rng, size):
    found = exact(Linear(with_radius(rng, size, 0.9), rng.normal(size=(size, 1))), 20 * size + 400)
    assert found.bound == size
    # 0.81^(400 + …) is beyond rounding; n sums of n squares.
    assert found.total + found.present == pytest.approx(size, rel=1e-11)
    assert found.by_lag.max() <= 1 + 1e-12
    assert found.by_lag.min() >= 0


@pytest.mark.parametrize("length", [1, 2, 3, 10, 60])
def test_a_delay_line_holds_exactly_as_many_inputs_as_it_is_long(length):
    found = exact(Linear(np.diag(np.ones(length - 1), -1), np.eye(length)[:, :1]), length + 3)
    np.testing.assert_allclose(found.raw[:, 0], [1.0] * length + [0.0] * 4, atol=1e-14)


def test_the_cell_of_a_delay_line_holds_exactly_its_inputs_however_they_are_read():
    for inputs in (1, 3):
        found = exact(DelayLine(5, inputs), 8)
        np.testing.assert_array_equal(found.raw, [[1.0] * inputs] * 5 + [[0.0] * inputs] * 4)
        assert found.bound == 5 * inputs
    tall = Dense(np.random.default_rng(0).normal(size=(7, 5)))  # loses nothing, and holds no state
    np.testing.assert_array_equal(exact(Chain([DelayLine(5, 1), tall]), 8).raw[:, 0], [1.0] * 5 + [0.0] * 4)


def test_a_delay_line_behind_a_linear_layer_holds_its_last_states(rng):
    """x_t = 0.6 x_{t-1} + u_t and the x before it: two states that hold, with u_t, all that three taps of x do."""
    found = exact(Chain([Linear([[0.6]], [[1.0]]), DelayLine(3, 1)]), 200)
    # The outputs x_t, x_{t-1}, x_{t-2} give u_t and u_{t-1} exactly, and of the rest what x_{t-2} holds.
    want = [1.0, 1.0, *(0.64 * 0.36 ** np.arange(199))]
    np.testing.assert_allclose(found.raw[:, 0], want, rtol=0, atol=1e-13)
    assert found.bound == 3


def test_a_rotated_delay_line_holds_the_same(rng):
    """Its eigenvalues are all zero, and LAPACK finds them on a circle of radius eps^(1/n): capacities do not mind."""
    turn = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    cell = Linear(turn @ np.diag(np.ones(11), -1) @ turn.T, turn[:, :1])
    np.testing.assert_allclose(exact(cell, 15).raw[:, 0], [1.0] * 12 + [0.0] * 4, atol=1e-12)


@pytest.mark.parametrize("multiplier", [0.0, 0.3, -0.9, 0.999])
def test_one_unit_holds_a_geometric_share(multiplier):
    found = exact(Linear([[multiplier]], [[-5.0]]), 50)
    np.testing.assert_allclose(
        found.raw[:, 0], (1 - multiplier**2) * float(multiplier) ** (2 * np.arange(51)), atol=1e-15
    )


@pytest.mark.parametrize("inputs", [1, 2, 3])
def test_small_networks_have_the_capacities_of_the_inverted_gramian(rng, inputs):
    weights, drive = with_radius(rng, 6, 0.8), rng.normal(size=(6, inputs))
    gramian = scipy.linalg.solve_discrete_lyapunov(weights, drive @ drive.T)
    found, response = exact(Linear(weights, drive), 30), drive
    for lag in range(31):
        expected = np.sum(response * np.linalg.solve(gramian, response), axis=0)
        np.testing.assert_allclose(found.raw[lag], expected, rtol=1e-7, atol=1e-12)  # condition of the Gramian: 1e5
        response = weights @ response
    np.testing.assert_array_equal(found.by_lag, found.by_channel.sum(axis=1))


def test_a_gramian_that_is_singular_to_rounding_is_no_obstacle(rng):
    """Against 120 digits: a network of 24 units whose Gramian has a condition number beyond 1e16."""
    weights, drive = with_radius(rng, 24, 0.7), rng.normal(size=(24, 1))
    gramian = scipy.linalg.solve_discrete_lyapunov(weights, drive @ drive.T)
    assert np.linalg.cond(gramian) > 1e15
    with mpmath.workdps(120):
        matrix, column = mpmath.matrix(weights.tolist()), mpmath.matrix(drive.tolist())
        columns = [column]
        for _ in range(700):  # 0.7^1400 = 1e-217
            columns.append(matrix * columns[-1])
        total = mpmath.zeros(24)
        for response in columns:
            total += response * response.T
        expected = [
            float((response.T * mpmath.lu_solve(total, response))[0])
            for response in (columns[lag] for lag in (0, 5, 20, 30, 40))
        ]
    found = exact(Linear(weights, drive), 40)
    # Capacities depend on the eigenvalues alone, and those are good to their condition times rounding.
    np.testing.assert_allclose(found.raw[[0, 5, 20, 30, 40], 0], expected, atol=1e-9)


def test_what_the_input_does_not_reach_holds_nothing(rng):
    """A multiple of the identity turns one input into one direction; so do equal modes of a diagonal network."""
    assert exact(Linear(0.5 * np.eye(4), np.ones((4, 1))), 60).bound == 1
    assert exact(Diagonal([0.5, 0.5, -0.2], [[1.0], [2.0], [3.0]]), 60).bound == 2
    blocks = scipy.linalg.block_diag(with_radius(rng, 3, 0.8), with_radius(rng, 4, 0.9))
    found = exact(Linear(blocks, np.r_[rng.normal(size=3), np.zeros(4)][:, None]), 300)
    assert found.bound == 3
    assert found.total + found.present == pytest.approx(3, rel=1e-12)
    unreached = exact(Linear(blocks, np.zeros((7, 1))), 10)
    assert (unreached.bound, unreached.total, unreached.present) == (0, 0, 0)


def test_modes_that_the_input_does_not_reach_need_not_fade():
    found = exact(Linear(np.diag([0.5, 2.0]), [[1.0], [0.0]]), 80)
    assert found.total == pytest.approx(0.25, rel=1e-12)
    with pytest.raises(ValueError, match=r"must forget.*magnitude 2"):
        exact(Linear(np.diag([0.5, 2.0]), [[1.0], [1.0]]), 80)
    with pytest.raises(ValueError, match=r"must forget.*magnitude 1"):
        exact(Linear([[1.0]], [[1.0]]), 80)


def test_defective_matrices_have_their_capacity(rng):
    jordan = np.array([[0.8, 1.0, 0.0], [0.0, 0.8, 1.0], [0.0, 0.0, 0.8]])
    found = exact(Linear(jordan, [[0.0], [0.0], [1.0]]), 400)
    assert (found.bound, pytest.approx(3, rel=1e-12)) == (3, found.total + found.present)
    assert exact(Linear(jordan, [[1.0], [0.0], [0.0]]), 100).bound == 1


def test_linear_layers_of_every_kind_are_taken(rng):
    cell = Chain(
        [
            Diagonal([0.9 * np.exp(0.4j), 0.3], rng.normal(size=(2, 2))),
            Dense(rng.normal(size=(2, 4))),
            Elman(0.4 * rng.normal(size=(3, 3)), rng.normal(size=(3, 2)), nonlinearity="identity", leak=0.5),
            Linear([[0.2]], rng.normal(size=(1, 3)), [7.0]),
        ]
    )
    found = exact(cell, 500)
    assert cell.state_size == 8
    assert found.bound == 7  # the imaginary part of the real mode stays zero
    assert found.total + found.present == pytest.approx(7, rel=1e-12)
    single = exact(cell.astype(np.float32), 500)
    np.testing.assert_allclose(single.by_lag, found.by_lag, atol=1e-4)  # weights rounded to 1e-7


def test_coordinates_do_not_matter(rng):
    weights, drive = with_radius(rng, 8, 0.9), rng.normal(size=(8, 2))
    change = np.linalg.qr(rng.normal(size=(8, 8)))[0] @ np.diag(np.geomspace(1, 100, 8))
    moved = Linear(change @ weights @ np.linalg.inv(change), change @ drive)
    # Similarity of condition number 100 costs two digits of the eigenvalues, which have some condition themselves.
    np.testing.assert_allclose(exact(moved, 50).raw, exact(Linear(weights, drive), 50).raw, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    size=st.integers(1, 9),
    inputs=st.integers(1, 3),
    radius=st.just(0.0) | st.floats(1e-200, 0.95),
)
def test_capacities_of_any_network_are_shares_that_sum_up_to_its_controllable_states(seed, size, inputs, radius):
    rng = np.random.default_rng(seed)
    found = exact(Linear(with_radius(rng, size, radius), rng.normal(size=(size, inputs))), 600)
    assert found.bound == (size if radius else min(size, inputs))
    assert found.raw.min() >= 0
    assert found.raw.max() <= 1 + 1e-12
    assert found.raw.sum() == pytest.approx(found.bound, rel=1e-11)  # 0.95^1200 = 1e-27 is left out


@pytest.mark.parametrize(
    ("cell", "options", "words"),
    [
        (Elman([[0.5]], [[1.0]]), {}, "linear throughout"),
        (GatedDiagonal([[1.0]], [[1.0]]), {}, "linear throughout"),
        (Linear([[0.5]], [[1.0]]), {"inputs": np.ones((5, 1))}, "takes no inputs"),
        (Linear([[0.5]], [[1.0]]), {"degree": 2}, "degree=1"),
        (Linear([[0.5]], [[1.0]]), {"ridge": 1.0}, "ridge=0"),
        (Linear([[0.5]], [[1.0]]), {"readout": "outputs"}, 'readout="state"'),
        (Linear([[0.5]]), {}, "takes no input"),
        (Dense([[0.5]]), {}, "has no state"),
        (Linear([[0.5]], [[1.0]]), {"method": "exact"}, "method must be one of"),
    ],
)
def test_what_has_no_closed_form_is_named(cell, options, words):
    with pytest.raises(ValueError, match=words):
        memory_capacity(cell, max_lag=5, **{"method": "gramian"} | options)
