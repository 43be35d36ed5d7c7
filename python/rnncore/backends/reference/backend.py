"""One step after the other, one layer after the other; Jacobians as matrices."""

import numpy as np

from ...cells import GRU, LSTM, DelayLine, Dense, Diagonal, Elman, GatedDiagonal, Linear, MatrixSequence
from ..protocol import GRADIENT_BLOCK
from .chain import ReferenceChain
from .delay_line import ReferenceDelayLine
from .dense import ReferenceDense
from .diagonal import ReferenceDiagonal
from .gated_diagonal import ReferenceGatedDiagonal
from .gru import ReferenceGRU
from .lstm import ReferenceLSTM
from .matrix_sequence import ReferenceMatrixSequence
from .orthonormalise import orthonormalise
from .recurrent import ReferenceElman, ReferenceLinear
from .scaling import log2_norms, rescale

CELLS = {
    Linear: ReferenceLinear,
    Elman: ReferenceElman,
    LSTM: ReferenceLSTM,
    GRU: ReferenceGRU,
    Diagonal: ReferenceDiagonal,
    GatedDiagonal: ReferenceGatedDiagonal,
    DelayLine: ReferenceDelayLine,
    Dense: ReferenceDense,
    MatrixSequence: ReferenceMatrixSequence,
}


