"""A long run of a network that forgets, as stretches of it side by side."""

import numpy as np

from ..backends import prepare
from .stretches import Stretches, has_matrices

_STRETCHES = 8  # fill the registers: 200 units take 0.9 µs a step, alone 2.1 (native backend, AVX-512)
_FEWEST_STEPS = 1 << 14
_LEAD = 8  # a stretch is so many times as long as what is walked before it
_ROUNDINGS = 64  # of the largest component, by which states that are the same may differ


def walk_side_by_side(run, backend, size, of_outputs, threads):
    """The states (or outputs) after every step, ``(T, 1, size)``, or None where it cannot be done.

    Every stretch but the first begins at zero some steps before its own. Where the network has forgotten that until
    then, its state there is, but for rounding, the last one of the stretch before. All of them are compared, so that
    nothing is taken for the run that is not.
    """
    if run.width != 1 or run.steps < _FEWEST_STEPS or has_matrices(run.cell):
        return None
    lead = run.steps // (_STRETCHES * (_LEAD + 1))
    length = (run.steps - lead) // _STRETCHES
    offsets = length * np.arange(_STRETCHES)
    states = np.zeros((_STRETCHES, 1, run.cell.state_size), run.cell.dtype)
    states[0, 0] = run.state[0]
    stretches = Stretches(run, offsets, states, backend, threads)
    found = np.empty((run.steps, 1, size), run.cell.dtype)
    walked, entered = 0, None
    while walked < lead + length:
        steps = min(stretches.longest_piece(size), (lead if walked < lead else lead + length) - walked)
        rows = np.empty((steps, _STRETCHES, size), run.cell.dtype)
        stretches.advance(
            stretches.inputs(walked, steps), walked, steps, **{"outputs" if of_outputs else "states": rows}
        )  # fmt: skip
        if walked < lead:
            found[walked : walked + steps, 0] = rows[:, 0]
        else:
            for stretch, offset in enumerate(offsets):
                found[offset + walked : offset + walked + steps, 0] = rows[:, stretch]
        walked += steps
        if walked == lead:
            entered = stretches.state.copy()
    if not _agree(entered[1:], stretches.state[:-1]):
        return None
    last = np.ascontiguousarray(stretches.state[-1:])
    done = int(offsets[-1]) + walked  # of the whole run, but for what does not divide
    prepare(run.cell, backend).advance(
        run.inputs_between(done, run.steps), run.steps - done, last, start=done, every=1, threads=threads,
        outputs=found[done:] if of_outputs else None, states=None if of_outputs else found[done:],
    )  # fmt: skip
    return found if np.isfinite(found).all() else None


def _agree(first, second):
    with np.errstate(invalid="ignore"):
        allowed = _ROUNDINGS * np.finfo(first.dtype).eps * np.abs(first).max(axis=1, initial=0)
        return bool((np.abs(first - second).max(axis=1, initial=0) <= allowed).all())
