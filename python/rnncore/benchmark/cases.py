"""What is timed: seeded networks that forget their start, driven by noise."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..cells import GRU, LSTM, Chain, DelayLine, Dense, Diagonal, Elman, GatedDiagonal, Linear

_SEED = 20_25
NONZEROS_A_ROW = 10
# Rows of weights that a unit has: of the recurrent matrix, of the inputs' matrix.
_GATES = {
    "lstm": (4, 4),
    "gru": (3, 3),
    "gru reset before": (3, 3),
    "diagonal complex": (0, 2),
    "gated diagonal": (0, 2),
    "delay line": (0, 0),
}
_FUNCTIONS = {
    "lstm": 5,
    "gru": 3,
    "gru reset before": 3,
    "linear": 0,
    "diagonal": 0,
    "diagonal complex": 0,
    "delay line": 0,
}


@dataclass(frozen=True)
class Case:
    """One cell at one size: ``batch`` sequences side by side, dtype as NumPy names it."""

    cell: str
    size: int
    batch: int = 1
    dtype: str = "float32"
    input_size: int = 16

    def __str__(self):
        return f"{self.cell} n={self.size} B={self.batch} {self.dtype}"

    def build(self):
        """The cell; the same weights every time."""
        return CELLS[self.cell](np.random.default_rng(_SEED), self.size, self.input_size, np.dtype(self.dtype))

    def inputs(self, steps):
        """``(steps, batch, input_size)``; a longer series begins with the shorter ones."""
        shape = (steps, self.batch, self.input_size)
        return np.random.default_rng(_SEED + 1).standard_normal(shape, np.dtype(self.dtype))

    @property
    def recurrent_weights(self):
        """How many weights every step must read."""
        if "diagonal" in self.cell:
            return self.size * (2 if "complex" in self.cell else 1)
        return self._gates[0] * self.size * (min(self.size, NONZEROS_A_ROW) if "sparse" in self.cell else self.size)

    @property
    def operations(self):
        """Floating-point operations of one step's products, two per weight and sequence."""
        layers = 2 if self.cell == "chain" else 1
        return 2 * self.batch * layers * (self.recurrent_weights + self._gates[1] * self.size * self.input_size)

    @property
    def functions(self):
        """How many values of tanh or the like one step takes, as fast as tanh or faster."""
        return self.batch * self.size * _FUNCTIONS.get(self.cell, 1)

    @property
    def _gates(self):
        return _GATES.get(self.cell, (1, 1))


def _uniform(rng, shape, bound, dtype):
    return rng.uniform(-bound, bound, shape).astype(dtype)


def _recurrence(rng, size, input_size, dtype):
    """Spectral radius near 0.8: a uniform matrix of bound b has radius b √(n / 3)."""
    return _uniform(rng, (size, size), 0.8 * (3 / size) ** 0.5, dtype), _uniform(rng, (size, input_size), 0.5, dtype)


def _linear(rng, size, input_size, dtype):
    return Linear(*_recurrence(rng, size, input_size, dtype), _uniform(rng, size, 0.1, dtype))


def _elman(rng, size, input_size, dtype, **options):
    return Elman(*_recurrence(rng, size, input_size, dtype), _uniform(rng, size, 0.1, dtype), **options)


def _elman_relu(rng, size, input_size, dtype):
    return _elman(rng, size, input_size, dtype, nonlinearity="relu")


def _elman_sparse(rng, size, input_size, dtype):
    count = min(size, NONZEROS_A_ROW)
    columns = np.concatenate([rng.choice(size, count, replace=False) for _ in range(size)])
    values = _uniform(rng, size * count, 0.8 * (3 / count) ** 0.5, dtype)
    weight_hh = sparse.csr_array((values, columns, count * np.arange(size + 1)), shape=(size, size))
    return Elman(weight_hh, _uniform(rng, (size, input_size), 0.5, dtype), _uniform(rng, size, 0.1, dtype), leak=0.3)


def _gated(rng, gates, size, input_size, dtype):
    weight_hh = np.concatenate([_recurrence(rng, size, input_size, dtype)[0] for _ in range(gates)])
    rows = gates * size
    return weight_hh, _uniform(rng, (rows, input_size), 0.5, dtype), _uniform(rng, rows, 0.1, dtype)


def _lstm(rng, size, input_size, dtype):
    return LSTM(*_gated(rng, 4, size, input_size, dtype), np.zeros(4 * size, dtype))


def _gru(rng, size, input_size, dtype, **options):
    return GRU(*_gated(rng, 3, size, input_size, dtype), _uniform(rng, 3 * size, 0.1, dtype), **options)


def _gru_reset_before(rng, size, input_size, dtype):
    return _gru(rng, size, input_size, dtype, reset_after=False)


def _diagonal(rng, size, input_size, dtype):
    decay = rng.uniform(0.5, 0.99, size).astype(dtype)
    return Diagonal(decay, _uniform(rng, (size, input_size), 0.5, dtype), _uniform(rng, size, 0.1, dtype))


def _diagonal_complex(rng, size, input_size, dtype):
    held_as = np.result_type(dtype, np.complex64)
    decay = rng.uniform(0.5, 0.99, size) * np.exp(1j * rng.uniform(-np.pi, np.pi, size))
    weight_ih = _uniform(rng, (size, 2 * input_size), 0.5, dtype).view(held_as)
    return Diagonal(decay.astype(held_as), weight_ih, _uniform(rng, size, 0.1, dtype))


def _gated_diagonal(rng, size, input_size, dtype):
    weights = (_uniform(rng, (size, input_size), 0.5, dtype) for _ in range(2))
    return GatedDiagonal(*weights, _uniform(rng, size, 0.1, dtype), np.ones(size, dtype))


def _delay_line(rng, size, input_size, dtype):
    return DelayLine(max(1, size // input_size), input_size, dtype=dtype)


def _dense(rng, size, input_size, dtype):
    return Dense(_uniform(rng, (size, input_size), 0.5, dtype), _uniform(rng, size, 0.1, dtype), nonlinearity="tanh")


def _chain(rng, size, input_size, dtype):
    return Chain([_elman(rng, size, input_size, dtype), _elman(rng, size, size, dtype)])


CELLS = {
    "linear": _linear,
    "elman": _elman,
    "elman relu": _elman_relu,
    "elman sparse": _elman_sparse,
    "lstm": _lstm,
    "gru": _gru,
    "gru reset before": _gru_reset_before,
    "diagonal": _diagonal,
    "diagonal complex": _diagonal_complex,
    "gated diagonal": _gated_diagonal,
    "delay line": _delay_line,
    "dense": _dense,
    "chain": _chain,
}
