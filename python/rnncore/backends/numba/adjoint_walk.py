"""Back-propagation through time along the tapes of the groups of a batch.

For each chunk of steps and each group the cotangents are worked out layer by layer from the last; what they give to the
parameters is summed block by block, group by group, in the same order on any number of threads.
"""

from itertools import repeat

import numpy as np

from ..protocol import GRADIENT_BLOCK
from .block_sums import BlockSums, Scratch
from .buffers import Buffer
from .layers import receive
from .sharing import side_by_side

# A chunk is a block, or where there is one group as many as keep its cotangents in the second-level cache.
# With 128 KB of them Python makes the way back a third longer (Elman network, n = 64, one sequence).
CHUNK_BYTES = 1 << 20


class Bench:
    """Work memory: cotangents of what each layer gave, y, of what its weights did, z, of its state, and of inputs."""

    def __init__(self, layers, steps, batch):
        cells = layers.cells
        dtype, input_size = cells[0].dtype, cells[0].input_size
        self.inputs, self.by_inputs = (Buffer(steps, batch, input_size, dtype) for _ in range(2))
        self.y = [Buffer(steps, batch, cell.output_size, dtype) for cell in cells]
        self.z = [
            Buffer(steps, batch, cell.output_size, dtype, layer.cotangents) if layer.cotangents else None
            for cell, layer in zip(cells, layers.layers)
        ]
        self.carried = layers.buffers(0, batch, dtype)
        self.scratch = Scratch(dtype)


class AdjointWalk:
    """Arguments are those of ``protocol.Program.accumulate_gradients``, of the whole batch."""

    def __init__(self, layers, inputs, cotangent, start, output_cotangents, cuts, parameters, input_cotangents):
        self.layers, self.inputs, self.cotangent, self.start = layers, inputs, cotangent, start
        self.output_cotangents, self.parameters, self.input_cotangents = output_cotangents, parameters, input_cotangents
        self.cuts = np.zeros(0, bool) if cuts is None else np.array(cuts)
        asked = [place for place, cell in enumerate(layers.cells) if cell.state_size or parameters[place]]
        self.lowest = 0 if input_cotangents is not None else min(asked, default=len(layers.cells))

    def go_back(self, tapes, steps, threads):
        for wanted in self.parameters:
            if "matrices" in wanted:
                wanted["matrices"][self.start : self.start + steps] = 0
        chunk = self._chunk(len(tapes))
        benches = [{} for _ in range(threads)]
        with side_by_side(threads) as run:
            for first in reversed(range(0, steps, chunk)):
                for number in range(0, len(tapes), threads):
                    part = repeat(chunk), repeat(first), repeat(min(chunk, steps - first))
                    for sums in run(self._pull_back, tapes[number : number + threads], benches, *part):
                        self._add(sums, first)

    def _chunk(self, groups):
        """The sums of a block are added group by group: where there are several a chunk is one block."""
        if groups > 1:
            return GRADIENT_BLOCK
        layers = zip(self.layers.cells, self.layers.layers)
        numbers = 2 * self.layers.cells[0].input_size
        numbers += sum(cell.output_size * (1 + layer.cotangents) for cell, layer in layers)
        block = GRADIENT_BLOCK * self.cotangent.itemsize * max(1, len(self.cotangent)) * numbers
        return GRADIENT_BLOCK * max(1, CHUNK_BYTES // block)

    def _pull_back(self, tape, benches, chunk, first, count):
        """The sums of a chunk of one group, by the places of the layers."""
        layers, group, rows = self.layers, tape.sequences, slice(first, first + count)
        batch = group.stop - group.start
        if batch not in benches:  # groups have one of two sizes
            benches[batch] = Bench(layers, chunk, batch)
        bench, found, cotangent = benches[batch], {}, self.cotangent[group]
        states, slopes = tape.window(first, count)
        received = receive(bench.inputs, None if self.inputs is None else self.inputs[:, group], first, count)
        below = bench.by_inputs if self.input_cotangents is not None else None
        signals, senders = [received, *states], [below, *bench.y]
        last = self.output_cotangents
        bench.y[-1].values(count)[...] = 0 if last is None else last[rows, group]
        layers.set_state(bench.carried, cotangent)
        with np.errstate(all="ignore"):
            for place in reversed(range(self.lowest, len(layers.layers))):
                layer, y, z = layers.layers[place], bench.y[place], bench.z[place]
                number, cuts, carried = self.start + first + 1, self.cuts[rows], bench.carried[place]
                layer.pull_back(number, count, slopes[place], cuts, carried, y, z)
                z = y if z is None else z
                if senders[place] is not None:
                    layer.pull_input(count, z, senders[place])
                if self.parameters[place]:
                    found[place] = BlockSums(self.parameters[place], count, batch, bench.scratch)
                    layer.sum_gradients(found[place], signals[place], states[place], slopes[place], z)
        layers.get_state(bench.carried, cotangent)
        if below is not None:
            self.input_cotangents[rows, group] = below.values(count)
        return found

    def _add(self, found, first):
        with np.errstate(all="ignore"):
            for place, sums in found.items():
                sums.add_to(self.parameters[place], self.start + first)
