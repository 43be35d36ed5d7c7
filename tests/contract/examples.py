"""The cells the contract is tested on: a new cell is a function here and its name in ``EXAMPLES``.

A function gives named builders ``build(rng, size, input_size) -> float64 cell``. Builders keep the ∞-norm of every
recurrent matrix at 1/2 and that of every input matrix at 1, biases within ±1. All φ have slopes in [0, 1], so an error
in the state at most halves from step to step, which is what ``tolerance`` counts on. ``tolerance`` says how the gated
cells keep to that; they are driven by signals within ±1.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy.sparse

from rnncore import (
    GRU,
    LSTM,
    Cell,
    Chain,
    DelayLine,
    Dense,
    Diagonal,
    Elman,
    GatedDiagonal,
    Linear,
    MatrixSequence,
    Trajectory,
    simulate,
)
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


def gate_biases(rng, size, gates, closing, count):
    """``count`` biases whose sum is within ±3, and between -4 and -2 for the gate ``closing``."""
    total = [rng.uniform(-4, -2, size) if gate == closing else rng.uniform(-3, 3, size) for gate in gates]
    return [np.concatenate(total) / count] * count


def lstm():
    def build(rng, size, input_size, biases=("bias_ih", "bias_hh"), peepholes=()):
        return LSTM(
            matrix(rng, 4 * size, size, 0.125),
            matrix(rng, 4 * size, input_size, 0.5) if input_size is not None else None,
            **dict(zip(biases, gate_biases(rng, size, "ifgo", "f", len(biases)))),
            **{name: rng.uniform(-0.125, 0.125, size) for name in peepholes},
        )

    def autonomous(rng, size, input_size):
        return build(rng, size, None, biases=["bias_hh"])

    return {
        "lstm": build,
        "lstm-peepholes": partial(build, peepholes=["weight_ci", "weight_cf", "weight_co"]),
        "lstm-one-bias-one-peephole": partial(build, biases=["bias_ih"], peepholes=["weight_co"]),
        "lstm-autonomous": autonomous,
    }


def gru():
    def build(rng, size, input_size, biases=("bias_ih", "bias_hh"), **options):
        return GRU(
            matrix(rng, 3 * size, size, 0.125),
            matrix(rng, 3 * size, input_size, 0.5) if input_size is not None else None,
            **dict(zip(biases, gate_biases(rng, size, "rzn", "z", len(biases)))),
            **options,
        )

    def autonomous(rng, size, input_size):
        return build(rng, size, None, biases=["bias_hh"])

    return {
        "gru": build,
        "gru-one-bias": partial(build, biases=["bias_ih"]),
        "gru-autonomous": autonomous,
        "gru-reset-before": partial(build, reset_after=False),
        "gru-reset-before-one-bias": partial(build, biases=["bias_hh"], reset_after=False),
    }


def diagonal():
    def build(rng, size, input_size):
        return Diagonal(rng.uniform(-0.5, 0.5, size), matrix(rng, size, input_size, 1), bias(rng, size))

    def build_complex(rng, size, input_size):
        weight_ih = matrix(rng, size, input_size, 1) + 1j * matrix(rng, size, input_size, 1)
        return Diagonal(eigenvalues(rng, size), weight_ih, bias(rng, size) + 1j * bias(rng, size))

    def autonomous(rng, size, input_size):
        return Diagonal(eigenvalues(rng, size))

    def eigenvalues(rng, size):
        return (rng.uniform(-1, 1, size) + 1j * rng.uniform(-1, 1, size)) / 4

    return {"diagonal": build, "diagonal-complex": build_complex, "diagonal-complex-autonomous": autonomous}


def gated_diagonal():
    def build(rng, size, input_size, **options):
        closed = options.get("gate_nonlinearity", "sigmoid") in ("sigmoid", "softplus")
        return GatedDiagonal(
            matrix(rng, size, input_size, 0.5),
            matrix(rng, size, input_size, 0.125),
            rng.uniform(-0.5, 0.5, size),
            rng.uniform(-3, -0.6, size) if closed else rng.uniform(-0.375, 0.375, size),
            **options,
        )

    def without_biases(rng, size, input_size):
        return GatedDiagonal(
            matrix(rng, size, input_size, 0.5), matrix(rng, size, input_size, 0.125), nonlinearity="elu"
        )

    of_input = {f"gated-diagonal-{name}": partial(build, nonlinearity=name) for name in NONLINEARITIES}
    of_gate = {
        f"gated-diagonal-gate-{name}": partial(build, nonlinearity="tanh", gate_nonlinearity=name)
        for name in NONLINEARITIES
    }
    return {"gated-diagonal-without-biases": without_biases, **of_input, **of_gate}


def delay_line():
    def build(rng, size, input_size):
        return DelayLine(-(-size // max(1, input_size)), max(1, input_size))

    def longer_than_the_run(rng, size, input_size):
        return DelayLine(STEPS + size, max(1, input_size))

    return {"delay-line": build, "delay-line-longer-than-the-run": longer_than_the_run}


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
                input_size = cells[-1].output_size
                size += 1
            return Chain(cells)

        return build

    def taps(steps):
        return lambda rng, size, input_size: DelayLine(steps, input_size)

    lin, elm, den, seq = (kind() for kind in (linear, elman, dense, matrix_sequence))
    mem, gat, dia, gdi, line = (kind() for kind in (lstm, gru, diagonal, gated_diagonal, delay_line))
    return {
        "chain-readout": of(elm["elman-tanh"], den["dense-identity"]),
        "chain-deep": of(elm["elman-tanh"], elm["elman-relu-leaky-sparse"], lin["linear"], elm["elman-sigmoid"]),
        "chain-dense-only": of(den["dense-tanh"], den["dense-relu"], den["dense-identity"]),
        "chain-dense-first": of(den["dense-elu"], elm["elman-tanh-leaky"]),
        "chain-dense-between": of(lin["linear-sparse"], den["dense-softplus"], elm["elman-tanh-sparse"]),
        "chain-matrix-sequence": of(seq["matrix-sequence"], elm["elman-tanh"], den["dense-tanh"]),
        "chain-of-one": of(elm["elman-tanh"]),
        "chain-gated": of(mem["lstm-peepholes"], gat["gru"], den["dense-tanh"]),
        "chain-gated-deep": of(elm["elman-tanh"], gat["gru-reset-before"], mem["lstm"], elm["elman-relu-leaky-sparse"]),
        "chain-diagonal": of(dia["diagonal-complex"], den["dense-tanh"], gdi["gated-diagonal-identity"], lin["linear"]),
        "chain-diagonal-last": of(den["dense-tanh"], gdi["gated-diagonal-gate-identity"], dia["diagonal-complex"]),
        "chain-lstm-last": of(dia["diagonal"], den["dense-tanh"], mem["lstm"]),
        "chain-delay-line": of(line["delay-line"], den["dense-tanh"], den["dense-identity"]),
        "chain-delay-lines": of(elm["elman-tanh"], taps(2), mem["lstm"], taps(3), den["dense-tanh"], taps(1)),
    }


_ALL = (linear, elman, lstm, gru, diagonal, gated_diagonal, delay_line, dense, matrix_sequence, chain)
EXAMPLES = {name: build for kind in _ALL for name, build in kind().items()}

# One of each way through a backend, where all nonlinearities would add nothing.
_MANY = ("elman-", "dense-", "lstm-", "gru-", "diagonal-", "gated-diagonal-")
KINDS = [name for name in EXAMPLES if not name.startswith(_MANY)] + [
    "elman-tanh",
    "elman-relu-leaky",
    "elman-sigmoid-sparse",
    "lstm-peepholes",
    "lstm-autonomous",
    "gru-reset-before",
    "diagonal-complex",
    "gated-diagonal-identity",
    "gated-diagonal-gate-identity",
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

    Gated cells at most quadruple it. Let e be the error of the state, δ that of a gate's argument, δ + e / 8 with what
    the recurrent matrices of ∞-norm 1/8 make of e. The closing gate's bias is -2 at most, so that gate is below 1/4:

    LSTM: its argument is at most 1/8 + 1/2 + |c| / 8 - 2 with |c| ≤ 4/3, f < 0.24, and slopes of σ are at most 1/4, so
    e_c ≤ f e_c + (|c| / 4 + 1/4 + 1) (δ + e_h / 8) + (|c| / 4 + 1/4) e_c / 8 and e_h ≤ 1.03 e_c + (δ + e_h / 8) / 4,
    which e_c = 3.4 δ, e_h = 3.9 δ solve.
    GRU: e ≤ z e + |h - n| σ'(z) (δ + e / 8) + (1 + |q| / 4) (δ + e / 8), z < 0.21, σ' < 0.17, |h - n| ≤ 2, |q| < 1.7,
    which e = 3.1 δ solves.
    GatedDiagonal: gates within ±1/2 (without biases below 0.54, at |c| ≤ 1.1) and |c| ≤ 2.7, so e ≤ e / 2 + 1.7 δ at
    slopes of the gate up to 1/4; at slopes up to 1 gates are small numbers, whose own error is below δ / 8.

    Their input matrices have norms of 1/2 and less (1/8 for gates of GatedDiagonal): the gain of such a layer is below
    2 as well. That of a DelayLine, which rounds nothing, is 1.
    """
    widest = 2 + max(layer.state_size + layer.input_size + layer.output_size for layer in cell.layers)
    largest = 3 + max((np.abs(result[np.isfinite(result)]).max(initial=0) for result in results), default=0)
    gated = any(isinstance(layer, (LSTM, GRU, GatedDiagonal)) for layer in cell.layers)
    return (4 if gated else 2) * 2.0 ** len(cell.layers) * (widest + 16) * np.finfo(cell.dtype).eps * largest
