"""How large a stable linear recursion becomes: the sum of the absolute impulse response, rounded outward.

h_t = Σ_k A^k (B x_{t-k} + d). With ``|x|`` <= r around a centre that is put into d, unit i stays within
Σ_k (``|A^k B|`` r)_i of Σ_{j<t} A^j d, and an input of the right signs comes as near to it as one likes (the l1 norm:
Desoer and Vidyasagar 1975). The first terms are summed up, their rounding errors bounded in the norm of a quadratic
form in which A contracts, and what follows is bounded in that norm too.
"""

import numpy as np

from .boxes import quotient_above
from .interval import SMALLEST, Interval, as_interval, gamma, matrix_product, nonnegative_product, product, sum_bound
from .positive_definite import is_positive_definite
from .unit_circle import distance_to_circle

_RELATIVE_TAIL = 1e-6
_MOST_STEPS = 20_000
_MOST_WORK = 1e9  # multiplications


def response_box(transition, form, drive, radius, offset):
    """A box (n,) of all states that are reached from zero.

    Parameters
    ----------
    transition : array (n, n)
    form : QuadraticForm
        In which ``transition`` contracts.
    drive : array (n, m)
    radius : array (m,)
    offset : Interval (n,)
        d.
    """
    size = len(transition)
    least = _least_eigenvalue(form.matrix)
    if not (least > 0 and form.rate < 1):
        return None
    most = sum_bound(np.abs(form.matrix).sum(axis=1).max(), size)
    absolute = np.abs(transition)
    middle = offset.middle
    # columns: B r, then d; what they were rounded by is the first error
    columns = np.concatenate([drive * radius, middle[:, None]], axis=1)
    error = _columns_norm(
        np.concatenate([2.0**-52 * np.abs(drive * radius) + SMALLEST, offset.radius[:, None]], axis=1)
    )
    errors = np.sqrt(most) * error
    sums, highest, lower, upper, total = (np.zeros(size) for _ in range(5))
    steps = int(min(_MOST_STEPS, max(_MOST_WORK // (2 * size * size * columns.shape[1]), 16)))
    for done in range(steps):
        total = total + sum_bound(np.abs(columns[:, :-1]).sum(axis=1), columns.shape[1])
        sums = sums + columns[:, -1]
        highest = np.maximum(highest, np.abs(sums))
        slack = 2.0**-50 * (done + 2) * highest  # of the running sum, which may have cancelled
        lower, upper = np.minimum(lower, sums - slack - total), np.maximum(upper, sums + slack + total)
        following = transition @ columns
        errors = errors + np.sqrt(most) * _columns_norm(
            gamma(size + 2) * (absolute @ np.abs(columns)) * (1 + 2 * gamma(size + 4)) + size * SMALLEST
        )
        columns = following
        if done % 16 == 15 or done == steps - 1:
            tail = (_form_norms(form.matrix, columns) + errors) / (1 - form.rate) / np.sqrt(least) * (1 + 1e-10)
            if tail <= _RELATIVE_TAIL * max(upper.max(), -lower.min()) or not np.isfinite(tail):
                break
    box = Interval(np.nextafter(lower - tail, -np.inf), np.nextafter(upper + tail, np.inf))
    accumulated = 1 + 2.0**-51 * (steps + 2)
    box = Interval(box.lower * accumulated, box.upper * accumulated)
    return box if box.is_finite else None


def diagonal_box(transition, drive, inputs, offset):
    """The same of units that go each by itself, ``|λ|`` < 1; of complex ones real and imaginary parts in turn."""
    kept = distance_to_circle(transition)
    radius = nonnegative_product(np.abs(drive) * (1 + 2.0**-50), inputs.radius)
    middle = inputs.middle
    if transition.dtype.kind == "c":
        parts = [product(part(drive), as_interval(middle)) + part(offset) for part in (np.real, np.imag)]
        constant = np.hypot(*(part.magnitude for part in parts)) * (1 + 2.0**-50)
        return Interval.symmetric(np.repeat(quotient_above(np.nextafter(radius + constant, np.inf), kept), 2))
    constant = product(drive, as_interval(middle)) + offset
    positive = transition >= 0
    swing = constant.magnitude
    up = np.where(positive, np.maximum(constant.upper, 0), swing) + radius
    down = np.where(positive, np.maximum(-constant.lower, 0), swing) + radius
    return Interval(-quotient_above(np.nextafter(down, np.inf), kept), quotient_above(np.nextafter(up, np.inf), kept))


def _least_eigenvalue(matrix):
    """A lower bound of the smallest, or 0."""
    estimate = float(np.linalg.eigvalsh(matrix)[0])
    for share in (0.99, 0.5):
        if estimate > 0:
            shifted = as_interval(matrix) - as_interval(np.diag(np.full(len(matrix), share * estimate)))
            if is_positive_definite(shifted):
                return share * estimate
    return 0.0


def _form_norms(form, columns):
    """Σ ‖q‖_P over columns q, rounded up."""
    image = matrix_product(as_interval(form), as_interval(columns))
    squares = (image * as_interval(columns)).upper
    total = np.maximum(sum_bound(np.maximum(squares, 0).sum(axis=0), len(columns)), 0)
    return float(np.sum(np.sqrt(total)) * (1 + 1e-12))


def _columns_norm(columns):
    """Σ ‖e‖₂ over columns e, rounded up."""
    return float(np.sum(np.sqrt(np.sum(columns * columns, axis=0))) * (1 + 1e-12))


def form_box(form, drive):
    """A box from the form alone: ‖h‖_P <= ‖drive‖_P / (1 - rate), and ``|h_i|`` <= ‖h‖_P √(P⁻¹)_ii."""
    least = _least_eigenvalue(form.matrix)
    if not least > 0:
        return None
    absolute = as_interval(np.abs(form.matrix))
    column = as_interval(drive[:, None])
    length = float(np.sqrt((matrix_product(column.reshape(1, -1), matrix_product(absolute, column))).upper[0, 0]))
    # e_iᵀ P⁻¹ e_i = xᵀ P x + 2 xᵀ r + rᵀ P⁻¹ r with r = e_i - P x, for any x
    inverse = np.linalg.inv(form.matrix)
    x = as_interval(0.5 * (inverse + inverse.T))
    rest = as_interval(np.eye(len(drive))) - matrix_product(as_interval(form.matrix), x)
    diagonal = np.diag(matrix_product(x, matrix_product(as_interval(form.matrix), x) + rest * 2.0).upper)
    squares = diagonal + np.sum(rest.magnitude**2, axis=0) * (1 + 1e-9) / least
    reach = np.sqrt(squares) * (length / (1 - form.rate)) * (1 + 1e-9)
    return Interval.symmetric(reach) if np.isfinite(reach).all() else None
