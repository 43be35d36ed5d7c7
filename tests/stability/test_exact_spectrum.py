"""Counts by rational arithmetic against matrices whose eigenvalues are known by construction."""

import numpy as np
import pytest

from rnncore.stability_analysis.exact_spectrum import exact_spectrum

ROTATION = np.array([[0.0, -1.0], [1.0, 0.0]])
HEXAGON = np.array([[0.0, -1.0], [1.0, 1.0]])  # primitive sixth roots of unity
DOUBLE = np.kron(np.array([[1.0, 1.0], [0.0, 1.0]]), ROTATION) + np.diag([1.0, 1.0], 2)  # ±i, defective


def block(*parts):
    size = sum(map(len, parts))
    matrix, start = np.zeros((size, size)), 0
    for part in parts:
        matrix[start : start + len(part), start : start + len(part)] = part
        start += len(part)
    return matrix


CASES = {
    "zero": (np.zeros((3, 3)), (3, 0, 0), True),
    "identity": (np.eye(4), (0, 4, 0), True),
    "minus one": (-np.eye(1), (0, 1, 0), True),
    "jordan at one": (np.array([[1.0, 1.0], [0.0, 1.0]]), (0, 2, 0), False),
    "jordan below one": (np.diag([0.5, 0.5]) + np.diag([1.0], 1), (2, 0, 0), True),
    "rotation": (ROTATION, (0, 2, 0), True),
    "hexagon": (HEXAGON, (0, 2, 0), True),
    "rotations twice": (block(ROTATION, ROTATION), (0, 4, 0), True),
    "defective rotation": (DOUBLE, (0, 4, 0), False),
    "permutation": (np.roll(np.eye(6), 1, axis=0), (0, 6, 0), True),
    "reciprocal pair": (np.diag([2.0, 0.5]), (1, 0, 1), None),
    "golden": (np.array([[2.0, 1.0], [1.0, 1.0]]), (1, 0, 1), None),
    "all kinds": (block(ROTATION, np.diag([0.5, 0.25, 4.0])), (2, 2, 1), None),
    "one ulp outside": (np.array([[np.nextafter(1.0, 2.0)]]), (0, 0, 1), None),
    "one ulp inside": (np.array([[np.nextafter(1.0, 0.0)]]), (1, 0, 0), True),
    "3-4-5 of rounded decimals": (np.array([[0.6, -0.8], [0.8, 0.6]]), (0, 0, 2), None),
    "3-4-5 of quarters": (np.array([[0.75, -1.0], [1.0, 0.75]]) * 0.8, None, None),
}


@pytest.mark.parametrize("name", CASES)
def test_known_matrices(name):
    matrix, counts, semisimple = CASES[name]
    found = exact_spectrum(matrix)
    if counts is None:  # not known beforehand: its square is what counts, in rationals
        from fractions import Fraction

        square = Fraction(matrix[0, 0]) ** 2 + Fraction(matrix[1, 0]) ** 2
        counts = (2 * (square < 1), 2 * (square == 1), 2 * (square > 1))
        assert (found.inside, found.on, found.outside) == counts
        return
    assert (found.inside, found.on, found.outside) == counts
    assert found.semisimple == semisimple


@pytest.mark.parametrize("name", CASES)
def test_unimodular_changes_of_coordinates_change_nothing(name):
    matrix = CASES[name][0]
    size, rng = len(matrix), np.random.default_rng(0)
    lower = np.eye(size) + np.tril(rng.integers(-1, 2, size=(size, size)), -1)
    inverse = np.round(np.linalg.inv(lower))
    assert np.array_equal(lower @ inverse, np.eye(size))
    exact = exact_spectrum(matrix)
    moved = lower @ matrix @ inverse
    if not np.array_equal(inverse @ moved @ lower, matrix):  # was rounded on the way: another matrix
        return
    found = exact_spectrum(moved)
    assert (found.inside, found.on, found.outside, found.semisimple) == (
        exact.inside,
        exact.on,
        exact.outside,
        exact.semisimple,
    )


def test_random_matrices_agree_with_lapack_away_from_the_circle():
    rng = np.random.default_rng(2)
    for _ in range(150):
        size = int(rng.integers(1, 8))
        matrix = np.round(rng.normal(size=(size, size)), int(rng.integers(0, 3))) * rng.choice([0.25, 0.5, 1.0])
        moduli = np.abs(np.linalg.eigvals(matrix))
        if np.abs(moduli - 1).min() < 1e-4:  # multiple eigenvalues are found to the root of rounding
            continue
        found = exact_spectrum(matrix)
        assert (found.inside, found.on, found.outside) == ((moduli < 1).sum(), 0, (moduli > 1).sum())


def test_what_is_excited():
    matrix = block(np.eye(1), np.array([[0.5]]))
    found = exact_spectrum(matrix)
    assert found.excites(np.array([[1.0], [0.0]])) and not found.excites(np.array([[0.0], [1.0]]))


def test_matrices_that_are_too_large_are_left_alone():
    assert exact_spectrum(np.eye(40)) is None
    assert exact_spectrum(np.array([[1e-200, 1.0], [1.0, 1e200]])) is None
