"""The layers of a chain over a chunk of steps: each receives from the one before what it did in all of them."""

import numpy as np

from ...cells import Dense, Elman, Linear, MatrixSequence
from .buffers import Buffer
from .dense import NumbaDense
from .matrix_sequence import NumbaMatrixSequence
from .recurrent import NumbaElman, NumbaLinear

CELLS = {
    Linear: NumbaLinear,
    Elman: NumbaElman,
    Dense: NumbaDense,
    MatrixSequence: NumbaMatrixSequence,
}

# The buffers of a chunk stay in the second-level cache.
CHUNK_BYTES = 1 << 17


class Layers:
    """
    Attributes
    ----------
    slices : list of slice
        The part of the state that each layer owns.
    """

    def __init__(self, cell):
        self.cells, self.input_size = cell.layers, cell.input_size
        self.layers = [CELLS[type(layer)](layer) for layer in cell.layers]
        ends = np.cumsum([layer.state_size for layer in cell.layers])
        self.slices = [slice(end - layer.state_size, end) for layer, end in zip(cell.layers, ends)]

    def buffers(self, steps, batch, dtype):
        return [Buffer(steps, batch, cell.output_size, dtype) for cell in self.cells]

    def simulate(self, inputs, steps, state, start, linearised=()):
        """Yields the steps done before a chunk, those in it, the layers' buffers; and buffers with the slopes of the
        layers in ``linearised`` (their places), else None. ``state`` goes along, and is what it will be in the end
        only after the last chunk."""
        dtype, batch = state.dtype, len(state)
        sizes = [0 if inputs is None else self.input_size, *(cell.output_size for cell in self.cells)]
        sizes += [self.cells[place].output_size for place in linearised]
        chunk = max(1, min(steps, CHUNK_BYTES // max(1, batch * sum(sizes) * dtype.itemsize)))
        received = Buffer(chunk, batch, sizes[0], dtype)
        buffers, slopes = self.buffers(chunk, batch, dtype), [None] * len(self.layers)
        for place in linearised:
            slopes[place] = Buffer(chunk, batch, self.cells[place].output_size, dtype)
        self.set_state(buffers, state)
        for first in range(0, steps, chunk):
            count = min(chunk, steps - first)
            signal = None
            if inputs is not None:
                received.values(count)[...] = inputs[first : first + count]
                signal = received
            for layer, buffer, z in zip(self.layers, buffers, slopes):
                layer.walk(start + first + 1, count, signal, buffer, z)
                if z is not None:
                    layer.linearise(count, z)
                signal = buffer
            yield first, count, buffers, slopes
            for buffer in buffers:
                buffer.steps[0] = buffer.steps[count]
        self.get_state(buffers, state)

    def set_state(self, buffers, state):
        """Row 0 of the buffers from the state."""
        for buffer, part in zip(buffers, self.slices):
            if part.stop > part.start:
                buffer.steps[0, :, : buffer.size] = state[:, part]

    def get_state(self, buffers, state):
        """The state from row 0 of the buffers."""
        for buffer, part in zip(buffers, self.slices):
            if part.stop > part.start:
                state[:, part] = buffer.steps[0, :, : buffer.size]
