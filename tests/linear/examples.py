"""Linear cells of every kind, and matrices with known modes."""

import numpy as np
import scipy.sparse
from scipy.linalg import block_diag

from rnncore import Chain, DelayLine, Dense, Diagonal, Elman, Linear

INPUTS = 2


def scaled(matrix, radius):
    return matrix * (radius / np.abs(np.linalg.eigvals(matrix)).max())


def linear(rng, size=5, inputs=INPUTS, radius=0.9):
    return Linear(scaled(rng.normal(size=(size, size)), radius), rng.normal(size=(size, inputs)), rng.normal(size=size))


def sparse(rng):
    matrix = scaled(np.where(rng.random((6, 6)) < 0.5, rng.normal(size=(6, 6)), 0) + np.eye(6), 0.8)
    return Linear(scipy.sparse.csr_array(matrix), rng.normal(size=(6, INPUTS)), rng.normal(size=6))


def diagonal(rng, inputs=INPUTS):
    return Diagonal([0.5, -0.95, 0.0, 0.9], rng.normal(size=(4, inputs)), rng.normal(size=4))


def complex_diagonal(rng, inputs=INPUTS):
    weight = rng.normal(size=(3, inputs)) + 1j * rng.normal(size=(3, inputs))
    return Diagonal([0.5j, -0.9, 0.6 + 0.7j], weight, rng.normal(size=3) + 1j)


def leaky(rng, kind=np.asarray):
    weights = kind(scaled(rng.normal(size=(4, 4)), 0.7)), rng.normal(size=(4, INPUTS))
    return Elman(*weights, rng.normal(size=4), rng.normal(size=4), nonlinearity="identity", leak=0.4)


def readout(rng, outputs, inputs):
    return Dense(rng.normal(size=(outputs, inputs)), rng.normal(size=outputs))


KINDS = {
    "linear": linear,
    "linear of one": lambda rng: linear(rng, 1),
    "linear of a hundred": lambda rng: linear(rng, 100),
    "sparse": sparse,
    "diagonal": diagonal,
    "complex diagonal": complex_diagonal,
    "leaky": leaky,
    "leaky sparse": lambda rng: leaky(rng, scipy.sparse.csr_array),
    "delay line": lambda rng: DelayLine(4, INPUTS),
    "finite impulse response": lambda rng: Chain([DelayLine(5, INPUTS), readout(rng, 3, 10)]),
    "delay line behind linear": lambda rng: Chain([linear(rng, 3), DelayLine(2, 3), readout(rng, 2, 6)]),
    "dense": lambda rng: readout(rng, 3, INPUTS),
    "readout": lambda rng: Chain([linear(rng), readout(rng, 1, 5)]),
    "readouts before and behind": lambda rng: Chain(
        [readout(rng, 3, INPUTS), complex_diagonal(rng, 3), readout(rng, 4, 6), readout(rng, 2, 4)]
    ),
    "diagonal readout": lambda rng: Chain([diagonal(rng), readout(rng, 2, 4)]),
    "two layers": lambda rng: Chain([linear(rng, 3), linear(rng, 4, 3, 0.8)]),
    "two kinds": lambda rng: Chain([complex_diagonal(rng), readout(rng, 3, 6), linear(rng, 4, 3), readout(rng, 2, 4)]),
    "sparse behind diagonal": lambda rng: Chain([readout(rng, 2, 2), diagonal(rng), readout(rng, 2, 4), sparse(rng)]),
    "diagonals": lambda rng: Chain([diagonal(rng), complex_diagonal(rng, 4)]),
}


def without_biases(cell):
    zeros = {name: np.zeros_like(array) for name, array in cell.parameters.items() if "bias" in name}
    return cell.replace(**zeros) if zeros else cell


def jordan(value, size, coupling=1.0):
    return value * np.eye(size) + coupling * np.eye(size, k=1)


def similar(rng, *blocks):
    """A matrix with such blocks in coordinates of condition 10 to 100."""
    diagonal = block_diag(*blocks)
    basis = rng.normal(size=diagonal.shape)
    while np.linalg.cond(basis) > 100:
        basis = rng.normal(size=diagonal.shape)
    return basis @ diagonal @ np.linalg.inv(basis)
