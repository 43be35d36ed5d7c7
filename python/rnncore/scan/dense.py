"""y_t = φ(W x_t + b): no state, so blocks of steps have nothing to wait for."""

import numpy as np

from .blocks import Layer

BLOCK_STEPS = 1 << 10


class DenseLayer(Layer):
    def __init__(self, layer, backend, steps, width):
        super().__init__(layer, backend)

    def walk(self, inputs, steps, state, start, every, rows, workers):
        def walk_block(number):
            part = slice(number * BLOCK_STEPS, min(steps, (number + 1) * BLOCK_STEPS))
            self.program.advance(
                None if inputs is None else inputs[part], part.stop - part.start, np.empty_like(state),
                start=0, every=1, outputs=rows[part], states=None, threads=1,
            )  # fmt: skip

        workers.each(walk_block, -(-steps // BLOCK_STEPS))
