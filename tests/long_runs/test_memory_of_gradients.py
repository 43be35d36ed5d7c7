"""Spectra, norms and covariant vectors of matrices that are mapped from a file: memory grows by far less."""

import pytest

from ..programs import output_of
from .test_memory import GROWTH, MEGABYTES

MATRICES = """
matrices = np.memmap(f"{folder}/matrices", np.float64, "w+", shape=(size // 80000, 100, 100))
matrices[:] = np.eye(100) / 2
"""
SPECTRUM = "run = lambda part: rnncore.lyapunov_spectrum(rnncore.MatrixSequence(part), k=1, backend=backend)"
NORMS = """
run = lambda part: rnncore.gradient_norms(rnncore.MatrixSequence(part), cotangent=np.ones(100), backend=backend)
"""
SINGULAR = "run = lambda part: rnncore.singular_spectrum(rnncore.MatrixSequence(part), backend=backend)"
COVARIANT = """
options = {"k": 2, "every": 32, "backend": backend}
run = lambda part: rnncore.covariant_lyapunov_vectors(rnncore.MatrixSequence(part), **options)
"""


@pytest.mark.parametrize(
    "case", [SPECTRUM, NORMS, SINGULAR, COVARIANT], ids=["spectrum", "norms", "singular", "covariant"]
)
def test_a_walk_over_mapped_matrices_grows_little(case, backend, tmp_path):
    program = GROWTH + MATRICES + case + "\nrun(matrices[:64])\nprint(growth(lambda: run(matrices)))"
    assert float(output_of(program, tmp_path, backend, MEGABYTES)) < 100
