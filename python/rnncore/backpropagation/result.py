"""What :func:`rnncore.gradients` gives back."""

from dataclasses import dataclass

import numpy as np

from ..notebook import ShownInNotebooks


@dataclass(frozen=True, eq=False, repr=False)
class Gradients(ShownInNotebooks):
    """∂D/∂p of a scalar D of a run's outputs and final state; of the cell's dtype.

    Attributes
    ----------
    parameters : dict of str to array
        By the names of ``cell.parameters``, of their shapes: summed over steps and sequences. That of a sparse
        ``weight_hh`` is a sparse array with the same pattern. Of complex parameters, ∂D/∂(Re p) + i ∂D/∂(Im p).
    inputs : array or None
        Of the inputs' shape. None where it was not asked for, or there were no inputs.
    state : array or None
        By the initial state, of its shape, (…, state_size). None where it was not asked for.
    steps : int
    recomputed_steps : int
        Steps that were walked forward again for lack of memory.
    peak_bytes : int
        What tapes, checkpoints, sums and work arrays took at most, together.
    backend : str
    """

    parameters: dict
    inputs: np.ndarray | None
    state: np.ndarray | None
    steps: int
    recomputed_steps: int
    peak_bytes: int
    backend: str

    def to_dict(self):
        """The fields by name; arrays stay arrays."""
        return dict(vars(self))

    def __repr__(self):
        shapes = ", ".join(
            f"{name}={'None' if array is None else array.shape}"
            for name, array in (("inputs", self.inputs), ("state", self.state))
        )
        return (
            f"Gradients(parameters={{{', '.join(self.parameters)}}}, {shapes}, steps={self.steps}, "
            f"recomputed_steps={self.recomputed_steps}, peak_bytes={self.peak_bytes}, backend={self.backend!r})"
        )
