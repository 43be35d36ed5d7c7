"""A layer's place in a chain: what comes into it, and what the layers above make of its output."""

import numpy as np

from ..backends import prepare
from ..cells import Chain, Linear
from ..cells.base import state_slices
from .gates import GATES


class Position:
    """The gated layer ``index`` of a cell.

    Attributes
    ----------
    layer : Cell
    gates
        Its reader, see :mod:`.gates`.
    part : slice
        Its components of the whole state.
    """

    def __init__(self, cell, index, backend, threads):
        self.layer = cell.layers[index]
        self.gates = GATES[type(self.layer)](self.layer)
        parts = state_slices(cell.layers)
        self.part = parts[index]
        self._threads = threads
        # The signal: outputs of the last layer with a state before this one, through the layers without one between.
        below = [number for number in range(index) if cell.layers[number].state_size]
        self._source = parts[below[-1]] if below else None
        first = below[-1] + 1 if below else 0
        if self._source is not None:
            self._source = slice(self._source.start, self._source.start + cell.layers[below[-1]].output_size)
        between = cell.layers[first:index]
        self._between = prepare(Chain(between), backend) if between else None
        self._between_size = between[-1].output_size if between else 0
        above = [number for number in range(index + 1, len(cell.layers)) if cell.layers[number].state_size]
        self._above = None
        if above:
            # A layer that keeps its state, the signal, stands for this one: what is pulled back to it is ∂/∂signal.
            held = Linear(np.eye(self.layer.output_size, dtype=cell.dtype))
            self._above = prepare(Chain([held, *cell.layers[index + 1 : above[-1] + 1]]), backend)
            self._above_part = slice(self.part.stop, cell.state_size)

    def signal(self, inputs, after):
        """What comes into the layer, ``(S, B, input_size)`` or None, from the run's inputs and states after steps."""
        signal = inputs if self._source is None else np.ascontiguousarray(after[..., self._source])
        if self._between is None:
            return signal
        steps, width = after.shape[:2]
        outputs = np.empty((steps, width, self._between_size), after.dtype)
        self._between.advance(
            signal, steps, np.empty((width, 0), after.dtype),
            start=0, every=1, outputs=outputs, states=None, threads=self._threads,
        )  # fmt: skip
        return outputs

    def gradient(self, block, exponents, before, after, inputs):
        """∂D/∂c_t, with h_t and the layers above following c_t within step t: ``(B, units, k)``, complex where c is.

        Parameters
        ----------
        block, exponents : (B, n, k) array, (B, k) array
            ∂D/∂x_t of the whole state, components held apart. The result has the same exponents.
        before, after : (B, n) array
            x_{t-1} and x_t; ``before`` is None at the start of the run, where no step has coupled anything.
        inputs : (1, B, input_size) array or None
            Of step t.
        """
        own = block[:, self.part].astype(np.float64)
        output = own[:, : self.layer.output_size]
        memory = own[:, self.gates.memory]
        if before is not None:
            if self._above is not None:
                output = output + self._from_above(block, exponents, before, after)
            signal = self.signal(inputs, after[None])
            slope = self.gates.output_slope(
                before[:, self.part], after[:, self.part], None if signal is None else signal[0]
            )
            memory = output if slope is None else memory + slope[..., None] * output
        if memory.shape[1] == self.gates.units:
            return memory
        pairs = memory.reshape(len(memory), self.gates.units, 2, -1)
        return pairs[:, :, 0] + 1j * pairs[:, :, 1]

    def _from_above(self, block, exponents, before, after):
        """What the layers above, within the step, make of a change of the output."""
        size = self.layer.output_size
        signal = after[:, self.part][:, :size]
        state = np.concatenate([signal, before[:, self._above_part]], axis=1)
        own = np.zeros((len(block), size, block.shape[2]), block.dtype)
        pulled = np.concatenate([own, block[:, self._above_part]], axis=1)
        shifted = exponents.copy()
        self._above.pull_back(
            None, 1, state, pulled, shifted, start=0, labels=None, groups=1, norms=None, threads=self._threads
        )
        with np.errstate(under="ignore"):
            return np.ldexp(pulled[:, :size].astype(np.float64), (shifted - exponents)[:, None, :])
