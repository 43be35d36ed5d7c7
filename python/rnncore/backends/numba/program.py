"""Chunks of steps, handed on from layer to layer; sequences of a batch side by side in threads."""

from concurrent.futures import ThreadPoolExecutor

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
# A number of output takes 5 ns at least: this many are worth the 0.1 ms that a thread takes to start.
NUMBERS_PER_THREAD = 1 << 14


class NumbaProgram:
    def __init__(self, cell):
        self.cell = cell
        self.layers = [CELLS[type(layer)](layer) for layer in cell.layers]
        ends = np.cumsum([layer.state_size for layer in cell.layers])
        self.slices = [slice(end - layer.state_size, end) for layer, end in zip(cell.layers, ends)]

    def advance(self, inputs, steps, state, *, start, every, outputs, states, threads):
        numbers = steps * len(state) * sum(layer.output_size for layer in self.cell.layers)
        threads = min(threads, len(state), max(1, numbers // NUMBERS_PER_THREAD))
        shares = [slice(len(state) * i // threads, len(state) * (i + 1) // threads) for i in range(threads)]

        def walk(share):
            parts = [None if array is None else array[:, share] for array in (inputs, outputs, states)]
            self._walk(parts[0], steps, state[share], start, every, *parts[1:])

        if threads < 2:
            walk(slice(None))
        else:
            with ThreadPoolExecutor(threads - 1) as pool:
                others = [pool.submit(walk, share) for share in shares[1:]]
                walk(shares[0])
                for other in others:
                    other.result()

    def _walk(self, inputs, steps, state, start, every, outputs, states):
        sizes = [0 if inputs is None else self.cell.input_size, *(layer.output_size for layer in self.cell.layers)]
        chunk = max(1, min(steps, CHUNK_BYTES // max(1, len(state) * sum(sizes) * state.itemsize)))
        received, *buffers = (Buffer(chunk, len(state), size, state.dtype) for size in sizes)
        for buffer, part in zip(buffers, self.slices):
            if part.stop > part.start:
                buffer.steps[0, :, : buffer.size] = state[:, part]
        kept = 0
        for first in range(0, steps, chunk):
            count = min(chunk, steps - first)
            signal = None
            if inputs is not None:
                received.values(count)[...] = inputs[first : first + count]
                signal = received
            for layer, part, buffer in zip(self.layers, self.slices, buffers):
                layer.walk(start + first + 1, count, signal, buffer)
                signal = buffer
                if states is not None and part.stop > part.start:
                    states[first : first + count, :, part] = buffer.values(count)
                buffer.steps[0] = buffer.steps[count]
            if outputs is not None:
                rows = signal.values(count)[-(start + first + 1) % every :: every]
                outputs[kept : kept + len(rows)] = rows
                kept += len(rows)
        for buffer, part in zip(buffers, self.slices):
            if part.stop > part.start:
                state[:, part] = buffer.steps[0, :, : buffer.size]
