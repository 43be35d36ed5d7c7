"""Where a small matrix of floating-point numbers has its eigenvalues, by rational arithmetic: inside, on or outside the
unit circle, without any rounding.

The characteristic polynomial p is exact (Faddeev and LeVerrier). Roots on the circle and pairs ζ, 1 / ζ̄ are those of
g = gcd(p, p*), p* the reciprocal polynomial; of p / g the Schur-Cohn form counts roots inside and outside by its
inertia; and a self-inversive polynomial such as g has as many roots outside as its derivative (Cohn 1922; Marden 1966,
Geometry of Polynomials, sections 42 and 45). On the circle, an eigenvalue is semisimple where the kernel of the radical
of g at A has the dimension deg g.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

LARGEST = 12
_LARGEST_RANGE = 400  # bits between the largest and the smallest entry, beyond which rational numbers become too long


@dataclass(frozen=True, eq=False)
class ExactSpectrum:
    """Counts of eigenvalues, with multiplicity.

    Attributes
    ----------
    inside, on, outside : int
    semisimple : bool or None
        Whether those on the circle are; None where some lie outside.
    """

    inside: int
    on: int
    outside: int
    semisimple: bool | None
    matrix: list
    rest: list
    radical: list

    def excites(self, columns):
        """Whether some column (n, k) has a part in the subspace of the eigenvalues on the circle."""
        part = _multiply(_evaluate(self.rest, self.matrix), _rational(columns))
        return any(entry for row in part for entry in row)

    def growing_unit(self):
        """A unit whose vector grows although no eigenvalue lies outside, or None where there is none."""
        part = _multiply(_evaluate(self.radical, self.matrix), _evaluate(self.rest, self.matrix))
        columns = [j for j in range(len(part)) if any(row[j] for row in part)]
        return columns[0] if columns else None


def exact_spectrum(matrix):
    """Of a real array (n, n); None where that is too large."""
    if len(matrix) > LARGEST or _bits(matrix) > _LARGEST_RANGE:
        return None
    rational = _rational(matrix)
    polynomial = _characteristic(rational)
    inside, on, outside = count_roots(polynomial)
    if outside:
        return ExactSpectrum(inside, on, outside, None, rational, [], [])
    common = _gcd(polynomial, polynomial[::-1])
    rest = _divide(polynomial, common)[0]
    radical = _divide(common, _gcd(common, _derivative(common)))[0]
    semisimple = len(rational) - _rank(_evaluate(radical, rational)) == len(common) - 1
    return ExactSpectrum(inside, on, outside, semisimple, rational, rest, radical)


def count_roots(polynomial):
    """``(inside, on, outside)`` the unit circle, of a list of Fractions from the constant term to the leading one."""
    polynomial = _trimmed(polynomial)
    zeros = next(k for k, coefficient in enumerate(polynomial) if coefficient)
    polynomial = polynomial[zeros:]
    if len(polynomial) == 1:
        return zeros, 0, 0
    common = _gcd(polynomial, polynomial[::-1])
    coprime = _divide(polynomial, common)[0]
    inside, outside = _inertia(_schur_cohn(coprime))
    paired = 0 if len(common) == 1 else count_roots(_derivative(common))[2]
    return zeros + inside + paired, len(common) - 1 - 2 * paired, outside + paired


def _schur_cohn(polynomial):
    """As many positive eigenvalues as roots inside, as many negative ones as roots outside."""
    degree = len(polynomial) - 1
    leading, trailing = polynomial[:0:-1], polynomial[:-1]
    return [
        [
            sum(
                (leading[i - k] * leading[j - k] - trailing[i - k] * trailing[j - k] for k in range(min(i, j) + 1)),
                Fraction(0),
            )
            for j in range(degree)
        ]
        for i in range(degree)
    ]


def _inertia(form):
    """``(positive, negative)`` of a symmetric matrix that is not singular, by eliminating rows with their columns."""
    form, positive, negative = [row[:] for row in form], 0, 0
    while form:
        size = len(form)
        pivot = next((k for k in range(size) if form[k][k]), None)
        if pivot is None:  # add to one row and column another that makes its diagonal entry 2 a_ij
            i, j = next((i, j) for i in range(size) for j in range(i) if form[i][j])
            form[i] = [a + b for a, b in zip(form[i], form[j])]
            for row in form:
                row[i] += row[j]
            pivot = i
        value, row = form[pivot][pivot], form[pivot]
        positive, negative = positive + (value > 0), negative + (value < 0)
        others = [k for k in range(size) if k != pivot]
        form = [[form[i][j] - row[i] * row[j] / value for j in others] for i in others]
    return positive, negative


def _characteristic(matrix):
    """det(z - A), from the constant term up."""
    size = len(matrix)
    coefficients, power = [Fraction(1)], _scaled_identity(size, Fraction(0))
    for k in range(1, size + 1):
        power = _multiply(matrix, power)
        for i in range(size):
            power[i] = [entry + coefficients[-1] * (i == j) for j, entry in enumerate(power[i])]
        trace = sum(sum(matrix[i][j] * power[j][i] for j in range(size)) for i in range(size))
        coefficients.append(-trace / k)
    return coefficients[::-1]


def _evaluate(polynomial, matrix):
    """p(A), by Horner's rule."""
    result = _scaled_identity(len(matrix), Fraction(0))
    for coefficient in reversed(polynomial):
        result = _multiply(result, matrix)
        for i, row in enumerate(result):
            row[i] += coefficient
    return result


def _rank(matrix):
    rows, rank = [row[:] for row in matrix], 0
    for column in range(len(matrix)):
        pivot = next((i for i in range(rank, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        for i in range(rank + 1, len(rows)):
            factor = rows[i][column] / rows[rank][column]
            if factor:
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[rank])]
        rank += 1
    return rank


def _gcd(first, second):
    first, second = _trimmed(first), _trimmed(second)
    while second != [0]:
        first, second = second, _monic(_divide(first, second)[1])
    return _monic(first)


def _divide(first, second):
    """``(quotient, remainder)``."""
    remainder, quotient = first[:], [Fraction(0)] * max(len(first) - len(second) + 1, 1)
    for shift in range(len(first) - len(second), -1, -1):
        factor = remainder[shift + len(second) - 1] / second[-1]
        quotient[shift] = factor
        for k, coefficient in enumerate(second):
            remainder[shift + k] -= factor * coefficient
    return quotient, _trimmed(remainder)


def _derivative(polynomial):
    return [k * coefficient for k, coefficient in enumerate(polynomial)][1:] or [Fraction(0)]


def _monic(polynomial):
    return polynomial if polynomial == [0] else [coefficient / polynomial[-1] for coefficient in polynomial]


def _trimmed(polynomial):
    polynomial = list(polynomial)
    while len(polynomial) > 1 and not polynomial[-1]:
        polynomial.pop()
    return polynomial


def _scaled_identity(size, factor):
    return [[factor * (i == j) for j in range(size)] for i in range(size)]


def _multiply(first, second):
    columns = list(zip(*second))
    return [[sum((a * b for a, b in zip(row, column) if a and b), Fraction(0)) for column in columns] for row in first]


def _rational(matrix):
    return [[Fraction(entry) for entry in row] for row in np.asarray(matrix, dtype=np.float64).tolist()]


def _bits(matrix):
    exponents = np.frexp(matrix[matrix != 0])[1]
    return int(exponents.max(initial=0)) - int(exponents.min(initial=0))
