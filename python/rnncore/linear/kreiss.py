"""The Kreiss constant: what the resolvent outside the unit circle tells of transient growth.

K = sup (|z| - 1) ‖(z - W)⁻¹‖ over |z| > 1, equal to sup (ρ_ε - 1) / ε over the pseudospectral radii ρ_ε, and
K ≤ max ‖W^k‖ ≤ e n K (Kreiss 1962; Spijker 1991; Trefethen and Embree 2005, Spectra and Pseudospectra, § 18).
"""

import numpy as np

_ANGLES, _RADII = 48, 16
_PULLED = 8  # eigenvalues nearest to the circle, in whose directions is looked too
_ITERATIONS = 3
_ROUNDS = 4
_SOLVED_NUMBERS = 1 << 20
_NEAREST = 1e-9  # to the circle: nearer points are not told from it well enough


def kreiss_lower_bound(triangle):
    """``(K, z)`` with the largest (|z| - 1) ‖(z - T)⁻¹‖ found, of an upper triangular T with eigenvalues within the
    unit circle; (1, None) where none exceeds 1, the value at infinity.

    Whatever vectors the norm of the resolvent is estimated with, what they give is a lower bound.
    """
    eigenvalues = np.diag(triangle)
    order = np.argsort(-np.abs(eigenvalues))[:_PULLED]
    angles = np.unique(np.concatenate([np.linspace(0, np.pi, _ANGLES), np.abs(np.angle(eigenvalues[order]))]))
    widest = max(1.0, np.linalg.norm(triangle, 2))
    narrowest = min(1e-2, max(_NEAREST, 0.1 * (1 - np.abs(eigenvalues).max())))
    heights = np.linspace(np.log(narrowest), np.log(10 * widest), _RADII)
    found, best = _largest(triangle, *np.meshgrid(angles, heights))
    across, along = np.pi / _ANGLES, heights[1] - heights[0]
    for _ in range(_ROUNDS):
        shifts = np.linspace(-1, 1, 5)
        higher = np.maximum(best[1] + along * shifts, np.log(_NEAREST))
        near, place = _largest(triangle, *np.meshgrid(best[0] + across * shifts, higher))
        if near > found:
            found, best = near, place
        across, along = across / 2, along / 2
    if found <= 1:
        return 1.0, None
    return float(found), complex((1 + np.exp(best[1])) * np.exp(1j * best[0]))


def _largest(triangle, angles, heights):
    """The best of (|z| - 1) ‖(z - T)⁻¹‖ at z = (1 + e^h) e^{iθ}, and its ``(θ, h)``."""
    angles, heights = angles.ravel(), heights.ravel()
    distances = np.exp(heights)
    values = np.concatenate(
        [
            distances[part] * resolvent_norms(triangle, (1 + distances[part]) * np.exp(1j * angles[part]))
            for part in np.array_split(np.arange(len(angles)), 1 + len(angles) * len(triangle) // _SOLVED_NUMBERS)
        ]
    )
    best = int(np.argmax(values))
    return values[best], (angles[best], heights[best])


def resolvent_norms(triangle, points):
    """Lower bounds on ‖(z - T)⁻¹‖ at some points, by inverse iteration for all of them at once."""
    vectors = np.random.default_rng(0).normal(size=(len(triangle), len(points))) + 0j
    sizes = np.zeros(len(points))
    for _ in range(_ITERATIONS):
        vectors /= np.linalg.norm(vectors, axis=0)
        solved = _solve(triangle, points, vectors)
        sizes = np.maximum(sizes, np.linalg.norm(solved, axis=0))
        vectors = _solve_adjoint(triangle, points, solved / np.linalg.norm(solved, axis=0))
        sizes = np.maximum(sizes, np.linalg.norm(vectors, axis=0))
    return sizes


def _solve(triangle, points, right):
    """(z - T) x = b, a column for each z."""
    solved = right.copy()
    for row in reversed(range(len(triangle))):
        solved[row] += triangle[row, row + 1 :] @ solved[row + 1 :]
        solved[row] /= points - triangle[row, row]
    return solved


def _solve_adjoint(triangle, points, right):
    """(z - T)ᴴ x = b."""
    adjoint, points = triangle.conj(), points.conj()
    solved = right.copy()
    for row in range(len(triangle)):
        solved[row] += adjoint[:row, row] @ solved[:row]
        solved[row] /= points - adjoint[row, row]
    return solved
