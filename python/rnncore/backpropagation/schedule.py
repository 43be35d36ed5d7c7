"""Which states to keep on the way forward so that the way back walks few steps again: a plan within a memory limit.

The run is cut into units of so many steps. The tape of the last ones, the leaf, is kept; of a range of units before it
only the state it begins with, from which parts of it are walked to again. With as many checkpoints as units each unit
is walked once more: two levels. With fewer, ranges are cut by the binomial schedule, which needs the fewest steps that
there are (Griewank and Walther, Algorithm 799: revolve, 2000).
"""

import math
from typing import NamedTuple

from ..backends.protocol import GRADIENT_BLOCK
from .memory_limit import default_limit, describe_bytes

_MOST_SWEEPS = 4  # a few bytes less than what that takes, and every step would be walked again a thousand times
_VISIT_STEPS = 64  # what beginning and ending a unit costs, in steps
_PIECE_BYTES = 1 << 24  # work arrays beyond this make nothing faster


class Needs(NamedTuple):
    """Bytes that a walk takes.

    Attributes
    ----------
    fixed : int
        Throughout.
    state : int
        A checkpoint.
    tape : int
        The tape of a step.
    work : int
        Of a step while it is walked: converted inputs and cotangents.
    """

    fixed: int
    state: int
    tape: int
    work: int


class Plan(NamedTuple):
    """How a run is gone through.

    Attributes
    ----------
    unit : int
        Steps between places where a checkpoint may be: a multiple of ``GRADIENT_BLOCK``, or all there are.
    units : int
    leaf : int
        Units whose tape is held at once.
    slots : int
        Checkpoints held at once.
    piece_bytes : int
        Work arrays at once.
    """

    unit: int
    units: int
    leaf: int
    slots: int
    piece_bytes: int

    @property
    def recomputed_steps(self):
        """Steps that are walked forward more often than once, over all."""
        return advances(max(1, self.units - self.leaf + 1), self.slots) * self.unit

    def ahead(self, count, slots):
        """How many of ``count`` units to walk past before the next checkpoint, with ``slots`` of them free."""
        return first_part(count - self.leaf + 1, slots)


def make_plan(steps, needs, limit, *, in_file=False, kept=False):
    """The plan with the fewest steps walked again.

    Parameters
    ----------
    steps : int
    needs : Needs
    limit : int or None
        Bytes of tapes, checkpoints and all else; None: what is free decides.
    in_file : bool
        Checkpoints take no memory.
    kept : bool
        What the way forward left stays, for other ways back: these keep tapes and checkpoints beside it.

    Raises
    ------
    ValueError
        There is none; the message says the least limit there is one for.
    """
    least = least_bytes(steps, needs, in_file=in_file, kept=kept)
    if limit is None:
        limit = max(least, default_limit(needs.fixed + steps * (needs.tape + needs.work)))
    if limit < least:
        least = f"{least} bytes ({describe_bytes(least)})"
        raise ValueError(f"memory_limit must be at least {least} for these {steps} steps, got {limit}")
    free = limit - needs.fixed
    block = min(steps, GRADIENT_BLOCK) * needs.work
    piece = max(block, min(_PIECE_BYTES, steps * needs.work, block + (limit - least) // 4))
    if piece + steps * needs.tape <= free:
        return Plan(max(1, steps), 1, 1, 0, piece)
    plans = (_plan_of_units(unit, steps, needs, free - piece, piece, in_file, kept) for unit in _units(steps))
    return min((plan for plan in plans if plan is not None), key=_cost)


def least_bytes(steps, needs, *, in_file=False, kept=False):
    """The smallest limit that there is a plan for: one that walks no step forward more than five times."""
    work = needs.fixed + min(steps, GRADIENT_BLOCK) * needs.work
    copies, state = 2 if kept else 1, 0 if in_file else needs.state
    checkpointed = (
        copies * (unit * needs.tape + _slots(-(-steps // unit), _MOST_SWEEPS) * state) for unit in _units(steps)
    )
    return work + min([steps * needs.tape, *checkpointed])


def _units(steps):
    """Lengths of units to choose from."""
    blocks = 1
    while blocks * GRADIENT_BLOCK < steps:
        yield blocks * GRADIENT_BLOCK
        if blocks >= 2 and 3 * blocks // 2 * GRADIENT_BLOCK < steps:
            yield 3 * blocks // 2 * GRADIENT_BLOCK
        blocks *= 2


def _plan_of_units(unit, steps, needs, free, piece, in_file, kept):
    units, tape, state = -(-steps // unit), unit * needs.tape, 0 if in_file else needs.state
    spare = free - (tape if kept else 0)
    # Two levels: a checkpoint for each unit but those of the leaf.
    leaf = min(units, (spare - units * state) // max(1, tape - state))
    if leaf >= 1:
        return Plan(unit, units, leaf, units - leaf, piece)
    slots = (spare - tape) // max(1, state * (2 if kept else 1))
    return Plan(unit, units, 1, min(slots, units - 1), piece) if slots >= 1 else None


def _cost(plan):
    visits = plan.units + advances(max(1, plan.units - plan.leaf + 1), plan.slots)
    return plan.recomputed_steps + _VISIT_STEPS * visits


def _reach(slots, sweeps):
    """The most units that can be gone back through with so many checkpoints, each walked so often at most."""
    return math.comb(slots + sweeps, slots) if sweeps >= 0 else 0


def _sweeps(units, slots):
    """How often a unit is walked past at most."""
    low, high = -1, 1
    while _reach(slots, high) < units:
        high *= 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _reach(slots, middle) >= units else (middle, high)
    return high


def _slots(units, sweeps):
    """The fewest checkpoints with which so many sweeps suffice."""
    slots = 0
    while _reach(slots, sweeps) < units:
        slots += 1
    return slots


def advances(units, slots):
    """The fewest units to be walked past in going back through all, the state before the first in one of ``slots``."""
    sweeps = _sweeps(units, slots)
    return sweeps * units - _reach(slots + 1, sweeps - 1)


def first_part(units, slots):
    """How many units to walk past first for that."""
    sweeps = _sweeps(units, slots)
    return max(1, _reach(slots, sweeps - 2), units - _reach(slots - 1, sweeps))
