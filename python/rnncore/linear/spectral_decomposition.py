"""Real invariant subspaces of a matrix: eigenvalues, pairs of them, and those that rounding cannot tell apart.

A = Σ R_g T_g L_gᵀ with L_gᵀ R_h = δ_gh. Where eigenvalues lie apart, R_g spans one eigenvector or a pair of them. Where
they are (nearly) multiple, single vectors do not exist or mean nothing, but the subspace that they span together does
(Golub and Wilkinson 1976; block diagonalisation: Bavely and Stewart 1979).
"""

from dataclasses import dataclass

import numpy as np

_CHANGES = 10  # times the error of the Schur form or of a rounded A: changes of A that are taken for rounding
_LARGEST_PROJECTOR = 1e10  # modes that cancel each other to more digits are one


@dataclass(frozen=True, eq=False)
class Subspace:
    """What one mode lives in.

    Attributes
    ----------
    eigenvalue : complex
        Imaginary part at least 0; the mean of those that are one to rounding.
    uncertainty : float
        By so much a rounding of A may move it, about.
    index : int
        The smallest p with (T - λ)^p = 0 to rounding, the size of the largest Jordan block; 0 where there is none.
    projector_norm : float
        Of R_g L_gᵀ: 1 where the mode is orthogonal to the others, else by so much a state may exceed its sum with them.
    basis, dual, block : arrays (n, m), (m, n), (m, m)
        R_g with orthonormal columns, L_gᵀ, and T_g.
    """

    eigenvalue: complex
    uncertainty: float
    index: int
    projector_norm: float
    basis: np.ndarray
    dual: np.ndarray
    block: np.ndarray


@dataclass(frozen=True, eq=False)
class SpectralDecomposition:
    """``subspaces`` of descending magnitude; eigenvectors (n, n) as columns of length 1, those of a multiple eigenvalue
    orthonormal where it has all of them; and the triangular Schur form."""

    subspaces: tuple
    eigenvectors: np.ndarray
    triangle: np.ndarray


def decompose(matrix):
    """Of a real matrix (n, n)."""
    form = _SchurForm(matrix)
    tolerance = _CHANGES * form.error(matrix)
    spaces, vectors = [], []
    for members in form.groups(tolerance):
        if form.eigenvalues[members].imag.sum() >= 0:
            space, right = _subspace(matrix, form, members, tolerance)
            spaces.append(space)
            vectors.append(right)
    spaces.sort(key=lambda space: -abs(space.eigenvalue))
    return SpectralDecomposition(tuple(spaces), np.concatenate(vectors, axis=1), form.triangle)


class _SchurForm:
    """A = Q T Qᴴ, and A's eigenvectors from T's; ``partners`` are the places of conjugate eigenvalues."""

    def __init__(self, matrix):
        from scipy.linalg import eig, rsf2csf, schur

        quasi_triangle, vectors = schur(matrix, output="real")
        self.triangle, self.vectors = rsf2csf(quasi_triangle, vectors)
        size = len(matrix)
        self.eigenvalues, self.partners = np.diag(quasi_triangle).astype(complex), np.arange(size)
        for first in np.flatnonzero(np.diag(quasi_triangle, -1)).tolist():
            pair = slice(first, first + 2)
            (_, b), (c, _) = quasi_triangle[pair, pair]
            height = 1j * np.sqrt(abs(b)) * np.sqrt(abs(c))
            self.eigenvalues[pair] += height * (np.sign(self.triangle[first, first].imag) * np.array([1, -1]))
            self.partners[pair] = first + 1, first
        np.fill_diagonal(self.triangle, self.eigenvalues)
        _, left, right = eig(self.triangle, left=True)
        self.overlaps = np.sum(left.conj() * right, axis=0)
        self.left, self.right = self.vectors @ left, self.vectors @ right
        with np.errstate(divide="ignore", over="ignore"):
            self.condition_numbers = 1 / np.abs(self.overlaps)

    def error(self, matrix):
        """‖A - Q T Qᴴ‖_F, or what rounding the entries of A may have changed; nothing for a triangular A, whose
        eigenvalues are exact."""
        if not np.tril(matrix, -1).any() or not np.triu(matrix, 1).any():
            return 0.0
        error = np.linalg.norm(matrix - self.vectors @ self.triangle @ self.vectors.conj().T)
        return max(error, np.finfo(np.float64).eps / 2 * np.linalg.norm(matrix))

    def groups(self, tolerance):
        """Places of eigenvalues, each group farther from the others than a change of A by ``tolerance`` moves it.

        A group that is not is joined with its nearest, and its conjugates with theirs, until all are.
        """
        label = np.arange(len(self.eigenvalues))
        reach = _reach(tolerance, self.condition_numbers)
        distances = np.abs(self.eigenvalues[:, None] - self.eigenvalues)
        while True:
            apart = np.where(label[:, None] == label, np.inf, distances)
            nearest = np.argmin(apart, axis=1)
            gap = apart[np.arange(len(label)), nearest]
            joined = set()
            for name in np.unique(label).tolist():
                members = np.flatnonzero(label == name)
                if not len(members):  # joined with another in this round
                    continue
                one = members[np.argmin(gap[members])]
                if np.isfinite(gap[one]) and gap[one] <= reach[one]:
                    for a, b in ((one, nearest[one]), (self.partners[one], self.partners[nearest[one]])):
                        label[label == label[a]] = label[b]
                        joined.add(int(b))
            if not joined:
                return [np.flatnonzero(label == name) for name in np.unique(label)]
            for name in {int(label[place]) for place in joined}:
                members = np.flatnonzero(label == name)
                reach[members] = _reach(tolerance, self.invariant(members)[3])

    def invariant(self, members):
        """``(R, Lᴴ, T_g, norm of R Lᴴ)`` of some eigenvalues, R with orthonormal columns."""
        size, count = len(self.eigenvalues), len(members)
        if count == 1:
            place = members[0]
            dual = self.left[:, members].conj().T / self.overlaps[place]
            block, norm = self.eigenvalues[members][None], float(self.condition_numbers[place])
            return self.right[:, members], dual, block, norm
        if count == size:
            return self.vectors, self.vectors.conj().T, self.triangle, 1.0
        from scipy.linalg.lapack import ztrsen, ztrsyl

        chosen = np.zeros(size, np.int32)
        chosen[members] = 1
        triangle, vectors, *_ = ztrsen(chosen, self.triangle, self.vectors, job="N")
        own, rest = slice(count), slice(count, size)
        shared, scale, _ = ztrsyl(triangle[own, own], triangle[rest, rest], triangle[own, rest], isgn=-1)
        shared = shared / scale
        dual = vectors[:, own].conj().T + shared @ vectors[:, rest].conj().T
        return vectors[:, own], dual, triangle[own, own], float(np.hypot(1, np.linalg.norm(shared, 2)))


