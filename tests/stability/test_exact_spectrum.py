"""Counts of eigenvalues inside, on and outside the unit circle, of matrices that are built of known blocks."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import block_diag

from rnncore.stability_analysis.exact_spectrum import LARGEST, count_roots, exact_spectrum

CYCLOTOMIC = ([-1, 1], [1, 1], [1, 1, 1], [1, 0, 1], [1, -1, 1], [1, 1, 1, 1, 1], [1, 0, 0, 0, 1])
# from the constant term up, with the number of roots inside and outside
OTHERS = (
    ([-0.5, 1.0], 1, 0),
    ([-2.0, 1.0], 0, 1),
    ([-1.0, -1.0, 1.0], 1, 1),  # golden section, and minus its inverse
    ([1.0, -2.5, 1.0], 1, 1),  # 2 and 1/2
    ([1.0, 3.0, 1.0], 1, 1),
    ([0.25, 0.0, 1.0], 2, 0),
    ([4.0, 2.0, 1.0], 0, 2),
    ([0.0, 1.0], 1, 0),
)


def companion(polynomial):
    polynomial = np.asarray(polynomial, float)
    degree = len(polynomial) - 1
    matrix = np.eye(degree, k=-1)
    matrix[:, -1] -= polynomial[:-1] / polynomial[-1]
    return matrix


def unimodular(rng, size, steps=4):
    """An integer matrix with integer inverse."""
    matrix, inverse = np.eye(size), np.eye(size)
    for _ in range(steps if size > 1 else 0):
        i, j = rng.choice(size, 2, replace=False)
        factor = rng.choice([-1.0, 1.0])
        step, back = np.eye(size), np.eye(size)
        step[i, j], back[i, j] = factor, -factor
        matrix, inverse = step @ matrix, inverse @ back
    assert np.array_equal(matrix @ inverse, np.eye(size))
    return matrix, inverse


def counts(spectrum):
    return spectrum.inside, spectrum.on, spectrum.outside


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    on=st.lists(st.sampled_from(CYCLOTOMIC), max_size=2),
    others=st.lists(st.sampled_from(OTHERS), max_size=2),
)
def test_blocks_in_unimodular_coordinates_are_counted(seed, on, others):
    blocks = [companion(p) for p in on] + [companion(p) for p, _, _ in others]
    if not blocks:
        return
    rng = np.random.default_rng(seed)
    matrix = block_diag(*blocks)
    change, inverse = unimodular(rng, len(matrix))
    spectrum = exact_spectrum(change @ matrix @ inverse)  # small dyadic numbers: exact
    expected = sum(o[1] for o in others), sum(len(p) - 1 for p in on), sum(o[2] for o in others)
    assert counts(spectrum) == expected
    assert spectrum.semisimple is (None if expected[2] else True)


@pytest.mark.parametrize("polynomial", CYCLOTOMIC)
@pytest.mark.parametrize("above", [0.0, 1.0])
def test_coupled_blocks_on_the_circle_are_defective(polynomial, above, rng):
    block = companion(polynomial)
    size = len(block)
    matrix = np.block([[block, above * np.eye(size)], [np.zeros((size, size)), block]])
    change, inverse = unimodular(rng, 2 * size)
    spectrum = exact_spectrum(change @ matrix @ inverse)
    assert counts(spectrum) == (0, 2 * size, 0)
    assert spectrum.semisimple is (above == 0)
    unit = spectrum.growing_unit()
    if above == 0:
        assert unit is None
    else:
        state, matrix = np.eye(2 * size)[unit], change @ matrix @ inverse
        early, late = (np.abs(np.linalg.matrix_power(matrix, n) @ state).max() for n in (120, 1200))
        assert late > 5 * early


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 12])
@pytest.mark.parametrize("eigenvalue, place", [(1.0, 1), (-1.0, 1), (0.5, 0), (1.5, 2), (0.0, 0)])
def test_jordan_blocks(size, eigenvalue, place):
    spectrum = exact_spectrum(eigenvalue * np.eye(size) + np.eye(size, k=1))
    assert counts(spectrum)[place] == size == sum(counts(spectrum))
    if place == 1:
        assert spectrum.semisimple is (size == 1)


@pytest.mark.parametrize("size", [1, 2, 7, 12])
def test_permutations_lie_on_the_circle(size, rng):
    matrix = np.eye(size)[rng.permutation(size)] * rng.choice([-1.0, 1.0], size=size)
    spectrum = exact_spectrum(matrix)
    assert counts(spectrum) == (0, size, 0) and spectrum.semisimple


@pytest.mark.parametrize("direction, place", [(1, 2), (0, 1), (-1, 0)])
@pytest.mark.parametrize("sign", [-1, 1])
def test_one_unit_in_the_last_place_decides(direction, place, sign):
    eigenvalue = np.nextafter(1.0, 1.0 + direction) if direction else 1.0
    matrix = np.array([[0.5, 0.0, 0.0], [1.0, sign * eigenvalue, 0.0], [0.0, 1.0, 0.25]])
    expected = [2, 0, 0]
    expected[place] += 1
    assert counts(exact_spectrum(matrix)) == tuple(expected)


def test_pairs_that_mirror_each_other_are_no_roots_on_the_circle():
    """(z² - 5/2 z + 1)^k (z - 1)^m"""
    for k in range(4):
        for m in range(4):
            polynomial = np.array([1.0])
            for _ in range(k):
                polynomial = np.convolve(polynomial, [1.0, -2.5, 1.0])
            for _ in range(m):
                polynomial = np.convolve(polynomial, [-1.0, 1.0])
            assert count_roots([Fraction(c) for c in polynomial]) == (k, m, k)


def test_random_polynomials_have_the_roots_that_numpy_finds(rng):
    """Whose roots keep a distance of 1e-3 from the circle, so that rounding moves none across."""
    counted = 0
    for _ in range(300):
        polynomial = rng.integers(-5, 6, size=rng.integers(2, 9)).astype(float)
        if polynomial[-1] == 0:
            continue
        moduli = np.abs(np.roots(polynomial[::-1]))
        if np.any(np.abs(moduli - 1) < 1e-3):
            continue
        counted += 1
        assert count_roots([Fraction(c) for c in polynomial]) == (np.sum(moduli < 1), 0, np.sum(moduli > 1))
    assert counted > 100


def test_excitation_is_seen_through_coordinates(rng):
    matrix, drive = block_diag(companion([1.0, 0.0, 1.0]), [[0.5]]), np.array([[0.0], [0.0], [1.0]])
    change, inverse = unimodular(rng, 3)
    spectrum = exact_spectrum(change @ matrix @ inverse)
    assert not spectrum.excites(change @ drive)
    assert spectrum.excites(change @ np.array([[0.0], [2.0**-40], [1.0]]))


def test_large_or_wide_matrices_are_left_alone():
    assert exact_spectrum(np.eye(LARGEST + 1)) is None
    assert exact_spectrum(np.diag([1e200, 1e-200])) is None
    assert counts(exact_spectrum(np.zeros((3, 3)))) == (3, 0, 0)
