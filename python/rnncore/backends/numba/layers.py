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
        chunk = self.chunk(steps, batch, dtype, linearised)
        received = Buffer(chunk, batch, self.cells[0].input_size, dtype)
        buffers, drives = self.buffers(chunk, batch, dtype), self.drives(chunk, batch, dtype, linearised)
        self.set_state(buffers, state)
        for first in range(0, steps, chunk):
            count = min(chunk, steps - first)
            signal = receive(received, inputs, first, count)
            self.walk(start + first + 1, count, signal, buffers, drives, linearised)
            yield first, count, buffers, drives
            for buffer in buffers:
                buffer.steps[0] = buffer.steps[count]
        self.get_state(buffers, state)

    def chunk(self, steps, batch, dtype, linearised):
        """How many of the steps to walk at a time."""
        parts = map(sum, zip(self.parts, self._drive_parts(linearised)))
        row = self.cells[0].input_size + sum(count * cell.output_size for count, cell in zip(parts, self.cells))
        return max(1, min(steps, CHUNK_BYTES // max(1, batch * row * dtype.itemsize)))

    def walk(self, number, count, signal, buffers, drives, linearised):
        """Layer after layer through the ``count`` steps from ``number`` on; ``signal``: the first one's input."""
        for place, (layer, y, z) in enumerate(zip(self.layers, buffers, drives)):
            layer.walk(number, count, signal, y, z)
            if place in linearised:
                layer.linearise(count, y, z)
            signal = y

    def set_state(self, buffers, state):
        """Row 0 of the buffers from the state."""
        for buffer, part in zip(buffers, self.slices):
            if part.stop > part.start:
                buffer.steps[0, :, :, : buffer.size] = buffer.split(state[:, part])

    def get_state(self, buffers, state, row=0):
        """The state from one row of the buffers."""
        for buffer, part in zip(buffers, self.slices):
            if part.stop > part.start:
                buffer.split(state[:, part])[...] = buffer.steps[row, :, :, : buffer.size]


def receive(buffer, inputs, first, count):
    """The buffer with the inputs of the ``count`` steps after ``first``; None where there are none."""
    if inputs is None:
        return None
    buffer.values(count)[...] = inputs[first : first + count]
    return buffer
