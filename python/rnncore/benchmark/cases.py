"""What is timed: seeded networks that forget their start, driven by noise."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..cells import Chain, Dense, Elman, Linear

_SEED = 20_25
NONZEROS_A_ROW = 10


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
        return self.size * (min(self.size, NONZEROS_A_ROW) if self.cell == "elman sparse" else self.size)

    @property
    def operations(self):
        """Floating-point operations of one step's products, two per weight and sequence."""
        layers = 2 if self.cell == "chain" else 1
        return 2 * self.batch * layers * (self.recurrent_weights + self.size * self.input_size)


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


def _dense(rng, size, input_size, dtype):
    return Dense(_uniform(rng, (size, input_size), 0.5, dtype), _uniform(rng, size, 0.1, dtype), nonlinearity="tanh")


def _chain(rng, size, input_size, dtype):
    return Chain([_elman(rng, size, input_size, dtype), _elman(rng, size, size, dtype)])


CELLS = {
    "linear": _linear,
    "elman": _elman,
    "elman relu": _elman_relu,
    "elman sparse": _elman_sparse,
    "dense": _dense,
    "chain": _chain,
}
