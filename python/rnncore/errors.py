"""The errors that are rnncore's own; wrong arguments raise ``ValueError`` and ``TypeError``."""


class NonFiniteError(ArithmeticError):
    """A run left the finite numbers and the caller asked to be told.

    Attributes
    ----------
    step : int
        The first step (counted from 1) whose state is not finite.
    unit : int
        Index of the first such component of the state vector.
    batch : int or None
        Index of the sequence in a batch; ``None`` for a single sequence.
    """

    def __init__(self, step, unit, batch=None):
        self.step, self.unit, self.batch = step, unit, batch
        where = "" if batch is None else f" of sequence {batch}"
        super().__init__(f"the state is not finite after step {step}, at component {unit}{where}")

    def __reduce__(self):
        return type(self), (self.step, self.unit, self.batch)


class BackendUnavailable(RuntimeError):
    """The backend asked for cannot run here; the message says why."""


class FormatError(ValueError):
    """A file is not what its format promises; the message names the file and the offset or key."""
