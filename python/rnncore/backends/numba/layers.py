"""The layers of a chain over a chunk of steps: each receives from the one before what it did in all of them."""

from ...cells.base import state_slices
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
        self.slices = state_slices(cells)
        self.parts = [max(1, cell.state_size // cell.output_size) for cell in cells]

    def buffers(self, steps, batch, dtype):
        """Of the state of each layer, or of its output where it has none."""
        return [Buffer(steps, batch, cell.output_size, dtype, count) for cell, count in zip(self.cells, self.parts)]

    def drives(self, steps, batch, dtype, linearised=()):
        """The buffers z of the layers' walks; those in ``linearised`` with room for slopes."""
        return [
            Buffer(steps, batch, cell.output_size, dtype, count) if count else None
            for cell, count in zip(self.cells, self._drive_parts(linearised))
        ]

    def _drive_parts(self, linearised):
        return [layer.slopes if place in linearised else layer.drives for place, layer in enumerate(self.layers)]

    def simulate(self, inputs, steps, state, start, linearised=()):
        """For each chunk: the steps before it, the steps in it, the layers' buffers, and buffers with their slopes.

        There are slopes for the layers whose places are in ``linearised``. ``state`` changes when the last chunk has
        been dealt with.
        """
        dtype, batch = state.dtype, len(state)
        input_size = 0 if inputs is None else self.cells[0].input_size
        parts = map(sum, zip(self.parts, self._drive_parts(linearised)))
        row = input_size + sum(count * cell.output_size for count, cell in zip(parts, self.cells))
        chunk = max(1, min(steps, CHUNK_BYTES // max(1, batch * row * dtype.itemsize)))
        received = Buffer(chunk, batch, input_size, dtype)
        buffers, drives = self.buffers(chunk, batch, dtype), self.drives(chunk, batch, dtype, linearised)
        self.set_state(buffers, state)
        for first in range(0, steps, chunk):
            count = min(chunk, steps - first)
            signal = None
            if inputs is not None:
                received.values(count)[...] = inputs[first : first + count]
                signal = received
            for place, (layer, y, z) in enumerate(zip(self.layers, buffers, drives)):
                layer.walk(start + first + 1, count, signal, y, z)
                if place in linearised:
                    layer.linearise(count, y, z)
                signal = y
            yield first, count, buffers, drives
            for buffer in buffers:
                buffer.steps[0] = buffer.steps[count]
        self.get_state(buffers, state)

    def set_state(self, buffers, state):
        """Row 0 of the buffers from the state."""
        for buffer, part in zip(buffers, self.slices):
            if part.stop > part.start:
                buffer.steps[0, :, :, : buffer.size] = buffer.split(state[:, part])

    def get_state(self, buffers, state):
        """The state from row 0 of the buffers."""
        for buffer, part in zip(buffers, self.slices):
            if part.stop > part.start:
                buffer.split(state[:, part])[...] = buffer.steps[0, :, :, : buffer.size]
