"""What superposing responses gives back."""

from dataclasses import dataclass

import numpy as np

from ..notebook import ShownInNotebooks


@dataclass(frozen=True, eq=False, repr=False)
class Superposition(ShownInNotebooks):
    """Result of :func:`rnncore.superpose`; ``…`` is nothing, or ``B`` for a batch.

    Attributes
    ----------
    outputs : (T, …, output_size) array
        Those of :func:`rnncore.simulate`, up to rounding, in the cell's dtype: the sum of the parts.
    parts : dict of str to (T, …, output_size) array
        "inputs", "state" and "bias": what the outputs owe to each, as far as there is any.
    lags : int
        K, how many steps back an input was followed; those further back are within rounding of nothing.
    method : {"direct", "fft"} or None
        How the responses to the inputs were added up; None where there are no inputs.
    operations : dict of str to float
        Floating-point operations, about: "responses" for W^k W_ih, "direct" and "fft" to add them up in either way, and
        "recursion" for what :func:`rnncore.simulate` needs for all of it.
    """

    outputs: np.ndarray
    parts: dict
    lags: int
    method: str | None
    operations: dict

    @property
    def steps(self):
        """T."""
        return len(self.outputs)

    def to_dict(self):
        """The fields by name; arrays stay arrays."""
        return dict(vars(self))

    def plot(self, ax=None, *, unit=0):
        """Draw one output and the parts it is the sum of, of the first sequence; returns the matplotlib axes."""
        from ..figures.superposition import plot_superposition

        return plot_superposition(self, ax, unit=unit)

    def __repr__(self):
        way = f", {self.lags} lags by {self.method}" if self.method else ""
        return f"Superposition(outputs={self.outputs.shape} of {' + '.join(self.parts) or 'nothing'}{way})"
