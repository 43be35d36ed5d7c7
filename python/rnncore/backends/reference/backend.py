"""One step after the other, one layer after the other."""

import numpy as np

from ...cells import Dense, Elman, Linear, MatrixSequence
from .dense import ReferenceDense
from .matrix_sequence import ReferenceMatrixSequence
from .recurrent import ReferenceElman, ReferenceLinear

CELLS = {
    Linear: ReferenceLinear,
    Elman: ReferenceElman,
    Dense: ReferenceDense,
    MatrixSequence: ReferenceMatrixSequence,
}


class ReferenceProgram:
    def __init__(self, cell):
        self.layers = [CELLS[type(layer)](layer) for layer in cell.layers]
        ends = np.cumsum([layer.state_size for layer in cell.layers])
        self.slices = [slice(end - layer.state_size, end) for layer, end in zip(cell.layers, ends)]

    def advance(self, inputs, steps, state, *, start, every, outputs, states, threads):
        kept = 0
        with np.errstate(all="ignore"):
            for index in range(steps):
                signal = None if inputs is None else inputs[index]
                for layer, part in zip(self.layers, self.slices):
                    signal, state[:, part] = layer.step(start + index + 1, signal, state[:, part])
                if states is not None:
                    states[index] = state
                if outputs is not None and (start + index + 1) % every == 0:
                    outputs[kept] = signal
                    kept += 1


class ReferenceBackend:
    name = "reference"

    def unavailable(self):
        return None

    def prepare(self, cell):
        return ReferenceProgram(cell)

    def describe(self):
        return {"numpy": np.__version__}
