"""Cells that do not forget, in numbers that do not round.

Recurrent parts are signed permutations, or -1, 0 and 1; weights, inputs and states are small integers. In the steps
that are tested everything stays below 2^24, so every sum is exact in float32 in whatever order it is taken: a scan must
give the very numbers of the sequential walk, and a carry that is wrong or missing is a wrong integer.
"""

import numpy as np
import scipy.sparse

from rnncore import Chain, DelayLine, Dense, Diagonal, GatedDiagonal, Linear

INPUTS = 3


def integers(rng, most, *shape):
    return rng.integers(-most, most + 1, shape).astype(float)


def signed_permutation(rng, size):
    return np.eye(size)[rng.permutation(size)] * rng.choice([-1.0, 1.0], size)


def linear(rng, size, input_size=INPUTS):
    return Linear(signed_permutation(rng, size), integers(rng, 2, size, input_size), integers(rng, 2, size))


def sparse(rng, size):
    cell = linear(rng, size)
    return cell.replace(weight_hh=scipy.sparse.csr_array(cell.parameters["weight_hh"]))


def autonomous(rng, size):
    return Linear(signed_permutation(rng, size), bias=integers(rng, 2, size))


def diagonal(rng, size):
    return Diagonal(rng.choice([-1.0, 0.0, 1.0], size), integers(rng, 2, size, INPUTS), integers(rng, 2, size))


def diagonal_autonomous(rng, size):
    return Diagonal(rng.choice([-1.0, 1.0], size), bias=integers(rng, 2, size))


def diagonal_complex(rng, size):
    weight_ih = integers(rng, 2, size, INPUTS) + 1j * integers(rng, 2, size, INPUTS)
    return Diagonal(rng.choice([1, -1, 1j, -1j], size), weight_ih, integers(rng, 2, size))


def gated(rng, size, input_size=INPUTS):
    """The first input is the gate of all units, the others feed them."""
    weight_ih, weight_gate = np.zeros((2, size, input_size))
    weight_ih[:, 1:] = integers(rng, 2, size, input_size - 1)
    weight_gate[:, 0] = 30 * rng.choice([-1.0, 1.0], size)  # tanh(30) rounds to 1
    return GatedDiagonal(weight_ih, weight_gate, integers(rng, 2, size), gate_nonlinearity="tanh")


def gated_by_identity(rng, size):
    cell = gated(rng, size)
    return cell.replace(weight_gate=cell.parameters["weight_gate"] / 30, gate_nonlinearity="identity")


def chain(rng, size):
    first, second = linear(rng, size), diagonal(rng, size)
    second = second.replace(weight_ih=signed_permutation(rng, size))
    return Chain([first, Dense(signed_permutation(rng, size)), second, Dense(np.eye(2, size)), Dense(np.eye(2)[::-1])])


def chain_without_readout(rng, size):
    first = Dense(integers(rng, 1, size, INPUTS))
    return Chain([first, Linear(signed_permutation(rng, size), np.eye(size)), gated(rng, size + 1, size)])


def delay_line(rng, size):
    return DelayLine(size, INPUTS)


def chain_delayed(rng, size):
    line = DelayLine(2, size)
    return Chain([linear(rng, size), line, linear(rng, size, 2 * size), DelayLine(3, size), Dense(np.eye(2, 3 * size))])


EXAMPLES = [
    linear, sparse, autonomous, diagonal, diagonal_autonomous, diagonal_complex, gated, gated_by_identity,
    delay_line, chain, chain_without_readout, chain_delayed,
]  # fmt: skip


def experiment(build, dtype, *, steps, size=5, batch=None, seed=0):
    """A cell, its inputs as keywords of ``simulate``, and a state, all integers."""
    rng = np.random.default_rng([seed, size, steps])
    cell = build(rng, size).astype(dtype)
    lead = () if batch is None else (batch,)
    run = {"inputs": integers(rng, 1, steps, *lead, cell.input_size)} if cell.input_size else {"steps": steps}
    return cell, run | {"state": integers(rng, 3, *lead, cell.state_size)}
