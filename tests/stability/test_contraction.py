"""Weighted largest norms of nonnegative matrices: never below the spectral radius, and about as large."""

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.stability_analysis.contraction import smallest_weighted_norm
from rnncore.stability_analysis.weighted_box import weighted_bound, weighted_box

searched = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def random_nonnegative(rng, density=1.0):
    size = rng.integers(1, 9)
    matrix = np.abs(rng.normal(size=(size, size))) * 10.0 ** rng.uniform(-3, 3, size=(size, 1))
    return np.where(rng.random(matrix.shape) < density, matrix, 0.0)


@searched
@given(seed=seeds, density=st.sampled_from([1.0, 0.5, 0.2]), sparse=st.booleans())
def test_rates_are_the_spectral_radius_or_more(seed, density, sparse):
    matrix = random_nonnegative(np.random.default_rng(seed), density)
    radius = np.abs(np.linalg.eigvals(matrix)).max()
    found = smallest_weighted_norm(scipy.sparse.csr_array(matrix) if sparse else matrix)
    assert np.all(found.weights > 0)
    assert np.all(matrix @ found.weights <= found.rate * found.weights * (1 + 1e-14))
    assert found.rate >= radius * (1 - 1e-7)  # eigvals of defective blocks err by a root of rounding
    if density == 1.0:
        assert found.rate <= radius * (1 + 1e-6)


@searched
@given(seed=seeds, distance=st.sampled_from([1e-3, 1e-6, 1e-10]), density=st.sampled_from([1.0, 0.4]))
def test_below_1_is_proved_where_the_radius_is_below_1(seed, distance, density):
    matrix = random_nonnegative(np.random.default_rng(seed), density)
    radius = np.abs(np.linalg.eigvals(matrix)).max()
    if radius > 1e-3:
        assert smallest_weighted_norm(matrix * ((1 - distance) / radius)).rate < 1
        assert smallest_weighted_norm(matrix * ((1 + 1e-6) / radius)).rate > 1


@pytest.mark.parametrize("matrix", [np.ones((1, 1)), np.eye(3), np.eye(4)[[1, 2, 3, 0]], np.full((2, 2), 0.5)])
def test_a_radius_of_1_is_not_below(matrix):
    assert smallest_weighted_norm(matrix).rate >= 1


@pytest.mark.parametrize("entry", [np.inf, np.nan])
def test_of_what_is_not_finite_nothing_is_proved(entry):
    assert smallest_weighted_norm(np.array([[entry, 0.0], [0.0, 0.5]])).rate == np.inf


def test_nilpotent_matrices_have_small_rates():
    assert smallest_weighted_norm(np.eye(3, k=1)).rate < 1e-2
    assert smallest_weighted_norm(np.zeros((2, 2))).rate < 1e-300


@searched
@given(seed=seeds, distance=st.sampled_from([0.5, 1e-3, 1e-8]), scale=st.sampled_from([1.0, 1e-30, 1e30]))
def test_boxes_are_mapped_into_themselves(seed, distance, scale):
    rng = np.random.default_rng(seed)
    matrix = random_nonnegative(rng)
    matrix = matrix * ((1 - distance) / np.abs(np.linalg.eigvals(matrix)).max())
    drive = scale * np.abs(rng.normal(size=len(matrix)))
    norm = smallest_weighted_norm(matrix)
    if not norm.rate < 1:
        return
    bound = weighted_bound(matrix, norm, drive)
    assert np.all(matrix @ bound + drive <= bound * (1 + 1e-14))
    assert np.array_equal(weighted_box(matrix, norm, drive).upper, bound)
    exact = np.linalg.solve(np.eye(len(matrix)) - matrix, drive)  # to 1e-16 / distance
    assert np.all(bound >= exact * (1 - 1e-6))
    if distance == 0.5:
        assert np.all(bound <= exact * (1 + 1e-6))


def test_bounds_beyond_float64_are_none():
    norm = smallest_weighted_norm(np.array([[0.5]]))
    assert weighted_bound(np.array([[0.5]]), norm, np.array([1e308])) is None
