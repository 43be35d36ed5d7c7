"""Jacobians along a run, forward or backward: the trajectory gives the slopes, the slopes carry a block."""

import numpy as np

from .buffers import aligned_zeros
from .carried_block import CarriedBlock
from .jacobian_table import JacobianTable


class TangentWalks:
    """Layers before the first with a state and behind the last take no part in the Jacobian of the state."""

    def __init__(self, layers):
        self.layers = layers
        stateful = [place for place, cell in enumerate(layers.cells) if cell.state_size]
        self.places = range(stateful[0], stateful[-1] + 1) if stateful else range(0)
        self.sloped = [place for place in self.places if layers.layers[place].slopes]
        self.changing = any(layers.layers[place].changing for place in self.places)
        self._tables = {}

    def _table(self, back, columns):
        """A matrix that is another at each step is worth no packing for the product with a single column."""
        single = columns == 1 and not self.changing
        if (back, single) not in self._tables:
            cells = [self.layers.cells[place] for place in self.places]
            layers = [self.layers.layers[place] for place in self.places]
            self._tables[back, single] = JacobianTable(cells, layers, self.layers.cells[0].dtype, back, single)
        return self._tables[back, single]

    def forward(self, inputs, steps, state, block, start, share, record):
        table = self._table(False, block.shape[2])
        carried = CarriedBlock(table, block, share, record)
        for first, count, _, buffers in self.layers.simulate(inputs, steps, state, start, self.sloped):
            if first == 0:
                slopes = self._slopes(table, count, len(state))
            self._keep_slopes(table, buffers, slopes[:count])
            carried.walk(slopes[:count], self._matrices(start + first + 1, count), first, steps, start)
        carried.store(block)

    def backward(self, inputs, steps, state, block, start, share, record):
        table = self._table(True, block.shape[2])
        carried = CarriedBlock(table, block, share, record)
        slopes = self._slopes(table, steps, len(state))
        if self.sloped:
            for first, count, _, buffers in self.layers.simulate(inputs, steps, state.copy(), start, self.sloped):
                self._keep_slopes(table, buffers, slopes[first : first + count])
        carried.walk(slopes, self._matrices(start + 1, steps), 0, steps, start)
        carried.store(block)

    def _slopes(self, table, steps, batch):
        return aligned_zeros((steps, batch, table.slope_rows), self.layers.cells[0].dtype)

    def _keep_slopes(self, table, buffers, slopes):
        for place in self.sloped:
            buffer, first = buffers[place], table.slope_places[place - self.places.start]
            rows = buffer.steps[1 : len(slopes) + 1].reshape(*slopes.shape[:2], -1)
            slopes[..., first : first + buffer.stride] = rows

    def _matrices(self, number, count):
        for place in self.places:
            layer = self.layers.layers[place]
            if layer.changing:
                return layer.matrices(number, count)
        nothing = np.zeros(0, self.layers.cells[0].dtype)
        nothing.flags.writeable = False  # as matrices are: one type for kernels
        return nothing
