"""No proof of a matrix that is singular or indefinite, be it by one unit in the last place."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.stability_analysis.interval import Interval, as_interval
from rnncore.stability_analysis.positive_definite import is_positive_definite, symmetric

searched = settings(max_examples=150, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def is_definite(matrix):
    """By elimination in rational numbers."""
    rows = [[Fraction(entry) for entry in row] for row in matrix.tolist()]
    for k in range(len(rows)):
        if rows[k][k] <= 0:
            return False
        for i in range(k + 1, len(rows)):
            factor = rows[i][k] / rows[k][k]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k], strict=True)]
    return True


@searched
@given(
    seed=seeds, scale=st.sampled_from([1.0, 1e-300, 1e-308, 1e-316, 1e300]), near=st.sampled_from([0, 1, 4, 60, 1e6])
)
def test_what_is_proved_is_true(seed, scale, near):
    """Gram matrices of integers of low rank, scaled, moved off being singular by some units in the last place."""
    rng = np.random.default_rng(seed)
    size = rng.integers(1, 8)
    factor = rng.integers(-3, 4, size=(size, rng.integers(1, size + 1)))
    matrix = (factor @ factor.T) * scale
    moves = rng.choice([-1, 1]) * near * 2.0**-53 * max(np.abs(matrix).max(), 1e-300 * scale)
    matrix = matrix + moves * np.eye(size)
    if is_positive_definite(as_interval(matrix)):
        assert is_definite(matrix)


@pytest.mark.parametrize("scale", [1.0, 2.0**-1000, 2.0**900])
@pytest.mark.parametrize("size", [1, 2, 5, 20])
def test_singular_matrices_are_not_proved(size, scale):
    ones = np.ones((size, size)) if size > 1 else np.zeros((1, 1))
    assert not is_positive_definite(as_interval(scale * ones))
    laplacian = 2 * np.eye(size) - np.eye(size, k=1) - np.eye(size, k=-1)
    if size > 1:
        laplacian[0, 0] = laplacian[-1, -1] = 1.0  # of a path: its rows add up to zero
        assert not is_positive_definite(as_interval(scale * laplacian))


@pytest.mark.parametrize("size", [1, 2, 10, 50])
def test_well_conditioned_matrices_are_proved(size, rng):
    factor = rng.normal(size=(size, size))
    matrix = factor @ factor.T + np.eye(size)
    assert is_positive_definite(as_interval(0.5 * (matrix + matrix.T)))


@searched
@given(seed=seeds)
def test_an_interval_is_proved_only_if_all_in_it_are(seed):
    """Of radius δ in every entry its worst is δ lower along s sᵀ, s the signs of an eigenvector."""
    rng = np.random.default_rng(seed)
    size = rng.integers(1, 7)
    factor = rng.normal(size=(size, size))
    middle = factor @ factor.T
    middle = 0.5 * (middle + middle.T)
    least, vectors = np.linalg.eigh(middle)
    radius = least[0] * 10.0 ** rng.uniform(-1.5, 0.5)
    box = Interval(middle - radius, middle + radius)
    signs = np.sign(vectors[:, 0])
    worst = np.clip(middle - radius * np.outer(signs, signs), box.lower, box.upper)
    if is_positive_definite(box):
        assert is_definite(worst) and is_definite(middle)


def test_infinite_and_unknown_matrices_are_not_proved():
    for entry in (np.inf, np.nan, -np.inf):
        assert not is_positive_definite(as_interval(np.diag([1.0, entry])))
    with np.errstate(all="ignore"):
        assert not is_positive_definite(Interval(np.eye(2), np.full((2, 2), np.inf)))


def test_a_symmetric_matrix_lies_in_both_triangles():
    box = symmetric(Interval(np.array([[1.0, 0.0], [0.2, 1.0]]), np.array([[1.0, 0.5], [0.7, 1.0]])))
    assert box.lower[0, 1] == box.lower[1, 0] == 0.2 and box.upper[0, 1] == box.upper[1, 0] == 0.5
