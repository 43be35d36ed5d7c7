"""Products over up to 10⁸ steps keep their exponent, and over matrices larger than memory little memory."""

import mpmath
import numpy as np
import pytest

from rnncore import Linear, jacobian_product, singular_spectrum

from ..programs import output_of
from .test_memory import GROWTH, MEGABYTES

STEPS = {"native": 10**8, "numba": 10**7, "reference": 10**4}  # some seconds each


@pytest.mark.parametrize("factor", [0.7, -1e300])
def test_a_scalar_keeps_its_exponent(factor, backend):
    steps = STEPS[backend]
    product = jacobian_product(Linear([[factor]]), steps=steps, backend=backend)
    with mpmath.workprec(120):
        exact = mpmath.mpf(factor) ** steps
        got = mpmath.ldexp(float(product.mantissa[0, 0]), int(product.exponent[0]))
        # Half an ulp a step, at worst all of them the same way.
        assert abs(got / exact - 1) < steps * np.finfo(np.float64).eps


@pytest.mark.parametrize("largest", [0.9, 1.5])
def test_eight_units_keep_their_exponent(largest, backend):
    steps = STEPS[backend]
    orthogonal = np.linalg.qr(np.random.default_rng(0).normal(size=(8, 8)))[0]
    weight = orthogonal @ np.diag(largest * np.linspace(1, 0.2, 8)) @ orthogonal.T
    weight = (weight + weight.T) / 2
    product = jacobian_product(Linear(weight), steps=steps, block=np.ones(8), backend=backend)
    with mpmath.workdps(30):
        values, vectors = mpmath.eigsy(mpmath.matrix(weight.tolist()))
        vector = np.array([float(x) for x in vectors[:, 7]])
        exact = float(steps * mpmath.log(values[7], 2) + mpmath.log(abs(mpmath.fsum(vectors[:, 7])), 2))
    # Eight products and sums a step round in the norm, at worst all of them the same way.
    assert product.log2_norm("fro") == pytest.approx(exact, rel=1e-15, abs=8 * steps * np.finfo(np.float64).eps)
    mantissa = product.mantissa[:, 0] / np.linalg.norm(product.mantissa)
    np.testing.assert_allclose(np.abs(mantissa @ vector), 1, rtol=0, atol=1e-14)


def test_a_million_steps_keep_every_singular_value(backend):
    steps = STEPS[backend] // 100
    values = np.linspace(1.3, 0.3, 8)
    orthogonal = np.linalg.qr(np.random.default_rng(0).normal(size=(8, 8)))[0]
    logs = singular_spectrum(Linear(orthogonal @ np.diag(values) @ orthogonal.T), steps=steps, backend=backend)
    np.testing.assert_allclose(logs, steps * np.log(values), rtol=0, atol=1e-15 * 64 * steps)


MATRICES = """
matrices = np.memmap(f"{folder}/matrices", np.float64, "w+", shape=(size // 80000, 100, 100))
run = lambda part: rnncore.CALL(rnncore.MatrixSequence(part), backend=backend)
run(matrices[:64])
print(growth(lambda: run(matrices)))
"""


def test_a_product_of_mapped_matrices_grows_little(backend, tmp_path):
    program = GROWTH + MATRICES.replace("CALL(", "jacobian_product(block=np.ones(100), cell=")
    assert float(output_of(program, tmp_path, backend, MEGABYTES)) < 100
