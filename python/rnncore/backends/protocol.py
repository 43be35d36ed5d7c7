"""What a backend is: one way to execute every walk over every cell."""

from typing import Protocol


class Program(Protocol):
    """A cell made ready by a backend (weights packed, code compiled); knows no time of its own.

    Arrays are C-contiguous, of the cell's dtype, and already checked. ``S`` steps, ``B`` sequences.
    """

    def advance(self, inputs, steps, state, *, start, every, outputs, states, threads):
        """Walk ``steps`` steps on from ``start``, changing ``state`` in place.

        Parameters
        ----------
        inputs : (S, B, input_size) array or None
            None: the input is zero throughout.
        state : (B, state_size) array
        start : int
            Steps done before this call; numbers the steps start + 1 … start + S.
        every : int
            The outputs of the steps whose number ``every`` divides are kept.
        outputs : (kept, B, output_size) array or None
        states : (S, B, state_size) array or None
            Receives the whole state after each step.
        threads : int
        """


class Backend(Protocol):
    """One of the entries of :mod:`rnncore.backends.selection`."""

    name: str

    def unavailable(self) -> str | None:
        """Why this backend cannot run here; None when it can."""

    def prepare(self, cell) -> Program:
        """Make a cell ready; called once per cell and kept with it."""

    def describe(self) -> dict:
        """What ``show_config()`` tells of it: versions, instruction sets."""
