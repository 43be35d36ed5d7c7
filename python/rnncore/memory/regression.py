"""Linear regression of many targets on the states of a long run, piece by piece.

Of a network's states a few directions hold nearly all of the variance; those that hold 1e-10 of the largest may still
tell what came a hundred steps ago. A Gram matrix of the states squares their condition number and loses all below 1e-8.
So the states are whitened first, by the directions of a sample of them, and the Gram matrix is that of whitened states,
whose condition number is near 1: the idea of a preconditioned Cholesky QR (Fukaya, Kannan, Nakatsukasa, Yamamoto,
Yanagisawa, SIAM J. Sci. Comput. 42, A477, 2020). Where the condition number is small anyway, states are only scaled.
Products of matrices do all of the work that grows with the run.
"""

import numpy as np

_ROUNDS = 3  # each whitens a range of 1e7; float64 has 1e16
_MOST_ROUNDING = 0.1  # of the deviation of a whitened direction
_KEPT = 1e-9  # of the largest variance of whitened states
_WELL_CONDITIONED = 1e-6  # smallest variance over the largest, from which on nothing is lost: half of the digits


def whitening(sample, rounding):
    """``(mean, matrix)``: (x - mean) @ matrix are uncorrelated components of variance 1 of the sample, and nearly so of
    what it stands for; those that are no more than the relative rounding errors of x are left out."""
    mean, spread = sample.mean(axis=0), sample.std(axis=0)
    centred = sample - mean
    size = rounding * np.sqrt(np.mean(sample**2, axis=0))
    moves = spread > size
    matrix = np.diag(1 / np.where(moves, spread, 1))[:, moves]
    for _ in range(_ROUNDS):
        if not matrix.shape[1]:
            return mean, matrix
        white = centred @ matrix
        variances, directions = np.linalg.eigh(white.T @ white / len(white))
        floor = len(variances) * np.finfo(np.float64).eps * variances[-1]
        matrix = matrix @ (directions / np.sqrt(np.maximum(variances, floor)))
    return mean, matrix[:, np.linalg.norm(size[:, None] * matrix, axis=0) < _MOST_ROUNDING]


class Regression:
    """Sums over the rows of features and targets.

    Parameters
    ----------
    mean : (n,) array
        Near that of the features.
    matrix : (n, r) array, optional
        Of :func:`whitening`; None: the features as they are.
    ridge : float
        This times the squared weights, by which readouts see the features as they are, is added to the sum of squared
        errors that they make least.
    """

    def __init__(self, mean, matrix=None, ridge=0.0):
        self.mean, self.matrix = mean, matrix
        self.ridge, self.rows = ridge, 0
        self._features = self._gram = self._targets = self._squares = self._cross = self._back = 0.0

    def add(self, features, targets):
        """Rows ``(S, n)`` and ``(S, K)``; targets with means near zero."""
        centred = features - self.mean
        white = centred if self.matrix is None else centred @ self.matrix
        self.rows += len(white)
        with np.errstate(over="ignore", invalid="ignore"):
            self._features = self._features + white.sum(axis=0)
            self._gram = self._gram + white.T @ white
            self._cross = self._cross + white.T @ targets
            if self.ridge:
                self._back = self._back + white.T @ centred
        self._targets = self._targets + targets.sum(axis=0)
        self._squares = self._squares + np.einsum("ij,ij->j", targets, targets)

    def merge(self, other):
        """Add the sums of another regression, of the same mean and matrix."""
        self.rows += other.rows
        for name in ("_features", "_gram", "_cross", "_back", "_targets", "_squares"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def overflowed(self):
        return not (np.isfinite(self._gram).all() and np.isfinite(self._cross).all())

    @property
    def well_conditioned(self):
        """Whether the features, each divided by its deviation, are so far from combinations of others that their Gram
        matrix tells all about them."""
        gram, sizes = self._scaled_gram()
        if not sizes.all():
            return False
        variances = np.linalg.eigvalsh(gram)
        return variances[0] > _WELL_CONDITIONED * variances[-1]

    def _scaled_gram(self):
        """That of features of length 1, and the lengths of features about their means."""
        gram = self._gram - np.outer(self._features, self._features) / self.rows
        sizes = np.sqrt(np.maximum(np.diag(gram), 0))
        inverse = 1 / np.where(sizes > 0, sizes, 1)
        return gram * inverse * inverse[:, None], sizes

    def squared_correlations(self):
        """``(K,)``: of each target with the readout that is fitted to it, zero for targets that do not move; and the
        number of directions that readouts have."""
        gram, sizes = self._scaled_gram()
        cross = self._cross - np.outer(self._features, self._targets) / self.rows
        squares = self._squares - self._targets**2 / self.rows
        squares = np.where(squares > np.finfo(np.float64).eps * self._squares, squares, np.inf)
        if not len(gram):
            return np.zeros_like(squares), 0
        variances, directions = np.linalg.eigh(gram)
        kept = variances > _KEPT * variances[-1]
        # To orthonormal columns Q.
        directions = directions[:, kept] / np.sqrt(variances[kept]) / np.where(sizes > 0, sizes, 1)[:, None]
        fitted = directions.T @ cross
        if not self.ridge:
            return np.sum(fitted**2, axis=0) / squares, int(kept.sum())
        # The features are Q R; ridge regression shrinks along the singular vectors of R.
        axes, sizes, _ = np.linalg.svd(directions.T @ self._back, full_matrices=False)
        fitted = axes.T @ fitted
        shrunk = fitted * (sizes**2 / (sizes**2 + self.ridge))[:, None]
        explained = np.sum(shrunk**2, axis=0)
        found = np.sum(shrunk * fitted, axis=0) ** 2 / np.where(explained > 0, explained, 1) / squares
        return found, int(kept.sum())
