"""Singular values of networks with units deep in saturation, whose slopes no sum of floats keeps, against mpmath."""

import mpmath
import numpy as np
import pytest

from rnncore import Chain, Dense, Elman, gradient_norms, simulate, singular_spectrum

EPS = np.finfo(np.float64).eps
BIASES = {
    "one unit": [0.3, 20.0, -0.2],
    "most units": [-20.0, 0.1, 35.0, 60.0],
    "all units": [20.0, -25.0, 40.0],
    "on either side of the threshold": [6.0, -7.5, 8.0, 0.1, 12.0],
    "deeper and deeper": [0.1, 20.0, -33.0, 47.0, -60.0],
}


def network(name, dtype="float64"):
    bias = np.array(BIASES[name])
    weight = np.random.default_rng(len(name)).normal(size=2 * (len(bias),)) / np.sqrt(len(bias))
    return Elman(weight.astype(dtype), bias_ih=bias.astype(dtype))


def exact_logs(cell, steps, inputs=None):
    """log σ of the whole product; with as many digits as the singular values are apart."""
    weight, bias = (cell.parameters[name] for name in ("weight_hh", "bias_ih"))
    drives = np.zeros((steps, len(bias))) if inputs is None else inputs @ cell.parameters["weight_ih"].T
    slope = -2 * (np.abs(bias) + np.abs(drives).max() + np.abs(weight).sum(axis=1).max()) / np.log(10)
    with mpmath.workdps(int(60 - steps * slope.min())):
        exact = mpmath.matrix(weight.astype(float).tolist())
        state, product = mpmath.zeros(len(bias), 1), mpmath.eye(len(bias))
        for drive in drives:
            z = exact * state + mpmath.matrix(bias.tolist()) + mpmath.matrix(drive.tolist())
            with mpmath.workdps(60):
                slopes = [mpmath.sech(x) ** 2 for x in z]
                state = z.apply(mpmath.tanh)
            product = mpmath.diag(slopes) * (exact * product)
        return np.array([float(mpmath.log(value)) for value in mpmath.svd_r(product, compute_uv=False)])


def log_slopes_of_tanh(z):
    return np.log(4) - 2 * np.abs(z) - 2 * np.log1p(np.exp(-2 * np.abs(z)))


def bound(steps, dtype="float64"):
    """A slope's log errs by 2 |z| eps and what its exponential adds; logs of 10 000 and more by their last place."""
    return {"rtol": 4 * EPS, "atol": 512 * np.finfo(dtype).eps * steps}


@pytest.mark.parametrize("name", BIASES)
@pytest.mark.parametrize("steps", [1, 7, 200])
def test_they_are_those_of_mpmath(name, steps, backend):
    cell = network(name)
    want = exact_logs(cell, steps)
    np.testing.assert_allclose(singular_spectrum(cell, steps=steps, backend=backend), want, **bound(steps))
    found = gradient_norms(cell, steps=steps, backend=backend).directions
    extremes = np.log(2) * np.array([found.log2_largest, found.log2_smallest])
    np.testing.assert_allclose(extremes, want[[0, -1]], **bound(steps))


@pytest.mark.parametrize("scale", [10.0, 40.0])
def test_units_that_go_into_saturation_and_out_are_those_of_mpmath(scale, backend):
    rng = np.random.default_rng(4)
    cell = Elman(rng.normal(size=(4, 4)) / 2, np.eye(4), rng.normal(size=4))
    inputs = scale * rng.normal(size=(100, 4)) * (rng.random((100, 4)) < 0.3)
    want = exact_logs(cell, 100, inputs)
    np.testing.assert_allclose(singular_spectrum(cell, inputs, backend=backend), want, **bound(100))
    found = gradient_norms(cell, inputs, backend=backend).directions
    np.testing.assert_allclose(np.log(2) * found.log2_smallest, want[-1], **bound(100))


@pytest.mark.parametrize("name", ["one unit", "on either side of the threshold"])
def test_in_float32_too(name, backend):
    cell = network(name, "float32")
    want = exact_logs(cell, 50)
    np.testing.assert_allclose(singular_spectrum(cell, steps=50, backend=backend), want, **bound(50, "float32"))
    found = gradient_norms(cell, steps=50, backend=backend).directions
    np.testing.assert_allclose(np.log(2) * found.log2_smallest, want[-1], **bound(50, "float32"))


