"""What a simulation gives back."""

from dataclasses import dataclass

import numpy as np

from .notebook import ShownInNotebooks


@dataclass(frozen=True, eq=False, repr=False)
class Trajectory(ShownInNotebooks):
    """Result of :func:`rnncore.simulate`.

    Attributes
    ----------
    outputs : array or None
        ``(T, …, output_size)``, ``(T // k, …, output_size)`` for ``keep=k``, ``(…, output_size)`` for ``"last"``.
        None for ``"last"`` over no steps at all. ``…`` is nothing, or ``B`` for a batch.
    states : array or None
        ``(T, …, state_size)`` for ``keep="states"``.
    final_state : array
        ``(…, state_size)``; ``state=final_state`` goes on with the same bits as an unbroken run.
    steps : int
    backend : str
    """

    outputs: np.ndarray | None
    states: np.ndarray | None
    final_state: np.ndarray
    steps: int
    backend: str

    def to_dict(self):
        """The fields by name; arrays stay arrays."""
        return dict(vars(self))

    def plot(self, ax=None):
        """Draw the kept outputs against the step; returns the matplotlib axes."""
        from .figures.trajectory import plot_trajectory

        return plot_trajectory(self, ax)

    def __repr__(self):
        shapes = ", ".join(
            f"{name}={'None' if array is None else array.shape}"
            for name, array in (("outputs", self.outputs), ("states", self.states), ("final_state", self.final_state))
        )
        return f"Trajectory(steps={self.steps}, {shapes}, dtype={self.final_state.dtype}, backend={self.backend!r})"
