"""Jacobians along a run, forward or backward: the trajectory gives the slopes, the slopes carry a block."""

from functools import cached_property

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
        self.sloped = [place for place in self.places if layers.layers[place].tangent.sloped]

    @cached_property
    def table(self):
        cells = [self.layers.cells[place] for place in self.places]
        forms = [self.layers.layers[place].tangent for place in self.places]
        return JacobianTable(cells, forms, self.layers.cells[0].dtype)

    def forward(self, inputs, steps, state, block, start, share, record):
        carried = CarriedBlock(self.table, block, share, record)
        for first, count, _, buffers in self.layers.simulate(inputs, steps, state, start, self.sloped):
            if first == 0:
                slopes = self._slopes(count, len(state))
            self._keep_slopes(buffers, slopes[:count])
            carried.walk(False, slopes[:count], self._matrices(start + first + 1, count), first, steps, start)
        carried.store(block)

    def backward(self, inputs, steps, state, block, start, share, record):
        carried = CarriedBlock(self.table, block, share, record)
        slopes = self._slopes(steps, len(state))
        if self.sloped:
            for first, count, _, buffers in self.layers.simulate(inputs, steps, state.copy(), start, self.sloped):
                self._keep_slopes(buffers, slopes[first : first + count])
        carried.walk(True, slopes, self._matrices(start + 1, steps), 0, steps, start)
        carried.store(block)

    def _slopes(self, steps, batch):
        return aligned_zeros((steps, batch, self.table.rows), self.layers.cells[0].dtype)

    def _keep_slopes(self, buffers, slopes):
        for place in self.sloped:
            buffer, rows = buffers[place], self.table.layer_rows(place - self.places.start)
            slopes[..., rows] = buffer.values(len(slopes))

    def _matrices(self, number, count):
        for place in self.places:
            layer = self.layers.layers[place]
            if layer.tangent.changing:
                return layer.matrices(number, count)
        nothing = np.zeros(0, self.layers.cells[0].dtype)
        nothing.flags.writeable = False  # as matrices are: one type for kernels
        return nothing
