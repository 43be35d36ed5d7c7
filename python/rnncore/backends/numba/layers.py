"""The layers of a chain over a chunk of steps: each receives from the one before what it did in all of them."""

import numpy as np

from .buffers import Buffer

# The buffers of a chunk stay in the second-level cache.
CHUNK_BYTES = 1 << 17


class Layers:
    """
    Attributes
    ----------
    slices : list of slice
        The part of the state that each layer owns.
    """

    def __init__(self, layers, cells):
        self.layers, self.cells = layers, cells
        ends = np.cumsum([cell.state_size for cell in cells])
        self.slices = [slice(end - cell.state_size, end) for cell, end in zip(cells, ends)]

    def buffers(self, steps, batch, dtype):
        return [Buffer(steps, batch, cell.output_size, dtype) for cell in self.cells]

    def simulate(self, inputs, steps, state, start, linearised=()):
        """For each chunk: the steps before it, the steps in it, the layers' buffers, and buffers with their slopes.

        There are slopes for the layers whose places are in ``linearised``, for others None. ``state`` changes when the
        last chunk has been dealt with.
        """
        dtype, batch = state.dtype, len(state)
        sizes = [0 if inputs is None else self.cells[0].input_size, *(cell.output_size for cell in self.cells)]
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
