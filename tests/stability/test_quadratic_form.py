"""Forms that prove eigenvalues inside or outside, of matrices whose eigenvalues are known exactly or by mpmath."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.stability_analysis.interval import Interval, as_interval
from rnncore.stability_analysis.quadratic_form import decaying_form, growing_form, is_hyperbolic

searched = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 2**32 - 1)
distances = st.sampled_from([0.3, 1e-2, 1e-5, 1e-9, 1e-12, 1e-14, 1e-16, 0.0])


def moduli(matrix):
    """With 60 digits, sorted."""
    if len(matrix) == 1:
        return [abs(mpmath.mpf(float(matrix[0, 0])))]
    with mpmath.workdps(60):
        return sorted(abs(value) for value in mpmath.eig(mpmath.matrix(matrix.tolist()), left=False, right=False))


def random_matrix(rng, radius):
    size = rng.integers(1, 6)
    matrix = rng.normal(size=(size, size)) * 10.0 ** rng.uniform(-2, 2, size=(size, 1))
    return matrix * (radius / np.abs(np.linalg.eigvals(matrix)).max())


@searched
@given(seed=seeds, distance=distances, sign=st.sampled_from([-1, 1]))
def test_what_forms_prove_is_true_near_the_circle(seed, distance, sign):
    matrix = random_matrix(np.random.default_rng(seed), 1 + sign * distance)
    decaying, growing = decaying_form(as_interval(matrix)), growing_form(as_interval(matrix))
    assert decaying is None or growing is None
    if decaying is not None or growing is not None:
        largest = moduli(matrix)[-1]
        assert decaying is None or largest <= decaying.rate < 1
        assert growing is None or largest > growing.rate >= 1
    if distance >= 1e-2:
        assert (growing if sign > 0 else decaying) is not None


@searched
@given(seed=seeds)
def test_growth_along_the_direction_is_as_fast_as_told(seed):
    matrix = random_matrix(np.random.default_rng(seed), 1.2)
    form = growing_form(as_interval(matrix))
    x = form.direction
    assert x @ form.matrix @ x < 0
    for _ in range(50):
        image = matrix @ x
        before, after = x @ form.matrix @ x, image @ form.matrix @ image
        assert after <= form.rate**2 * before * (1 - 1e-6)
        x = image / np.abs(image).max()


@searched
@given(seed=seeds, width=st.sampled_from([1e-12, 1e-3, 0.05]))
def test_of_an_interval_every_matrix_is_as_proved(seed, width):
    rng = np.random.default_rng(seed)
    matrix = random_matrix(rng, rng.choice([0.7, 0.95, 1.05, 1.5]))
    box = Interval(matrix - width, matrix + width)
    decaying, growing = decaying_form(box), growing_form(box)
    for _ in range(20):
        radius = np.abs(np.linalg.eigvals(matrix + width * np.rint(rng.uniform(-1, 1, size=matrix.shape)))).max()
        assert decaying is None or radius < decaying.rate * (1 + 1e-9)
        assert growing is None or radius > growing.rate * (1 - 1e-9)


@pytest.mark.parametrize("size", [2, 4, 6, 10])
def test_defective_blocks_inside_are_proved(size):
    """The larger the block, the farther from the circle it has to be."""
    assert decaying_form(as_interval(0.5 * np.eye(size) + np.eye(size, k=1))) is not None


@pytest.mark.parametrize("size", [1, 2, 5])
def test_on_the_circle_neither_is_proved(size, rng):
    orthogonal = np.eye(size)[rng.permutation(size)] * rng.choice([-1.0, 1.0], size=size)
    for matrix in (orthogonal, np.eye(size) + np.eye(size, k=1)):
        assert decaying_form(as_interval(matrix)) is None and growing_form(as_interval(matrix)) is None
        assert not is_hyperbolic(as_interval(matrix))


def test_hyperbolic_matrices_are_told_from_those_with_a_part_on_the_circle():
    assert is_hyperbolic(as_interval(np.diag([0.5, 2.0])))
    assert not is_hyperbolic(as_interval(np.diag([0.5, 1.0, 2.0])))
    assert not is_hyperbolic(Interval(np.diag([0.5, 0.9]), np.diag([0.5, 1.1])))
