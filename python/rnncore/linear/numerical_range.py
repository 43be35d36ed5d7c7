"""The numerical range {x* W x: x of length 1}: how it lies beside the eigenvalues tells how far W is from normal."""

import numpy as np

_DIRECTIONS = 32  # in the upper half plane: with these alone the radius is known to 0.1 %


def numerical_abscissa(matrix):
    """The largest real part: the largest eigenvalue of (W + Wᵀ) / 2."""
    return support(matrix, 0.0)


def numerical_radius(matrix):
    """The largest magnitude, w(W): the largest of the supports h(θ) over all directions.

    Of a real matrix θ lies in [0, π]. A grid gives the best direction up to π / 32, a search within it the radius (to
    0.1 % at worst, where another direction is as good).
    """
    from scipy.optimize import minimize_scalar

    angles = np.linspace(0, np.pi, _DIRECTIONS + 1)
    supports = [support(matrix, angle) for angle in angles]
    best = int(np.argmax(supports))
    bounds = max(0.0, angles[max(0, best - 1)]), min(np.pi, angles[min(_DIRECTIONS, best + 1)])
    found = minimize_scalar(lambda angle: -support(matrix, angle), bounds=bounds, method="bounded")
    return float(max(supports[best], -found.fun, 0.0))


def support(matrix, angle):
    """h(θ) = max Re(e^{-iθ} x* W x): the largest eigenvalue of the Hermitian part of e^{-iθ} W."""
    from scipy.linalg import eigvalsh

    rotated = matrix if angle == 0 else np.exp(-1j * angle) * matrix
    part = (rotated + rotated.conj().T) / 2
    last = len(part) - 1
    return float(eigvalsh(part, subset_by_index=[last, last])[0])
