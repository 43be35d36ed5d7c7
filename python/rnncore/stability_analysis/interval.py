"""Interval arithmetic with outward rounding: what lies in the operands' intervals gives what lies in the result's.

Every result of NumPy's arithmetic in double precision, which rounds to nearest, is moved to the next number outward.
Sums of many products are bounded as a whole: whatever the order of its additions, a computed sum of n products differs
from the true one by at most γ_n times the sum of their absolute values, γ_n = n u / (1 - n u), u = 2⁻⁵³, where nothing
underflows, and by n times the smallest subnormal where something does (Higham 2002, Accuracy and Stability of
Numerical Algorithms, section 3.1; Rump 2010, Verification methods, section 2).
"""

from dataclasses import dataclass

import numpy as np

from ..cells.base import is_sparse

UNIT = 2.0**-53
SMALLEST = 2.0**-1074


@dataclass(frozen=True, eq=False)
class Interval:
    """Arrays ``lower`` <= ``upper`` of float64, the bounds included."""

    lower: np.ndarray
    upper: np.ndarray

    __array_ufunc__ = None  # array + Interval asks Interval

    @classmethod
    def exact(cls, array):
        """Of numbers that float64 holds exactly."""
        array = np.asarray(array, dtype=np.float64)
        return cls(array, array)

    @classmethod
    def symmetric(cls, radius):
        radius = np.asarray(radius, dtype=np.float64)
        return cls(-radius, radius)

    @classmethod
    def hull(cls, first, second):
        """The smallest that holds both."""
        first, second = as_interval(first), as_interval(second)
        return cls(np.minimum(first.lower, second.lower), np.maximum(first.upper, second.upper))

    @classmethod
    def concatenate(cls, parts):
        return cls(np.concatenate([part.lower for part in parts]), np.concatenate([part.upper for part in parts]))

    @classmethod
    def block(cls, rows):
        """As ``numpy.block``, of a list of rows of intervals."""
        return cls(
            np.block([[part.lower for part in row] for row in rows]),
            np.block([[part.upper for part in row] for row in rows]),
        )

    @property
    def shape(self):
        return self.lower.shape

    def __len__(self):
        return len(self.lower)

    @property
    def magnitude(self):
        """The largest absolute value in each."""
        return np.maximum(np.abs(self.lower), np.abs(self.upper))

    @property
    def middle(self):
        """Some number in each, about in its middle."""
        return np.clip(0.5 * self.lower + 0.5 * self.upper, self.lower, self.upper)

    @property
    def radius(self):
        """An upper bound of the distance of any number in each from its ``middle``."""
        middle = self.middle
        return _up(np.maximum(self.upper - middle, middle - self.lower))

    @property
    def is_finite(self):
        return bool(np.isfinite(self.lower).all() and np.isfinite(self.upper).all())

    def contains(self, other):
        other = as_interval(other)
        return bool(np.all(self.lower <= other.lower) and np.all(other.upper <= self.upper))

    def contains_inside(self, other):
        """Whether ``other`` lies in the interior."""
        return bool(np.all(self.lower < other.lower) and np.all(other.upper < self.upper))

    def meet(self, other):
        """What both hold, of two that are known to have something in common."""
        return Interval(np.maximum(self.lower, other.lower), np.minimum(self.upper, other.upper))

    def __getitem__(self, place):
        return Interval(self.lower[place], self.upper[place])

    def reshape(self, *shape):
        return Interval(self.lower.reshape(*shape), self.upper.reshape(*shape))

    def __neg__(self):
        return Interval(-self.upper, -self.lower)

    def __add__(self, other):
        other = as_interval(other)
        return Interval(_down(self.lower + other.lower), _up(self.upper + other.upper))

    __radd__ = __add__

    def __sub__(self, other):
        return self + (-as_interval(other))

    def __rsub__(self, other):
        return as_interval(other) + (-self)

    def __mul__(self, other):
        other = as_interval(other)
        with np.errstate(invalid="ignore", over="ignore", under="ignore"):
            products = [a * b for a in (self.lower, self.upper) for b in (other.lower, other.upper)]
        products = [np.where(np.isnan(product), 0.0, product) for product in products]  # 0 · ∞, of a bound that is open
        return Interval(_down(np.minimum.reduce(products)), _up(np.maximum.reduce(products)))

    __rmul__ = __mul__


def as_interval(value):
    return value if isinstance(value, Interval) else Interval.exact(value)


def product(weight, box):
    """``weight @ box`` for a matrix (n, m), dense or sparse, of exact numbers, and a box (m,) or (m, k)."""
    middle, radius = box.middle, box.radius
    absolute = abs(weight)
    count = weight.shape[1] + 2
    centre = weight @ middle
    spread = sum_bound(absolute @ (radius + gamma(count) * np.abs(middle) + SMALLEST), count)
    return _around(centre, _up(spread + 2 * count * SMALLEST))


def matrix_product(first, second):
    """The product of two interval matrices, by their middles and radii (Rump 1999)."""
    a, b = first.middle, second.middle
    radius_a, radius_b = first.radius, second.radius
    count = a.shape[1] + 2
    absolute_a, absolute_b = np.abs(a), np.abs(b)
    spread = absolute_a @ (radius_b + gamma(count) * absolute_b + SMALLEST) + radius_a @ (absolute_b + radius_b)
    spread = _up(sum_bound(spread, 2 * count) + 2 * count * SMALLEST)
    return _around(a @ b, spread)


def nonnegative_product(matrix, vector):
    """An upper bound of ``matrix @ vector`` where nothing is negative."""
    count = matrix.shape[-1] + 1
    return sum_bound(matrix @ vector + count * SMALLEST, count)


def sum_bound(computed, count):
    """An upper bound of sums of ``count`` nonnegative terms, made of a few operations each, as they were computed."""
    return _up(np.asarray(computed) * (1 + 2 * gamma(count + 4)))


def gamma(count):
    return count * UNIT / (1 - count * UNIT)


def scaled_rows(factors, weight):
    """diag(factors) @ weight for an interval (n,) and exact weights (n, m), dense."""
    return Interval(factors.lower[:, None], factors.upper[:, None]) * (
        weight.toarray() if is_sparse(weight) else weight
    )


def diagonal(entries):
    """The diagonal matrix of an interval (n,)."""
    return Interval(np.diag(entries.lower), np.diag(entries.upper))


def _around(centre, spread):
    """All numbers where a sum overflowed, of which nothing is known then."""
    known = np.isfinite(centre) & np.isfinite(spread)
    lower, upper = _down(centre - spread), _up(centre + spread)
    return Interval(np.where(known, lower, -np.inf), np.where(known, upper, np.inf))


def _up(value):
    return np.nextafter(value, np.inf)


def _down(value):
    return np.nextafter(value, -np.inf)
