"""The walks of one cell; the sequences of a batch are shared among threads."""

import numpy as np

from ...cells import GRU, LSTM, DelayLine, Dense, Diagonal, Elman, GatedDiagonal, Linear, MatrixSequence
from ..protocol import GRADIENT_BLOCK
from .adjoint_walk import AdjointWalk
from .carried_block import Record
from .delay_line import NumbaDelayLine
from .dense import NumbaDense
from .diagonal import NumbaDiagonal
from .gated_diagonal import NumbaGatedDiagonal
from .gru import NumbaGRU
from .layers import Layers
from .lstm import NumbaLSTM
from .matrix_sequence import NumbaMatrixSequence
from .push_forward import push_forward
from .recurrent import NumbaElman, NumbaLinear
from .reset_before_gru import NumbaResetBeforeGRU
from .sharing import share_sequences, side_by_side, worth
from .tangent_walks import TangentWalks
from .tape import TapeRecorder, groups

CELLS = {
    Linear: NumbaLinear,
    Elman: NumbaElman,
    Dense: NumbaDense,
    MatrixSequence: NumbaMatrixSequence,
    LSTM: NumbaLSTM,
    GRU: lambda cell: NumbaGRU(cell) if cell.reset_after else NumbaResetBeforeGRU(cell),
    Diagonal: NumbaDiagonal,
    GatedDiagonal: NumbaGatedDiagonal,
    DelayLine: NumbaDelayLine,
}


class NumbaProgram:
    def __init__(self, cell):
        self.layers = Layers([CELLS[type(layer)](layer) for layer in cell.layers], cell.layers)
        self.tangents = TangentWalks(self.layers)
        self.recorder = TapeRecorder(self.layers)
        self.units = sum(layer.output_size for layer in cell.layers)

    def advance(self, inputs, steps, state, *, start, every, outputs, states, threads):
        def walk(share):
            parts = [None if array is None else array[:, share] for array in (inputs, outputs, states)]
            self._advance(parts[0], steps, state[share], start, every, *parts[1:])

        share_sequences(walk, len(state), steps * len(state) * self.units, threads)

    def _advance(self, inputs, steps, state, start, every, outputs, states):
        kept = 0
        for first, count, buffers, _ in self.layers.simulate(inputs, steps, state, start):
            if states is not None:
                for part, buffer in zip(self.layers.slices, buffers):
                    if part.stop > part.start:
                        buffer.split(states[first : first + count, :, part])[...] = buffer.rows(count)
            if outputs is not None:
                rows = buffers[-1].values(count)[-(start + first + 1) % every :: every]
                outputs[kept : kept + len(rows)] = rows
                kept += len(rows)

    def multiply(self, inputs, steps, state, block, exponents, *, start, every, norms, threads):
        norms = None if norms is None else norms[:, :, None]
        record = Record(exponents, every=every, norms=norms)
        self._carry(self.tangents.forward, inputs, steps, state, block, start, record, threads)

    def pull_back(self, inputs, steps, state, block, exponents, *, start, labels, groups, norms, threads):
        record = Record(exponents, labels=labels, norms=norms)
        self._carry(self.tangents.backward, inputs, steps, state, block, start, record, threads)

    def orthonormalise(
        self, inputs, steps, state, block, *, start, interval, pool=1, growth, factors, exponents, frames, threads
    ):
        scale = np.zeros((len(block), block.shape[2]), np.int64)
        growth[...] = 0
        record = Record(scale, 1, None, None, interval, pool, growth, factors, exponents, frames)
        self._carry(self.tangents.forward, inputs, steps, state, block, start, record, threads)

    def orthonormalise_back(
        self, inputs, steps, state, block, *, start, interval, pool=1, growth, factors, exponents, frames, threads
    ):
        scale = np.zeros((len(block), block.shape[2]), np.int64)
        growth[...] = 0
        record = Record(scale, 1, None, None, interval, pool, growth, factors, exponents, frames)
        self._carry(self.tangents.backward, inputs, steps, state, block, start, record, threads)

    def _carry(self, walk, inputs, steps, state, block, start, record, threads):
        def part(share):
            received = None if inputs is None else inputs[:, share]
            walk(received, steps, state[share], block[share], start, share, record)

        share_sequences(part, len(state), steps * block.size, threads)

    def push_forward(
        self, inputs, steps, state, tangent, *, start, input_tangents, forcing, outputs, output_tangents, threads
    ):
        def part(share):
            arrays = inputs, input_tangents, forcing, outputs, output_tangents
            received, *others = (None if array is None else array[:, share] for array in arrays)
            push_forward(self.layers, received, steps, state[share], tangent[share], start, *others)

        share_sequences(part, len(state), steps * len(state) * self.units, threads)

    def tape_bytes(self, width):
        return self.recorder.step_bytes(width)

    def block_bytes(self, width):
        """Cotangents of what is on a tape, of one block: threads share it by groups of sequences."""
        return GRADIENT_BLOCK * self.tape_bytes(width)

    def record(self, inputs, steps, state, *, start, outputs, threads):
        def part(group):
            received, kept = (None if array is None else array[:, group] for array in (inputs, outputs))
            return self.recorder.record(group, received, steps, state[group], start, kept)

        shares = groups(len(state), self.units)
        with side_by_side(worth(threads, len(shares), steps * len(state) * self.units)) as run:
            return list(run(part, shares))

    def accumulate_gradients(
        self, tape, inputs, steps, cotangent, *,
        start, output_cotangents, cuts, parameters, input_cotangents, threads,
    ):  # fmt: skip
        arrays = inputs, cotangent, start, output_cotangents, cuts, parameters, input_cotangents
        threads = worth(threads, len(tape), steps * len(cotangent) * self.units)
        AdjointWalk(self.layers, *arrays).go_back(tape, steps, threads)
