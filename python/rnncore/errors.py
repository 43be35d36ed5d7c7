"""The errors that are rnncore's own; wrong arguments raise ``ValueError`` and ``TypeError``."""


class NonFiniteError(ArithmeticError):
    """A run left the finite numbers and the caller asked to be told.

    Attributes
    ----------
    step : int
        The first step (counted from 1) whose state or output is not finite.
    unit : int
        Index of the first such component.
    batch : int or None
        Index of the sequence in a batch; ``None`` for a single sequence.
    what : str
        "state", "output"; "tangent": a product of Jacobians left the finite numbers while the state did not;
        "gradient": what flows back from ``step`` to the step before it, or beginning with "gradient of", the inputs'
        or a parameter's, whose component ``unit`` is then counted in C order.
    partial : object or None
        The result up to there, where the call has one: of the kind it would have returned.
    """

    def __init__(self, step, unit, batch=None, what="state", partial=None):
        self.step, self.unit, self.batch, self.what, self.partial = step, unit, batch, what, partial
        where = "" if batch is None else f" of sequence {batch}"
        when = "on the way back at" if what.startswith("gradient") else "after"
        super().__init__(f"the {what} is not finite {when} step {step}, at component {unit}{where}")

    def __reduce__(self):
        return type(self), (self.step, self.unit, self.batch, self.what, self.partial)


class BackendUnavailable(RuntimeError):
    """The backend asked for cannot run here; the message says why."""


class FormatError(ValueError):
    """A file is not what its format promises; the message names the file and the offset or key."""
