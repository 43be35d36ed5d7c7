"""A run that a user can simulate to see what a verdict says."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Witness:
    """Some first inputs, then others over and over, from a state or from two of them.

    Attributes
    ----------
    state : array (state_size,)
    cycle : array (p, n_in)
        Inputs that repeat. Where ``angle`` is given, complex gains g (1, n_in) of a resonance instead: input t, from 0
        on, is ``size`` times the sign of Re(g e^{-i angle t}).
    start : array (k, n_in), optional
        Inputs before them.
    other_state : array (state_size,), optional
        Where a second run under the same inputs begins: the claim is about the difference of the two.
    angle : float, optional
    size : float or array (n_in,)
    claim : str
        What the run shows.
    """

    state: np.ndarray
    cycle: np.ndarray
    start: np.ndarray | None = None
    other_state: np.ndarray | None = None
    angle: float | None = None
    size: float | np.ndarray = 1.0
    claim: str = ""

    def inputs(self, steps):
        """The first ``steps`` inputs, (steps, n_in)."""
        if self.angle is not None:
            return self.size * np.sign((self.cycle * np.exp(-1j * self.angle * np.arange(steps))[:, None]).real)
        before = self.cycle[:0] if self.start is None else self.start
        repeats = -(-max(steps - len(before), 0) // len(self.cycle))
        return np.concatenate([before, np.tile(self.cycle, (repeats, 1))])[:steps]

    def simulate(self, cell, steps, **options):
        """Run ``cell`` as the witness says.

        Returns
        -------
        Trajectory
            With ``states``; (steps, 2, state_size) where there are two runs.
        """
        from ..simulation import simulate

        inputs = self.inputs(steps).astype(cell.dtype) if cell.input_size else None
        state = self.state.astype(cell.dtype)
        if self.other_state is not None:
            state = np.stack([state, self.other_state.astype(cell.dtype)])
            inputs = None if inputs is None else np.repeat(inputs[:, None], 2, axis=1)
        long = {"steps": steps} if inputs is None else {}
        return simulate(cell, inputs, state=state, keep="states", **long, **options)
