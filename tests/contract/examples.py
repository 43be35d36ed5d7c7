"""The cells the contract is tested on: a new cell is a function here and its name in ``EXAMPLES``.

A function gives named builders ``build(rng, size, input_size) -> float64 cell``. Builders keep the ∞-norm of every
recurrent matrix at 1/2 and that of every input matrix at 1, biases within ±1. All φ have slopes in [0, 1], so an error
in the state at most halves from step to step, which is what ``tolerance`` counts on.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy.sparse

from rnncore import Cell, Chain, Dense, Elman, Linear, MatrixSequence, Trajectory, simulate
from rnncore.cells import NONLINEARITIES

STEPS = 19
LONG = 1103  # some of the blocks in which backends walk, and a rest


def matrix(rng, rows, columns, norm):
    weights = rng.uniform(-1, 1, (rows, columns))
    return weights * (norm / np.maximum(1e-3, np.abs(weights).sum(axis=1, keepdims=True)))


def recurrent(rng, size, sparse):
    weights = matrix(rng, size, size, 0.5)
    return scipy.sparse.csr_array(np.where(rng.random((size, size)) < 0.4, weights, 0)) if sparse else weights


def bias(rng, size):
    return rng.uniform(-1, 1, size)


def linear():
    def build(rng, size, input_size, sparse):
        return Linear(recurrent(rng, size, sparse), matrix(rng, size, input_size, 1), bias(rng, size))

    def autonomous(rng, size, input_size):
        return Linear(recurrent(rng, size, False))

    return {
        "linear": partial(build, sparse=False),
        "linear-sparse": partial(build, sparse=True),
        "linear-autonomous": autonomous,
    }


def elman():
    def build(rng, size, input_size, **options):
        sparse = options.pop("sparse")
        weights = recurrent(rng, size, sparse), matrix(rng, size, input_size, 1)
        return Elman(*weights, bias(rng, size), bias(rng, size), **options)

    return {
        f"elman-{nonlinearity}{'' if leak == 1 else '-leaky'}{'-sparse' if sparse else ''}": partial(
            build, nonlinearity=nonlinearity, leak=leak, sparse=sparse
        )
        for nonlinearity in NONLINEARITIES
        for leak in (1, 0.3)
        for sparse in (False, True)
    }


def dense():
    def build(rng, size, input_size, nonlinearity):
        return Dense(matrix(rng, size, max(1, input_size), 1), bias(rng, size), nonlinearity=nonlinearity)

    return {f"dense-{nonlinearity}": partial(build, nonlinearity=nonlinearity) for nonlinearity in NONLINEARITIES}


def matrix_sequence():
    def build(rng, size, input_size):
        return MatrixSequence(np.stack([matrix(rng, size, size, 0.5) for _ in range(STEPS)]))

    return {"matrix-sequence": build}


def chain():
    def of(*layers):
        def build(rng, size, input_size):
            cells = []
            for layer in layers:
                cells.append(layer(rng, size, input_size))
                input_size = size
                size += 1
            return Chain(cells)

        return build

    lin, elm, den, seq = (kind() for kind in (linear, elman, dense, matrix_sequence))
    return {
        "chain-readout": of(elm["elman-tanh"], den["dense-identity"]),
        "chain-deep": of(elm["elman-tanh"], elm["elman-relu-leaky-sparse"], lin["linear"], elm["elman-sigmoid"]),
        "chain-dense-only": of(den["dense-tanh"], den["dense-relu"], den["dense-identity"]),
        "chain-dense-first": of(den["dense-elu"], elm["elman-tanh-leaky"]),
        "chain-dense-between": of(lin["linear-sparse"], den["dense-softplus"], elm["elman-tanh-sparse"]),
        "chain-matrix-sequence": of(seq["matrix-sequence"], elm["elman-tanh"], den["dense-tanh"]),
        "chain-of-one": of(elm["elman-tanh"]),
    }


EXAMPLES = {name: build for kind in (linear, elman, dense, matrix_sequence, chain) for name, build in kind().items()}

# One of each way through a backend, where all nonlinearities would add nothing.
KINDS = [name for name in EXAMPLES if not name.startswith(("elman-", "dense-"))] + [
    "elman-tanh",
    "elman-relu-leaky",
    "elman-sigmoid-sparse",
    "dense-tanh",
]


@dataclass
class Experiment:
    """A cell with inputs (None where it takes none) and a state to start from."""

    cell: Cell
    inputs: np.ndarray | None
    state: np.ndarray
    steps: int

    def run(self, backend, start=0, stop=None, *, cell=None, inputs=None, state=None, **options) -> Trajectory:
        """Steps start + 1 … stop; arguments given replace the experiment's own."""
        stop = self.steps if stop is None else stop
        inputs = self.inputs if inputs is None else inputs
        inputs = {"steps": stop - start} if inputs is None else {"inputs": inputs[start:stop]}
        state = self.state if state is None else state
        return simulate(from_step(cell or self.cell, start), **inputs, state=state, backend=backend, **options)


def from_step(cell, start):
    """The cell with its matrix sequences, if any, beginning after ``start`` steps."""
    later = {name: array[start:] for name, array in _matrices(cell)}
    return cell.replace(**later) if later else cell


def lasting(cell, steps):
    """The cell with its matrix sequences, if any, repeated until they last that many steps."""
    longer = {
        name: np.resize(array, (steps, *array.shape[1:])) for name, array in _matrices(cell) if len(array) < steps
    }
    return cell.replace(**longer) if longer else cell


def _matrices(cell):
    return [(name, array) for name, array in cell.parameters.items() if name.endswith("matrices")]


def experiment(name, dtype, *, size=5, input_size=2, steps=STEPS, batch=None, seed=0):
    rng = np.random.default_rng([seed, size, input_size])
    cell = lasting(EXAMPLES[name](rng, size, input_size).astype(dtype), steps)
    return experiment_on(cell, rng, steps=steps, batch=batch)


def experiment_on(cell, rng, *, steps=STEPS, batch=None):
    lead = () if batch is None else (batch,)
    inputs = rng.uniform(-1, 1, (steps, *lead, cell.input_size)).astype(cell.dtype) if cell.input_size else None
    return Experiment(cell, inputs, rng.uniform(-1, 1, (*lead, cell.state_size)).astype(cell.dtype), steps)


def tolerance(cell, *results):
    """How far two right answers may lie apart.

    A step sums k = (widest state + widest input + 2) products and applies φ (2 ULP) and the leak: 16 roundings cover
    what is not the sum, each of at most eps · (largest magnitude + 3). The recurrence at most doubles what comes in
    (1 + 1/2 + 1/4 …), a leak of 0.3 multiplies the roundings of its own two products by 7, and each layer passes on its
    error with a gain of at most 2. Two computations differ by twice that.
    """
    widest = 2 + max(layer.state_size + layer.input_size + layer.output_size for layer in cell.layers)
    largest = 3 + max((np.abs(result[np.isfinite(result)]).max(initial=0) for result in results), default=0)
    return 2 * 2.0 ** len(cell.layers) * (widest + 16) * np.finfo(cell.dtype).eps * largest
