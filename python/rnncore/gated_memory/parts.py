"""A gradient as the sum of what came by the carousel and of the rest; numbers of any size."""

import numpy as np

_NEGLIGIBLE = -2000  # powers of two
_LOWEST = np.iinfo(np.int64).min // 4


def log2_parts(gradient, exponents, first, first_exponents, log2_factors, half_turns):
    """log2 of the magnitudes ``(B, units)`` of a gradient, of its carousel, and of their difference.

    Columns, one a cotangent, count together: the largest that a cotangent of length 1 among their span can have.

    Parameters
    ----------
    gradient, exponents : (B, units, k) array, (B, k) array
        Real or complex, times 2**exponent.
    first, first_exponents
        The same at the end of the run; the carousel is this times the factors.
    log2_factors : (B, units) array
    half_turns : (B, units) array or None
        Angles of the factors, in units of π.
    """
    whole = np.where(np.isneginf(log2_factors), 0, np.floor(log2_factors))
    factor = np.exp2(log2_factors - whole)
    if half_turns is not None:
        angle = np.exp(-1j * np.pi * np.remainder(half_turns, 2))
        factor = factor * (angle if np.iscomplexobj(first) else np.sign(angle.real))
    carried_exponents = first_exponents[:, None, :] + whole.astype(np.int64)[..., None]
    gradient, exponents = _normalised(gradient, np.broadcast_to(exponents[:, None, :], gradient.shape))
    carried, carried_exponents = _normalised(first * factor[..., None], carried_exponents)
    top = np.maximum(exponents, carried_exponents)
    rest = _lowered(gradient, exponents - top) - _lowered(carried, carried_exponents - top)
    return (
        _log2_norm(gradient, exponents),
        _log2_norm(carried, carried_exponents),
        _log2_norm(*_normalised(rest, top)),
    )


def _normalised(values, exponents):
    """The same numbers with magnitudes in [1/2, 1); zero has a very low exponent."""
    shift = np.frexp(np.abs(values))[1]
    exponents = np.where(values == 0, _LOWEST, exponents + shift)
    with np.errstate(under="ignore"):  # two halves: the inverse of a subnormal number overflows
        return values * np.ldexp(1.0, -(shift // 2)) * np.ldexp(1.0, shift // 2 - shift), exponents


def _lowered(values, shift):
    """Times 2**shift, shift ≤ 0."""
    with np.errstate(under="ignore"):
        return values * np.ldexp(1.0, np.maximum(shift, _NEGLIGIBLE).astype(np.int32))


def _log2_norm(values, exponents):
    """The root of the sum of squares of the columns; of complex ones the largest magnitude of their combinations with
    real factors of which the squares sum up to 1."""
    highest = exponents.max(axis=-1, initial=_LOWEST)
    values = _lowered(values, exponents - highest[..., None])
    squares = np.sum(np.abs(values) ** 2, axis=-1)
    if np.iscomplexobj(values):
        squares = (squares + np.abs(np.sum(values**2, axis=-1))) / 2
    with np.errstate(divide="ignore"):
        return np.where(squares > 0, np.log2(squares) / 2 + highest, -np.inf)
