"""One unit, worked out by hand or in 50 digits."""

import math

import mpmath
import numpy as np
import pytest

from rnncore import Dense, Elman, simulate

EXACT = {
    "identity": lambda z: z,
    "tanh": mpmath.tanh,
    "relu": lambda z: max(z, 0),
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)),
    "elu": lambda z: z if z > 0 else mpmath.expm1(z),
    "softplus": lambda z: mpmath.log1p(mpmath.exp(z)),
}


@pytest.mark.parametrize("nonlinearity", EXACT)
def test_a_nonlinearity_equals_mpmath(nonlinearity, backend, dtype):
    z = np.concatenate([np.linspace(-20, 20, 801), np.geomspace(1e-30, 1, 61), -np.geomspace(1e-30, 1, 61)])
    z = z.astype(dtype)[:, None]
    got = simulate(Dense(np.ones((1, 1), dtype), nonlinearity=nonlinearity), z, backend=backend).outputs
    with mpmath.workdps(50):
        want = np.array([float(EXACT[nonlinearity](mpmath.mpf(float(value)))) for value in z[:, 0]])
    # 2 ULP of the vector functions and the roundings of a sum and a quotient around them: 4 eps relative.
    np.testing.assert_allclose(got[:, 0], want, rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("nonlinearity", EXACT)
@pytest.mark.parametrize("leak", [1.0, 0.25])
def test_a_leaky_unit_follows_its_recursion_in_50_digits(nonlinearity, leak, backend, dtype):
    weight, series = -0.5, np.linspace(-2, 2, 33)
    cell = Elman([[weight]], [[1.0]], [0.25], [0.5], nonlinearity=nonlinearity, leak=leak).astype(dtype)
    h, want = mpmath.mpf(0), []
    with mpmath.workdps(50):
        for x in series:
            z = weight * h + mpmath.mpf(float(x)) + mpmath.mpf(0.75)
            h = (1 - leak) * h + leak * EXACT[nonlinearity](z)
            want.append(float(h))
    got = simulate(cell, series[:, None], backend=backend).outputs[:, 0]
    # |z| and |h| stay under 4: at most 10 roundings of a step, and |weight| = 1/2 doubles what remains of them.
    np.testing.assert_allclose(got, want, rtol=0, atol=2 * 10 * 4 * np.finfo(dtype).eps)


def test_the_fixed_point_of_a_contraction_is_reached(backend):
    cosine_like = Elman([[-0.5]], bias_hh=[1.0], nonlinearity="tanh")
    x = mpmath.findroot(lambda value: mpmath.tanh(1 - value / 2) - value, 0.6)
    final = simulate(cosine_like, steps=200, keep="last", backend=backend).outputs[0]
    # A slope below 1/2 at the fixed point at most doubles the 3 roundings of the last step.
    assert math.isclose(final, float(x), rel_tol=6 * np.finfo(float).eps)


def test_a_saturated_relu_counts_its_steps(backend, dtype):
    counter = Elman(np.ones((1, 1), dtype), bias_ih=np.ones(1, dtype), nonlinearity="relu")
    np.testing.assert_array_equal(simulate(counter, steps=500, backend=backend).outputs[:, 0], np.arange(1, 501))


def test_leak_alone_forgets_exponentially(backend):
    cell = Elman([[0.0]], nonlinearity="tanh", leak=0.5)
    outputs = simulate(cell, steps=60, state=[1.0], backend=backend).outputs[:, 0]
    np.testing.assert_array_equal(outputs, 0.5 ** np.arange(1, 61))
