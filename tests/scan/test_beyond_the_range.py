"""Where carries overflow, vanish, or are not numbers, a scan gives what single steps give."""

import numpy as np
import pytest

from rnncore import Diagonal, GatedDiagonal, Linear, NonFiniteError, simulate

STEPS = 4096  # blocks of 64 steps of a matrix, of 256 of a diagonal
BLOCK = STEPS // 16


def both(cell, backend, **run):
    """By single steps and by a scan."""
    return [simulate(cell, backend=backend, scan=scan, **run) for scan in ("sequential", "associative")]


def assert_equal(got, want):
    np.testing.assert_array_equal(got.outputs, want.outputs)
    np.testing.assert_array_equal(got.final_state, want.final_state)


# Powers of two do not round, so the steps at which they overflow are the same.
GROWING = {
    "linear": Linear([[0.0, 2.0], [2.0, 0.0]], [[1.0], [0.0]]),
    "diagonal": Diagonal([2.0, 1.0], [[1.0], [1.0]]),
    "diagonal of a power that overflows": Diagonal([2.0**40, 1.0], [[1.0], [1.0]]),
    "gated": GatedDiagonal([[1.0], [1.0]], [[0.0], [0.0]], bias_gate=[2.0, 1.0], gate_nonlinearity="identity"),
    "gates of a product that overflows": GatedDiagonal(
        [[1.0], [1.0]], [[0.0], [0.0]], bias_gate=[2.0**40, 1.0], gate_nonlinearity="identity"
    ),
}
growing = pytest.mark.parametrize("cell", GROWING.values(), ids=GROWING)


@growing
@pytest.mark.parametrize("keep", ["outputs", "last", 100])
def test_what_grows_leaves_the_finite_numbers_at_the_same_step(cell, keep, backend, dtype):
    inputs = np.zeros((STEPS, 2, 1))
    inputs[1000, 0] = 1
    want, got = both(cell.astype(dtype), backend, inputs=inputs, keep=keep)
    assert not np.isfinite(want.final_state).all()
    assert_equal(got, want)


@growing
def test_what_could_grow_but_is_zero_stays_zero(cell, backend, dtype):
    want, got = both(cell.astype(dtype), backend, inputs=np.zeros((STEPS, 1)), keep="states")
    assert not got.states.any()
    assert_equal(got, want)


def test_a_growing_unit_at_zero_leaves_the_others_to_the_scan(backend, dtype):
    # λ^L is infinite in the first unit: 0 · ∞ must be 0, and the second must not be walked step by step for it.
    cell = Diagonal([1e30, 0.999], [[0.0], [1.0]]).astype(dtype)
    inputs = np.random.default_rng(0).normal(size=(STEPS, 1))
    step_by_step, got = both(cell, backend, inputs=inputs)
    assert not got.outputs[:, 0].any()
    assert not np.array_equal(got.outputs, step_by_step.outputs)
    # |h| < 100, and 16 blocks are carried on, the steps in each with a rounding or two of it
    np.testing.assert_allclose(got.outputs, step_by_step.outputs, rtol=0, atol=16 * BLOCK * 100 * np.finfo(dtype).eps)


@growing
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_spreads_as_by_single_steps(cell, value, backend):
    inputs = np.ones((STEPS, 3, 1))
    inputs[:, 0] = 0
    inputs[700, 1] = value
    state = np.zeros((3, 2))
    state[2, 0] = value
    want, got = both(cell, backend, inputs=inputs, state=state, check_finite=False)
    assert_equal(got, want)


@growing
def test_the_step_that_overflows_is_named(cell, backend):
    inputs = np.zeros((STEPS, 1))
    inputs[500] = 1
    said = []
    for scan in ("sequential", "associative"):
        with pytest.raises(NonFiniteError) as caught:
            simulate(cell, inputs, raise_nonfinite=True, keep="last", backend=backend, scan=scan)
        said.append(str(caught.value))
    assert said[0] == said[1]


def gates(values, **options):
    """A unit whose gate is told by the input, ψ = identity unless said otherwise."""
    cell = GatedDiagonal([[0.0]], [[1.0]], **{"gate_nonlinearity": "identity"} | options).astype("float32")
    return cell, np.asarray(values, float)[:, None]


@pytest.mark.parametrize("factor", [0.5, -0.5])
def test_a_product_of_gates_below_the_range_is_not_lost(factor, backend):
    # 2^100 · 2^-200 is a float32, 2^-200 is not. A block's gates: 200 that halve, then ones.
    values = np.ones(STEPS)
    values[BLOCK : BLOCK + 200] = factor
    cell, inputs = gates(values)
    want, got = both(cell, backend, inputs=inputs, state=[2.0**100])
    assert want.final_state == 2.0**-100
    assert_equal(got, want)


def test_nor_one_of_gates_of_at_most_one(backend):
    values = np.full(STEPS, 60.0)  # σ(60) rounds to 1
    values[BLOCK : BLOCK + 200] = 0  # σ(0) = 1/2
    cell, inputs = gates(values, gate_nonlinearity="sigmoid")
    want, got = both(cell, backend, inputs=inputs, state=[2.0**100])
    assert want.final_state == 2.0**-100
    assert_equal(got, want)


def test_a_power_below_the_range_is_not_lost(backend):
    # λ^L = 2^-1280, where L = 256, is no float64; 2^1000 λ^L is one.
    inputs = np.zeros((STEPS, 1))
    inputs[BLOCK - 1] = 2.0**1000
    want, got = both(Diagonal([2.0**-5], [[1.0]]), backend, inputs=inputs)
    assert want.outputs[2 * BLOCK - 1] == 2.0**-280
    assert_equal(got, want)
