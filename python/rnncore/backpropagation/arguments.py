"""Cotangents, and what gradients are wanted of, as callers give them."""

import os
from typing import NamedTuple

import numpy as np

from .. import arrays
from ..memory_maps import release

_KINDS = ("parameters", "inputs", "state")


class OutputCotangents:
    """∂D/∂outputs, checked, and read piece by piece.

    Attributes
    ----------
    array : array or None
        ``(T, …, output_size)``, or ``(…, output_size)`` of the last step; None: the outputs do not matter.
    """

    def __init__(self, run, cotangent, at, finite):
        if not isinstance(at, str) or at not in ("all", "last"):
            raise ValueError(f'at must be "all" or "last", got {at!r}')
        self.run, self.last = run, at == "last"
        self.array = None if cotangent is None else arrays.as_real_array("cotangent", cotangent)
        if self.array is None:
            return
        if self.last and run.steps == 0:
            raise ValueError('cotangent with at="last" is that of the last output, but the run has no steps')
        lead = run.lead if self.last else (run.steps, *run.lead)
        arrays.check_shape("cotangent", self.array, (*lead, run.cell.output_size))
        if finite:
            arrays.check_finite("cotangent", self.array, run.cell.dtype, "; check_finite=False lets it through")

    def between(self, start, stop):
        """``(S, B, output_size)``, C-contiguous and of the cell's dtype, or None: nothing."""
        run = self.run
        if self.array is None or (self.last and stop < run.steps):
            return None
        shape = (stop - start, run.width, run.cell.output_size)
        with np.errstate(over="ignore", invalid="ignore"):
            if not self.last:
                part = self.array[start:stop].reshape(shape)
                return np.require(part, run.cell.dtype, ("C_CONTIGUOUS", "ALIGNED"))
            rows = np.zeros(shape, run.cell.dtype)
            rows[-1] = self.array
            return rows

    def release(self, start, stop):
        """Give back the memory-mapped pages of these steps."""
        if self.array is not None and not self.last:
            release(self.array[start:stop])


def _read_final_cotangent(run, cotangent, finite):
    """``(B, n)`` of the cell's dtype, the walk's own."""
    own = np.zeros_like(run.state)
    if cotangent is not None:
        cotangent = arrays.as_real_array("final_state_cotangent", cotangent)
        arrays.check_shape("final_state_cotangent", cotangent, (*run.lead, run.cell.state_size))
        if finite:
            arrays.check_finite("final_state_cotangent", cotangent, run.cell.dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            own[...] = cotangent
    return own


def _read_wrt(cell, wrt):
    """The names of the parameters, and whether gradients of the inputs and of the state are wanted."""
    wrt = (wrt,) if isinstance(wrt, str) else tuple(wrt) if isinstance(wrt, (tuple, list, set, frozenset)) else wrt
    if not isinstance(wrt, tuple):
        raise TypeError(f"wrt must be a sequence of names, got {type(wrt).__name__}")
    names = cell.parameters
    for name in wrt:
        if not isinstance(name, str) or (name not in _KINDS and name not in names):
            raise ValueError(f"wrt may name {', '.join([*_KINDS, *names])}; got {name!r}")
    if not wrt:
        raise ValueError("wrt is empty: nothing is asked for")
    wanted = [name for name in names if name in wrt or "parameters" in wrt]
    return wanted, "inputs" in wrt, "state" in wrt


def read_checkpoint_path(checkpoint_path):
    if checkpoint_path is not None and not isinstance(checkpoint_path, (str, os.PathLike)):
        raise TypeError(f"checkpoint_path must be a path, got {type(checkpoint_path).__name__}")
    return checkpoint_path


def cuts_between(start, stop, steps, truncation):
    """``(S,)`` bool or None: where truncation every so many steps, counted from the last, ends what flows back.

    The first step of all is no such place: behind it there is the initial state alone.
    """
    if truncation is None:
        return None
    numbers = np.arange(start + 1, stop + 1)
    cuts = ((steps - numbers + 1) % truncation == 0) & (numbers > 1)
    return cuts if cuts.any() else None


class Request(NamedTuple):
    """What a way back is asked for."""

    output_cotangents: OutputCotangents
    cotangent: np.ndarray
    parameters: list
    inputs: bool
    state: bool
    truncation: int | None


def read_request(run, cotangent, *, at, wrt, final_state_cotangent, truncation, check_finite):
    check_finite = arrays.as_flag("check_finite", check_finite)
    if cotangent is None and final_state_cotangent is None:
        raise ValueError("cotangent is None: give ∂D/∂outputs, or final_state_cotangent= where D is of the final state")
    parameters, inputs, state = _read_wrt(run.cell, wrt)
    return Request(
        OutputCotangents(run, cotangent, at, check_finite),
        _read_final_cotangent(run, final_state_cotangent, check_finite),
        parameters,
        inputs and run.inputs is not None and run.cell.input_size > 0,
        state,
        None if truncation is None else arrays.as_count("truncation", truncation, 1),
    )
