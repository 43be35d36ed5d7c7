"""Where ∂D/∂u_t goes, piece by piece from the last to the first."""

import numpy as np

from ..destinations import Rows


class InputGradients:
    """Rows to fill of an array of the inputs' shape; those of a series that a batch shares are summed over it."""

    def __init__(self, array, run):
        self.summed = run.shares_inputs
        self.rows = Rows(array, 1 if self.summed else run.width)
        self.shape = (run.width, run.cell.input_size)

    def between(self, start, stop):
        """``(S, B, input_size)`` to be written."""
        self.part = self.rows.between(start, stop)
        if self.summed:
            self.sequences = np.empty((stop - start, *self.shape), self.part.dtype)
            return self.sequences
        return self.part

    def done(self):
        if self.summed:
            self.part[...] = 0
            # One after the other: numpy's own sum depends, in its last bits, on how many rows there are.
            for index in range(self.shape[0]):
                self.part[:, 0] += self.sequences[:, index]
        self.rows.done()