def test_those_of_a_chain_multiply_to_the_determinant(backend, rng):
    layers = [
        Elman(rng.normal(size=(3, 3)), bias_ih=[20.0, 0.1, -40.0]),
        Dense(rng.normal(size=(2, 3)), nonlinearity="sigmoid"),
        Elman(rng.normal(size=(4, 4)), rng.normal(size=(4, 2)), [0.0, 30.0, 0.2, -50.0]),
    ]
    cell, steps = Chain(layers), 120
    first, last = (layer.parameters["weight_hh"] for layer in (layers[0], layers[2]))
    states = np.concatenate([np.zeros((1, 7)), simulate(cell, steps=steps, keep="states", backend=backend).states])
    z = states[:-1, :3] @ first.T + layers[0].parameters["bias_ih"]
    signal = 1 / (1 + np.exp(-states[1:, :3] @ layers[1].parameters["weight"].T))
    y = states[:-1, 3:] @ last.T + signal @ layers[2].parameters["weight_ih"].T + layers[2].parameters["bias_ih"]
    volume = log_slopes_of_tanh(z).sum() + log_slopes_of_tanh(y).sum()
    volume += steps * sum(np.linalg.slogdet(weight)[1] for weight in (first, last))
    got = singular_spectrum(cell, steps=steps, backend=backend)
    np.testing.assert_allclose(got.sum(), volume, rtol=1e-13)
    found = gradient_norms(cell, steps=steps, backend=backend).directions
    np.testing.assert_allclose(np.log(2) * found.log2_smallest, got[-1], rtol=1e-13)


def test_directions_are_singular_vectors(backend):
    # The bias is so small that the product of three steps is a matrix of floats, rank and all.
    cell = network("on either side of the threshold")
    found = singular_spectrum(cell, steps=3, directions=True, backend=backend)
    for vectors in (found.first_directions, found.last_directions):
        np.testing.assert_allclose(vectors.T @ vectors, np.eye(5), rtol=0, atol=1e-13)
    product = np.eye(5)
    states = simulate(cell, steps=3, keep="states", backend=backend).states
    weight, bias = (cell.parameters[name] for name in ("weight_hh", "bias_ih"))
    for state in (np.zeros(5), *states[:2]):
        product = np.exp(log_slopes_of_tanh(weight @ state + bias))[:, None] * weight @ product
    rebuilt = (found.last_directions * np.exp(found.log_singular_values)) @ found.first_directions.T
    np.testing.assert_allclose(rebuilt, product, rtol=0, atol=1e-14 * np.abs(product).max())


@pytest.mark.parametrize("steps", [1, 2, 60])
def test_what_a_singular_matrix_annihilates_stays_so(steps, backend):
    """The last two units have the same weights: they say the same, one of them four thousand billion times softer."""
    cell = network("most units")
    weight = cell.parameters["weight_hh"].copy()
    weight[3] = weight[2]
    cell = Elman(weight, bias_ih=[-20.0, 0.1, 3.0, 17.0])
    want = exact_logs(cell, steps)
    got = singular_spectrum(cell, steps=steps, backend=backend)
    np.testing.assert_allclose(got[:3], want[:3], **bound(steps))
    assert got[3] == -np.inf
    found = gradient_norms(cell, steps=steps, backend=backend).directions
    assert found.log2_smallest == -np.inf and not found.smallest_gradient.any()


def test_units_without_slope_are_annihilated_beside_saturated_ones(backend):
    weight, bias = np.random.default_rng(5).normal(size=(3, 3)), [0.1, 30.0, -40.0]
    # The second unit's drive is negative at every step, the third's sits at the kink.
    dead, apart = {"bias_ih": [1.0, -1.0, 0.0], "nonlinearity": "relu"}, np.zeros((3, 3))
    relu, saturated = Elman(np.diag([2.0, 3.0, 5.0]), **dead), Elman(weight, bias_ih=bias)
    want = np.sort([80 * np.log(2), *singular_spectrum(saturated, steps=80, backend=backend)])[::-1]
    for cell in (
        Chain([saturated, Elman(np.diag([2.0, 3.0, 5.0]), apart, **dead)]),
        Chain([relu, Elman(weight, apart, bias)]),
    ):
        got = singular_spectrum(cell, steps=80, backend=backend)
        np.testing.assert_allclose(got[:4], want, **bound(80))
        np.testing.assert_array_equal(got[4:], -np.inf)
        assert gradient_norms(cell, steps=80, backend=backend).directions.log2_smallest == -np.inf


def test_saturated_beyond_the_smallest_float_is_without_slope(backend):
    cell = Elman(np.eye(2), bias_ih=[0.0, 400.0])
    np.testing.assert_array_equal(singular_spectrum(cell, steps=5, backend=backend), [0.0, -np.inf])
    assert gradient_norms(cell, steps=5, backend=backend).directions.log2_smallest == -np.inf


@pytest.mark.parametrize("name", ["one unit", "deeper and deeper"])
def test_a_batch_gives_what_its_sequences_give_alone(name, backend):
    cell = network(name)
    states = np.random.default_rng(6).normal(size=(3, cell.state_size))
    together = singular_spectrum(cell, steps=150, state=states, backend=backend)
    for state, row in zip(states, together):
        alone = singular_spectrum(cell, steps=150, state=state, backend=backend)
        np.testing.assert_allclose(row, alone, **bound(150))
    chunked = singular_spectrum(cell, steps=150, state=states, chunk=7, threads=1, backend=backend)
    np.testing.assert_array_equal(chunked, together)
