"""Which backend runs: the call's, the ``use_backend`` in force, RNNCORE_BACKEND, or the first that works."""

import importlib
import os
from contextvars import ContextVar
from functools import cache

from ..errors import BackendUnavailable

BACKENDS = ("native", "numba", "reference")  # in order of preference
_in_force = ContextVar("rnncore_backend", default=None)


@cache
def get_backend(name):
    """The backend of that name, whether it can run here or not."""
    if name not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(BACKENDS)}; got {name!r}")
    return importlib.import_module(f".{name}", __package__).BACKEND


@cache
def _unavailable(name):
    return get_backend(name).unavailable()


def choose_backend(name=None):
    """The backend a call should use; raises ``BackendUnavailable`` when one asked for by name cannot run."""
    source = "backend"
    if name is None:
        name = _in_force.get()
    if name is None and os.environ.get("RNNCORE_BACKEND"):
        name, source = os.environ["RNNCORE_BACKEND"], "RNNCORE_BACKEND"
    if name is None:
        if os.environ.get("RNNCORE_TARGET") and _unavailable("native") is not None:
            raise BackendUnavailable(_unavailable("native"))
        return get_backend(next(candidate for candidate in BACKENDS if _unavailable(candidate) is None))
    if not isinstance(name, str) or name not in BACKENDS:
        raise ValueError(f"{source} must be one of {', '.join(BACKENDS)}; got {name!r}")
    reason = _unavailable(name)
    if reason is not None:
        raise BackendUnavailable(f"backend {name!r} cannot run here: {reason}")
    return get_backend(name)


class use_backend:
    """Use one backend from now on, or within a ``with`` block.

    Parameters
    ----------
    name : {"native", "numba", "reference"} or None
        None returns to the automatic choice.

    Raises
    ------
    ValueError
        An unknown name.
    BackendUnavailable
        It cannot run here; the message says why.

    Examples
    --------
    >>> import rnncore
    >>> with rnncore.use_backend("reference"):
    ...     rnncore.simulate(rnncore.Linear([[2.0]]), steps=1, state=[1.0]).backend
    'reference'
    """

    def __init__(self, name):
        if name is not None:
            choose_backend(name)
        self._token = _in_force.set(name)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        _in_force.reset(self._token)


def prepare(cell, backend):
    """The cell's program on that backend, made once and kept with the cell."""
    program = cell._programs.get(backend.name)
    if program is None:
        program = cell._programs[backend.name] = backend.prepare(cell)
    return program
