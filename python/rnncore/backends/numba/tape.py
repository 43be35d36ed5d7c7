"""What a walk forward keeps for the way back, and the groups of sequences that go together on both."""

from dataclasses import dataclass

from ..protocol import GRADIENT_BLOCK
from .buffers import Buffer
from .layers import receive

# So many numbers of a block and a group are worth the calls of Python: with half of them the way back takes a quarter
# longer (Elman network, n = 16, 64 sequences).
GROUP_NUMBERS = 1 << 17
# The product of a matrix with many columns takes four of them at a time.
LEAST_GROUP = 4


def groups(batch, units):
    """Slices of about the same size that make up a batch; they depend on nothing else."""
    size = max(LEAST_GROUP, GROUP_NUMBERS // (GRADIENT_BLOCK * units))
    count = -(-batch // size)
    return [slice(batch * i // count, batch * (i + 1) // count) for i in range(count)]


@dataclass(frozen=True)
class Tape:
    """What the layers did at each step for some sequences of a batch, and the slopes there: buffers of all steps."""

    sequences: slice
    states: list
    slopes: list

    def window(self, first, count):
        """The buffers of the ``count`` steps after ``first``."""
        return (
            [None if buffer is None else buffer.window(first, count) for buffer in part]
            for part in (self.states, self.slopes)
        )


class TapeRecorder:
    def __init__(self, layers):
        self.layers, self.dtype = layers, layers.cells[0].dtype
        self.sloped = [place for place, layer in enumerate(layers.layers) if layer.slopes]

    def step_bytes(self, width):
        """Of a step, in a tape of at least one block: beside the rows of its steps it has one of what was before."""
        buffers = [buffer for part in self._buffers(0, 1) for buffer in part if buffer is not None]
        block = (GRADIENT_BLOCK + 1) * sum(buffer.row for buffer in buffers) * self.dtype.itemsize
        return -(-block * width // GRADIENT_BLOCK)

    def _buffers(self, steps, batch):
        sizes = steps, batch, self.dtype
        return self.layers.buffers(*sizes), self.layers.drives(*sizes, self.sloped)

    def record(self, sequences, inputs, steps, state, start, outputs):
        """The tape of one group; arrays are those of its sequences."""
        layers, batch = self.layers, len(state)
        tape = Tape(sequences, *self._buffers(steps, batch))
        chunk = layers.chunk(steps, batch, self.dtype, self.sloped)
        received = Buffer(chunk, batch, layers.cells[0].input_size, self.dtype)
        layers.set_state(tape.states, state)
        for first in range(0, steps, chunk):
            count = min(chunk, steps - first)
            signal = receive(received, inputs, first, count)
            states, slopes = tape.window(first, count)
            layers.walk(start + first + 1, count, signal, states, slopes, self.sloped)
            if outputs is not None:
                outputs[first : first + count] = states[-1].values(count)
        layers.get_state(tape.states, state, steps)
        return tape
