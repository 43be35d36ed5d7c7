"""Impulse responses against runs, scipy.signal, mpmath and known answers."""

import mpmath
import numpy as np
import pytest
import scipy.sparse
from scipy.signal import dimpulse, dlti

from rnncore import Chain, Dense, Diagonal, Elman, Linear, NonFiniteError, impulse_response, jacobian, simulate

from .examples import KINDS, jordan, linear, without_biases

STEPS = 150


@pytest.mark.parametrize("name", KINDS)
def test_it_is_the_run_after_one_impulse(name, backend, dtype, rng):
    cell = KINDS[name](rng).astype(dtype)
    response = impulse_response(cell, STEPS)
    assert response.shape == (STEPS, cell.output_size, cell.input_size) and response.dtype == dtype
    for column in range(cell.input_size):
        impulse = np.zeros((STEPS, cell.input_size), dtype)
        impulse[0, column] = 1
        run = simulate(without_biases(cell), impulse, backend=backend).outputs
        # Powers up to 150 of norms that reach about 10, each with a rounding of up to 100 terms.
        atol = 1000 * np.finfo(dtype).eps * np.abs(run).max()
        np.testing.assert_allclose(response[:, :, column], run, rtol=0, atol=atol)


def test_the_first_row_is_the_jacobian_by_the_input(rng):
    for name in KINDS:
        cell = KINDS[name](rng)
        if cell.state_size and cell.output_size == cell.state_size:
            want = jacobian(cell, np.zeros(cell.state_size), np.zeros(cell.input_size), wrt="input")
            np.testing.assert_allclose(impulse_response(cell, 1)[0], want, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("steps", [2, 3, 63, 64, 65, 200])
@pytest.mark.parametrize("size", [1, 3, 40])
def test_it_is_that_of_scipy(size, steps, rng):
    cell, matrix = linear(rng, size), rng.normal(size=(2, size))
    transition, drive = cell.parameters["weight_hh"], cell.parameters["weight_ih"]
    # SciPy's state follows its input one step later: y_k = C s_{k+1} = C A s_k + C B u_k.
    system = dlti(transition, drive, matrix @ transition, matrix @ drive, dt=1)
    want = np.stack(dimpulse(system, n=steps)[1], axis=2)
    got = impulse_response(Chain([cell, Dense(matrix)]), steps)
    # Powers of norm about 10 at most, each with a rounding of up to 40 terms.
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-13 * np.abs(want).max())


def test_powers_of_a_jordan_block_are_binomials():
    value, size, steps = mpmath.mpf(0.9), 6, 2000
    response = impulse_response(Linear(jordan(0.9, size), np.eye(size)), steps)
    for lag in (0, 1, 5, 63, 64, 100, 777, 1999):
        for column in range(size):
            want = mpmath.binomial(lag, column) * value ** (lag - column) if lag >= column else 0
            # All terms are positive: 2 000 steps of two roundings each, or a power by as many.
            assert response[lag, 0, column] == pytest.approx(float(want), rel=1e-12)


def test_powers_of_numbers_are_right_over_thousands_of_steps():
    numbers, steps = np.array([0.999, -0.9995, 0.7 + 0.71j, 1.0005j]), 12_000
    response = impulse_response(Diagonal(numbers, np.ones((4, 1))), steps).reshape(steps, 4, 2)
    for lag in (0, 1, 999, 11_999):
        for unit, number in enumerate(numbers):
            want = complex(mpmath.mpc(number) ** lag)
            got = complex(*response[lag, unit])
            # A number is known to eps / 2, its power to as many of them.
            assert abs(got - want) <= 2 * lag * np.finfo(float).eps * abs(want)


def test_a_delay_line_gives_back_what_it_got():
    response = impulse_response(Linear(np.eye(7, k=-1), np.eye(7, 1)), 300)
    np.testing.assert_array_equal(response[:7, :, 0], np.eye(7))
    assert not response[7:].any()


def test_zero_and_one(rng):
    drive = rng.normal(size=(3, 2))
    for cell in (Linear(np.zeros((3, 3)), drive), Diagonal(np.zeros(3), drive)):
        response = impulse_response(cell, 5)
        np.testing.assert_array_equal(response[0], drive)
        assert not response[1:].any()
    for cell in (Linear(np.eye(3), drive), Diagonal(np.ones(3), drive)):
        np.testing.assert_array_equal(impulse_response(cell, 300), np.broadcast_to(drive, (300, 3, 2)))
    assert impulse_response(Linear([[0.5]], [[1.0]]), 0).shape == (0, 1, 1)


def test_a_sparse_matrix_gives_what_it_gives_dense(rng):
    matrix = np.where(rng.random((50, 50)) < 0.1, rng.normal(size=(50, 50)), 0) / 3
    drive = rng.normal(size=(50, 2))
    dense, sparse = (impulse_response(Linear(w, drive), 100) for w in (matrix, scipy.sparse.csr_array(matrix)))
    # Sums in another order: 100 steps of norm below 2.
    np.testing.assert_allclose(sparse, dense, rtol=0, atol=1e-12 * np.abs(dense).max())


def test_units_that_nothing_moves_stay_at_zero_whatever_their_factor():
    response = impulse_response(Diagonal([1e30, 0.5], [[0.0], [1.0]]), 100)
    np.testing.assert_array_equal(response[:, 0], 0)
    chain = Chain([Diagonal([1e30, 0.5], np.ones((2, 1))), Dense([[0.0, 1.0]])])
    np.testing.assert_array_equal(impulse_response(chain, 100), response[:, 1:])


@pytest.mark.parametrize("cell", [Linear(10 * np.eye(2), np.ones((2, 1))), Diagonal([0.5, 10.0], np.ones((2, 1)))])
def test_an_overflow_is_named(cell, dtype):
    # 10^308 and 10^38 are the last powers of ten that are finite.
    last = 308 if dtype == np.float64 else 38
    with pytest.raises(NonFiniteError, match=f"the output is not finite after step {last + 2}") as caught:
        impulse_response(cell.astype(dtype), 1000)
    assert caught.value.step == last + 2 and caught.value.partial.shape == (last + 1, 2, 1)
    np.testing.assert_allclose(caught.value.partial[:, 1, 0], 10.0 ** np.arange(last + 1), rtol=1e-4)
    assert caught.value.partial.dtype == dtype


@pytest.mark.parametrize(
    "cell, steps, kind, message",
    [
        (None, 5, TypeError, "cell must be a cell"),
        (Elman(np.eye(2)), 5, ValueError, "the cell is of type Elman with nonlinearity='tanh'"),
        (
            Chain([Linear([[1.0]], [[1.0]]), Dense([[1.0]], nonlinearity="relu")]),
            5,
            ValueError,
            "layer 1 is of type Dense",
        ),
        (Linear([[1.0]]), 5, ValueError, "the cell takes no input"),
        (Linear([[1.0]], [[1.0]]), -1, ValueError, "steps must be at least 0, got -1"),
        (Linear([[1.0]], [[1.0]]), 2.5, TypeError, "steps must be an integer, got 2.5"),
    ],
)
def test_wrong_arguments_are_named(cell, steps, kind, message):
    with pytest.raises(kind, match=message):
        impulse_response(cell, steps)