class ReferenceProgram:
    def __init__(self, cell):
        self.chain = ReferenceChain([CELLS[type(layer)](layer) for layer in cell.layers], cell.layers)
        self.dtype, self.output_size = cell.dtype, cell.output_size

    def advance(self, inputs, steps, state, *, start, every, outputs, states, threads):
        kept = 0
        with np.errstate(all="ignore"):
            for index in range(steps):
                number = start + index + 1
                signal, state[...] = self.chain.step(number, _row(inputs, index), state)
                if states is not None:
                    states[index] = state
                if outputs is not None and number % every == 0:
                    outputs[kept] = signal
                    kept += 1

    def multiply(self, inputs, steps, state, block, exponents, *, start, every, norms, threads):
        kept = 0
        with np.errstate(all="ignore"):
            for index in range(steps):
                number, x = start + index + 1, _row(inputs, index)
                block[...] = self.chain.jacobian(number, x, state)[0] @ block
                rescale(block, exponents)
                state[...] = self.chain.step(number, x, state)[1]
                if norms is not None and number % every == 0:
                    norms[kept] = log2_norms(block, exponents)[:, 0]
                    kept += 1

    def pull_back(self, inputs, steps, state, block, exponents, *, start, labels, groups, norms, threads):
        with np.errstate(all="ignore"):
            jacobians = self._jacobians(inputs, steps, state.copy(), start)
            for index in reversed(range(steps)):
                block[...] = np.swapaxes(jacobians[index], 1, 2) @ block
                rescale(block, exponents)
                if norms is not None:
                    norms[index] = log2_norms(block, exponents, labels, groups)

    def orthonormalise(
        self, inputs, steps, state, block, *, start, interval, pool=1, growth, factors, exponents, frames, threads
    ):
        with np.errstate(all="ignore"):
            jacobians = self._jacobians(inputs, steps, state, start)
            _orthonormalise(jacobians, block, interval, pool, growth, factors, exponents, frames)

    def orthonormalise_back(
        self, inputs, steps, state, block, *, start, interval, pool=1, growth, factors, exponents, frames, threads
    ):
        with np.errstate(all="ignore"):
            jacobians = self._jacobians(inputs, steps, state.copy(), start)
            transposed = [np.swapaxes(jacobian, 1, 2) for jacobian in reversed(jacobians)]
            _orthonormalise(transposed, block, interval, pool, growth, factors, exponents, frames)

    def _jacobians(self, inputs, steps, state, start):
        """A_{start+1} … A_{start+steps}; ``state`` goes along."""
        jacobians = []
        for index in range(steps):
            number, x = start + index + 1, _row(inputs, index)
            jacobians.append(self.chain.jacobian(number, x, state)[0])
            state[...] = self.chain.step(number, x, state)[1]
        return jacobians

    def push_forward(
        self, inputs, steps, state, tangent, *, start, input_tangents, forcing, outputs, output_tangents, threads
    ):
        with np.errstate(all="ignore"):
            for index in range(steps):
                number, x = start + index + 1, _row(inputs, index)
                moved = self.chain.push_forward(
                    number, x, state, _row(input_tangents, index), tangent, _row(forcing, index)
                )
                outputs[index], state[...] = self.chain.step(number, x, state)
                output_tangents[index], tangent[...] = moved

    def tape_bytes(self, width):
        return width * self.chain.size * self.dtype.itemsize

    def block_bytes(self, width):
        """Jacobians of one step, by state and by inputs, and what products with them leave."""
        return 4 * width * self.chain.size * (self.chain.size + self.chain.cells[0].input_size) * self.dtype.itemsize

    def record(self, inputs, steps, state, *, start, outputs, threads):
        """The tape: the states before the steps, (S, B, n)."""
        tape = np.empty((steps, *state.shape), state.dtype)
        with np.errstate(all="ignore"):
            for index in range(steps):
                tape[index] = state
                signal, state[...] = self.chain.step(start + index + 1, _row(inputs, index), state)
                if outputs is not None:
                    outputs[index] = signal
        return tape

    def accumulate_gradients(
        self, tape, inputs, steps, cotangent, *,
        start, output_cotangents, cuts, parameters, input_cotangents, threads,
    ):  # fmt: skip
        none = np.zeros((len(cotangent), self.output_size), self.dtype)
        summed = [wanted.keys() - {"matrices"} for wanted in parameters]
        with np.errstate(all="ignore"):
            for first in reversed(range(0, steps, GRADIENT_BLOCK)):
                sums = [dict.fromkeys(names, 0) for names in summed]
                for index in reversed(range(first, min(steps, first + GRADIENT_BLOCK))):
                    by_input, cotangent[...], found = self.chain.pull_back(
                        start + index + 1, _row(inputs, index), tape[index], cotangent,
                        none if output_cotangents is None else output_cotangents[index],
                    )  # fmt: skip
                    if input_cotangents is not None:
                        input_cotangents[index] = by_input
                    if cuts is not None and cuts[index]:
                        cotangent[...] = 0
                    for wanted, of_layer, sums_of_layer in zip(parameters, found, sums):
                        if "matrices" in wanted:
                            wanted["matrices"][start + index] = of_layer["matrices"]
                        for name in sums_of_layer.keys() & of_layer.keys():
                            sums_of_layer[name] = sums_of_layer[name] + of_layer[name]
                for wanted, sums_of_layer in zip(parameters, sums):
                    for name, value in sums_of_layer.items():
                        wanted[name] += value


def _orthonormalise(matrices, block, interval, pool, growth, factors, exponents, frames):
    growth[...] = 0
    for number, first in enumerate(range(0, len(matrices), interval)):
        scale = np.zeros((len(block), block.shape[2]), np.int64)
        for matrix in matrices[first : first + interval]:
            block[...] = matrix @ block
            rescale(block, scale)
        for sequence, columns in enumerate(block):
            factor = orthonormalise(columns)
            growth[number // pool, sequence] += np.log(np.diag(factor).astype(np.float64)) + np.log(2) * scale[sequence]
            if factors is not None:
                factors[number, sequence], exponents[number, sequence] = factor, scale[sequence]
        if frames is not None:
            frames[number] = block


def _row(array, index):
    return None if array is None else array[index]


class ReferenceBackend:
    name = "reference"

    def unavailable(self):
        return None

    def prepare(self, cell):
        return ReferenceProgram(cell)

    def describe(self):
        return {"numpy": np.__version__}
