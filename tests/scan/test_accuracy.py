"""A scan against fifty digits."""

import mpmath
import numpy as np
import pytest

from rnncore import Diagonal, GatedDiagonal, Linear, simulate

STEPS = 100_003


def bound(cell, steps, largest, drive):
    """How far the state may lie from the truth where the recurrence does not make errors larger.

    A step rounds its n + n_in products, their sum, and in complex numbers twice as many: at most so many eps of
    ‖h‖ + ‖d‖. Walked from zero a block sees states twice as large at most, |h| + |P c|, so that what a step adds to a
    block's end, and to the block itself in the second walk, is three times that. Powers of W and products of gates are
    off by an eps a step as well: once more.
    """
    roundings = 2 * (cell.state_size + cell.input_size + 2)
    return 4 * steps * roundings * np.finfo(cell.dtype).eps * (largest + drive)


def final_state(cell, backend, **run):
    for steps in (300, STEPS):
        yield steps, simulate(cell, **run, steps=steps, keep="last", backend=backend, scan="associative").final_state


def geometric(factor, steps, start, drive):
    """factor^T h_0 + (1 + factor + … + factor^{T-1}) d"""
    power = factor**steps
    return power * start + drive * (1 - power) / (1 - factor)


@pytest.mark.parametrize("backend", ["native", "numba"])
class TestOfLongRuns:
    def test_complex_units_that_hardly_forget(self, backend, dtype, rng):
        cell = Diagonal(np.exp(1j * rng.uniform(0.1, 3, 4) - 1e-5), bias=rng.normal(size=4)).astype(dtype)
        weight, bias = cell.parameters["weight_hh"].astype(complex), cell.parameters["bias"].real.astype(float)
        largest = np.max(2 + 2 * np.abs(bias) / np.abs(1 - weight))
        start = rng.normal(size=4).astype(dtype)
        for steps, got in final_state(cell, backend, state=np.stack([start, 0 * start], axis=1).ravel()):
            with mpmath.workdps(50):
                want = [
                    complex(geometric(mpmath.mpc(w), steps, mpmath.mpf(float(h)), mpmath.mpf(b)))
                    for w, h, b in zip(weight, start, bias)
                ]
            got = cell.split_state(got)["h"]
            np.testing.assert_allclose(got, want, rtol=0, atol=bound(cell, steps, largest, np.abs(bias).max()))

    def test_a_rotation(self, backend, dtype, rng):
        angle = 0.3
        weight = (1 - 1e-5) * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        cell = Linear(weight, bias=[1.0, -0.5]).astype(dtype)
        start = rng.normal(size=2).astype(dtype)
        with mpmath.workdps(50):
            exact = mpmath.matrix(cell.parameters["weight_hh"].astype(float).tolist())
            rest = mpmath.lu_solve(mpmath.eye(2) - exact, mpmath.matrix([1, mpmath.mpf(-0.5)]))
            distance = mpmath.matrix(start.astype(float).tolist()) - rest
        largest = float(mpmath.norm(rest)) + float(mpmath.norm(distance))
        for steps, got in final_state(cell, backend, state=start):
            with mpmath.workdps(50):
                want = [float(x) for x in exact**steps * distance + rest]
            # A rotation in float32 may grow by half an eps a step.
            np.testing.assert_allclose(got, want, rtol=0, atol=bound(cell, steps, largest, 1.2))

    def test_gates_that_hardly_close(self, backend, dtype, rng):
        bias_gate, bias = rng.uniform(5, 12, 6), rng.normal(size=6)
        cell = GatedDiagonal(np.zeros((6, 1)), np.zeros((6, 1)), bias, bias_gate).astype(dtype)
        bias_gate, bias = (cell.parameters[name].astype(float) for name in ("bias_gate", "bias"))
        start = rng.normal(size=6).astype(dtype)
        for steps, got in final_state(cell, backend, state=start):
            with mpmath.workdps(50):
                gates = [1 / (1 + mpmath.exp(-mpmath.mpf(z))) for z in bias_gate]
                want = [
                    float(geometric(g, steps, mpmath.mpf(float(h)), mpmath.mpf(d)))
                    for g, h, d in zip(gates, start, bias)
                ]
            # A gate is off by 2 ULP, eps each, and with it the sum of T states: 2 eps T c beside the roundings.
            largest = 3 + np.abs(want).max()
            np.testing.assert_allclose(got, want, rtol=0, atol=bound(cell, steps, 3 * largest, 1))
