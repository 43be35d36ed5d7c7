"""The recurrent matrices by themselves: spectral radius and norms."""

from dataclasses import dataclass, field

import numpy as np

from ..cells import GRU, LSTM
from ..cells.base import is_sparse
from ..notebook import ShownInNotebooks

_LARGEST_DENSE = 500  # units; above it the extreme eigenvalue and singular value are found by Lanczos and Arnoldi
_ITERATIONS = 500
_GATES = {LSTM: ("input", "forget", "candidate", "output"), GRU: ("reset", "update", "candidate")}


@dataclass(frozen=True)
class Recurrence(ShownInNotebooks):
    """One layer's W = ``weight_hh``, of an LSTM or GRU the rows of one of its gates.

    Attributes
    ----------
    layer, size, nonzeros : int
        A Diagonal of n units has n eigenvalues, and is counted as its diagonal matrix.
    gate : str or None
        "input", "forget", "candidate" or "output" of an LSTM, "reset", "update" or "candidate" of a GRU.
    spectral_radius : float or None
        Largest ``|eigenvalue|`` of W; None where the iteration for a large matrix found none.
    leaky_spectral_radius : float or None
        That of (1 - a) I + a W, for a leak a < 1.
    norm_1, norm_2, norm_inf : float or None
        Largest column sum, singular value, row sum.
    eigenvalues : array or None
        All of them, up to 500 units; for the figure.
    """

    layer: int
    size: int
    nonzeros: int
    gate: str | None
    spectral_radius: float | None
    leaky_spectral_radius: float | None
    norm_1: float
    norm_2: float | None
    norm_inf: float
    eigenvalues: np.ndarray | None = field(repr=False, metadata={"figure": True})


def describe_recurrences(cell):
    """One :class:`Recurrence` for each recurrent matrix."""
    found = []
    for index, layer in enumerate(cell.layers):
        if "weight_hh" in layer.parameters:
            weight = layer.parameters["weight_hh"]
            gates = _GATES.get(type(layer))
            if weight.ndim == 1:
                found.append(_describe_diagonal(index, weight))
            elif gates:
                found += [_describe(index, rows, 1.0, gate) for gate, rows in zip(gates, np.split(weight, len(gates)))]
            else:
                found.append(_describe(index, weight, getattr(layer, "leak", 1.0), None))
    return tuple(found)


def _describe_diagonal(index, weight):
    eigenvalues = weight.astype(np.complex128)
    largest = float(np.abs(eigenvalues).max())
    return Recurrence(
        index, len(weight), int(np.count_nonzero(weight)), None, largest, None, largest, largest, largest, eigenvalues
    )  # fmt: skip


def _describe(index, weight, leak, gate):
    weight = weight.astype(np.float64)
    size = weight.shape[0]
    magnitude = abs(weight)
    nonzeros = weight.nnz if is_sparse(weight) else int(np.count_nonzero(weight))
    eigenvalues = leaky = None
    if size <= _LARGEST_DENSE:
        dense = weight.toarray() if is_sparse(weight) else weight
        eigenvalues = np.linalg.eigvals(dense)
        radius, norm_2 = float(np.abs(eigenvalues).max()), float(np.linalg.norm(dense, 2))
        leaky = float(np.abs(1 - leak + leak * eigenvalues).max())
    else:
        radius, norm_2 = _spectral_radius(weight, 1.0), _largest_singular_value(weight)
        leaky = _spectral_radius(weight, leak) if leak != 1 else None
    return Recurrence(
        index,
        size,
        nonzeros,
        gate,
        radius,
        leaky if leak != 1 else None,
        float(magnitude.sum(axis=0).max()),
        norm_2,
        float(magnitude.sum(axis=1).max()),
        eigenvalues,
    )


def _spectral_radius(weight, leak):
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigs

    leaky = LinearOperator(weight.shape, lambda x: (1 - leak) * x + leak * (weight @ x), dtype=np.float64)
    start = np.random.default_rng(0).normal(size=weight.shape[0])
    try:
        return float(
            np.abs(eigs(leaky, k=4, which="LM", v0=start, maxiter=_ITERATIONS, return_eigenvectors=False)).max()
        )
    except ArpackError:  # not converged, or a nilpotent matrix
        return None


def _largest_singular_value(weight):
    from scipy.sparse.linalg import ArpackError, svds

    start = np.random.default_rng(0).normal(size=weight.shape[0])
    try:
        return float(svds(weight, k=1, v0=start, return_singular_vectors=False)[0])
    except ArpackError:
        return None
