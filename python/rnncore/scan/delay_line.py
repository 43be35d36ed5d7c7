"""y_t = (x_t, …, x_{t-k+1}): numbers are moved, one step after the other, for which there is nothing to wait."""

from .blocks import Layer


class DelayLineLayer(Layer):
    def __init__(self, layer, backend, steps, width):
        super().__init__(layer, backend)

    def walk(self, inputs, steps, state, start, every, rows, workers):
        self.program.advance(
            inputs, steps, state, start=start, every=every, outputs=rows, states=None, threads=workers.threads
        )