def _reach(tolerance, projector_norms):
    return np.where(projector_norms > _LARGEST_PROJECTOR, np.inf, tolerance * np.minimum(projector_norms, 1e300))


def _subspace(matrix, form, members, tolerance):
    right, dual, block, norm = form.invariant(members)
    is_pair = form.partners[members[0]] not in members
    width = len(members) * (2 if is_pair else 1)
    basis = np.linalg.svd(np.concatenate([right.real, right.imag], axis=1), full_matrices=False)[0][:, :width]
    real_dual = (2 if is_pair else 1) * ((basis.T @ right) @ dual).real
    eigenvalue, index, uncertainty = _eigenvalue(block, norm, form.condition_numbers[members], tolerance)
    if abs(eigenvalue) <= uncertainty:
        eigenvalue = 0.0
    if not is_pair:
        eigenvalue = eigenvalue.real if index else complex(eigenvalue.real, abs(eigenvalue.imag))
    vectors = right if index == 1 else form.right[:, members]
    vectors = np.concatenate([vectors, vectors.conj()], axis=1) if is_pair else vectors
    block = basis.T @ matrix @ basis
    return Subspace(complex(eigenvalue), uncertainty, index, norm, basis, real_dual, block), vectors


def _eigenvalue(block, projector_norm, condition_numbers, tolerance):
    """``(λ, p, uncertainty)`` with the smallest p for which (T - λ)^p is zero to rounding, λ the mean; p = 0 where the
    eigenvalues are not one to rounding, λ then the largest.

    A Jordan block of m moved by η has eigenvalues at a distance r = η^{1/m} of condition r / (m η): they are one to
    rounding where m η times their condition reaches the mean.
    """
    values = block.diagonal()
    count = len(values)
    mean = values[0] if (values == values[0]).all() else values.mean()
    rest = block - mean * np.eye(count)
    size = np.linalg.norm(rest, 2)
    rest = rest / size if size else rest
    with np.errstate(invalid="ignore"):
        reach = np.where(values == mean, np.inf, count * tolerance * condition_numbers)
    if np.all(np.abs(values - mean) <= reach):
        uncertainty = tolerance * projector_norm
        index = _vanishing_power(rest, lambda power, index: np.linalg.norm(power) * size <= index * uncertainty)
        if index <= count:
            return mean, index, uncertainty
    largest = int(np.argmax(np.abs(values)))
    most = max(1.0, size) * (count * tolerance) ** (1 / count)  # of all of it at once (Henrici 1962)
    first_order = tolerance * condition_numbers[largest] if tolerance else 0.0
    return values[largest], 0, min(first_order, most)


def _vanishing_power(matrix, vanishes):
    """The smallest p with ``vanishes(matrix^p, p)``, of a matrix of norm 1 at most: powers do not grow, so that p is
    found by doubling and halving. Beyond the matrix's size it may be any larger number."""
    powers = [matrix]
    while not vanishes(powers[-1], 1 << len(powers) - 1) and 1 << len(powers) - 1 < len(matrix):
        powers.append(powers[-1] @ powers[-1])
    product, index = np.eye(len(matrix)), 0
    for place in reversed(range(len(powers))):
        longer, power = product @ powers[place], index + (1 << place)
        if not vanishes(longer, power):
            product, index = longer, power
    return index + 1
