"""What covariant Lyapunov vectors are: directions along a run that its Jacobians map onto each other."""

from dataclasses import dataclass

import numpy as np

from .arrays import as_count
from .notebook import ShownInNotebooks


@dataclass(frozen=True, eq=False, repr=False)
class CovariantVectors(ShownInNotebooks):
    """Result of :func:`rnncore.covariant_lyapunov_vectors`; ``…`` is nothing, or ``B`` for a batch.

    Attributes
    ----------
    vectors : (P, …, n, k) array
        Unit columns v at each of P steps, of the cell's dtype: A_{t+1} v_j(t) is parallel to v_j(t + 1), signs free.
    steps : (P,) int64 array
        The steps done where they stand.
    growth : (P, …, k) float64 array
        log of the factor by which each grew over the ``every`` steps up to there, in nats.
    exponents : (…, k) float64 array
        Their mean rates, in nats per step: the Lyapunov exponents of this stretch.
    every : int
    burn_in : int
        Steps at either end of the run that were left out.
    """

    vectors: np.ndarray
    steps: np.ndarray
    growth: np.ndarray
    exponents: np.ndarray
    every: int
    burn_in: int

    def angles(self, first, second):
        """Angles between two of the vectors: (P, …), in radians, 0 … π/2.

        Parameters
        ----------
        first, second : int
            Which, 0 … k - 1.

        Raises
        ------
        ValueError, TypeError
            There is no such vector.
        """
        u, v = (self._vector(name, index) for name, index in (("first", first), ("second", second)))
        cosine = np.sum(u * v, axis=-1, keepdims=True)
        # From both sine and cosine: the cosine alone says nothing about small angles.
        return np.arctan2(np.linalg.norm(u - cosine * v, axis=-1), np.abs(cosine[..., 0]))

    def to_dict(self):
        """The fields by name; arrays stay arrays."""
        return dict(vars(self))

    def plot(self, ax=None):
        """Draw how often the vectors stand at which angle to their neighbours; returns the matplotlib axes.

        Raises ``ValueError`` for a single vector, which has no neighbour.
        """
        from .figures.covariant_vectors import plot_covariant_vectors

        return plot_covariant_vectors(self, ax)

    def __repr__(self):
        exponents = np.array2string(self.exponents, precision=4, threshold=6, separator=", ")
        return f"CovariantVectors({self.vectors.shape}, {len(self.steps)} steps kept, exponents={exponents})"

    def _vector(self, name, index):
        count = self.vectors.shape[-1]
        if as_count(name, index, 0) >= count:
            raise ValueError(f"{name} must be less than {count}, the number of vectors, got {index}")
        return self.vectors[..., index].astype(np.float64)
