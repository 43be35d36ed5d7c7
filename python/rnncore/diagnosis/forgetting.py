"""How fast the start is forgotten: two runs from different states under the same input, and their distance."""

from dataclasses import dataclass, field

import numpy as np

from ..memory.decay import falls_below, fitted_range, keeps_shrinking, slope
from ..memory.distances import lengths
from ..notebook import ShownInNotebooks
from ..simulation import simulate

REMAINING = 0.01
_PIECE = 1024
_LONGEST = 1_000_000  # steps
_WATCHED_ON = 10  # times as long as forgetting took, at least one piece


@dataclass(frozen=True)
class Forgetting(ShownInNotebooks):
    """What remains of a difference between two states.

    One run starts at zero, the other at random; both see the same input, in float64. Distance: the Euclidean norm of
    the difference of the states, relative to its start.

    Attributes
    ----------
    verdict : {"forgets", "does not forget", "cannot say", "no memory"}
    explanation : str
    steps : int or None
        The first step after which at most 1 % remains.
    steps_for_good : int or None
        The first after which no more than 1 % was seen again.
    watched : int
        Steps of the two runs.
    remaining : float or None
        Share left at the end.
    rate : float or None
        Fitted slope of ln distance, per step; negative when forgetting.
    rate_from, rate_to : int or None
        The steps of the fit.
    interval : float
        Time of a step.
    unit : str
    duration, duration_for_good, time_constant : float or None
        ``steps``, ``steps_for_good`` and -1/rate in ``unit``; the last is None where the difference does not shrink.
    distance : array
        After steps 0, 1, 2, …
    """

    verdict: str
    explanation: str
    steps: int | None
    steps_for_good: int | None
    watched: int
    remaining: float | None
    rate: float | None
    rate_from: int | None
    rate_to: int | None
    interval: float
    unit: str
    distance: np.ndarray = field(repr=False, metadata={"figure": True})

    @property
    def duration(self):
        return None if self.steps is None else self.steps * self.interval

    @property
    def duration_for_good(self):
        return None if self.steps_for_good is None else self.steps_for_good * self.interval

    @property
    def time_constant(self):
        shrinks = self.verdict != "does not forget" and self.rate is not None and self.rate < 0
        return -self.interval / self.rate if shrinks else None


def measure_forgetting(task, boundedness, *, seed, backend, threads):
    """Two runs of the task's cell under the first sequence of its series.

    The components of the random start are as large as what was seen of the part of the state they belong to, 1 where
    that is nothing.
    """
    interval, unit = task.interval, task.unit
    if task.cell.state_size == 0:
        why = "the model has no state: its output depends on the present input alone"
        return Forgetting("no memory", why, None, None, 0, None, None, None, None, interval, unit, np.empty(0))
    largest = _sizes(task.cell, boundedness)
    distance = _run_two(task, largest, seed, {"backend": backend, "threads": threads, "check_finite": False})
    return judge(distance, interval, unit)


def judge(distance, interval=1.0, unit="steps"):
    """The verdict on a curve of distances after steps 0, 1, 2, …, relative to the first."""
    watched = len(distance) - 1
    finite = np.isfinite(distance)
    remaining = float(distance[-1]) if finite[-1] else None
    steps, for_good = falls_below(distance, REMAINING)
    rate, first, last = _fit(distance)
    verdict, explanation = _explain(distance, steps, for_good, rate, finite)
    return Forgetting(
        verdict, explanation, steps, for_good, watched, remaining, rate, first, last, interval, unit, distance
    )


def _sizes(cell, boundedness):
    """Of the components of the whole state."""
    sizes = np.ones(cell.state_size)
    if boundedness.left_finite_numbers is None:
        for name, part in cell.split_state(sizes).items():  # views
            size = boundedness.largest_of_parts[name] or 1.0
            part[...] = complex(size, size) if part.dtype.kind == "c" else size
    return sizes


def _run_two(task, largest, seed, options):
    """Goes on until what remains has stayed small for long, or nothing can change any more."""
    double = task.in_double()
    states = np.zeros((2, task.cell.state_size))
    states[1] = np.random.default_rng(seed).uniform(-largest, largest, task.cell.state_size)
    initial = _distances(states[None])[0]
    curve, forgotten = [np.ones(1)], None
    for start, stop, cell, inputs in double.pieces(_PIECE, min(task.steps, _LONGEST)):
        if inputs is not None and inputs.ndim == 3:
            inputs = inputs[:, 0]
        run = simulate(cell, inputs, steps=stop - start, state=states, keep="states", **options)
        with np.errstate(over="ignore"):
            part = _distances(run.states) / initial
        curve.append(part)
        states = run.final_state
        if part[-1] == 0 or not np.isfinite(part[-1]):
            break
        if forgotten is None and part[-1] <= REMAINING:
            forgotten = stop
        if forgotten is not None and stop >= _WATCHED_ON * forgotten:
            break
    curve = np.concatenate(curve)
    end = np.flatnonzero((curve == 0) | ~np.isfinite(curve))
    return curve[: end[0] + 1] if len(end) else curve


def _distances(states):
    """Of the two states of each step."""
    with np.errstate(all="ignore"):
        return lengths(states[:, 0].astype(np.float64) - states[:, 1])


def _fit(distance):
    """Least-squares slope of ln distance, and the steps it rests on."""
    between = fitted_range(distance)
    if between is None:
        return None, None, None
    first, last = between
    return slope(np.arange(first, last + 1.0), np.log(distance[first : last + 1]))[0], first, last


def _explain(distance, steps, for_good, rate, finite):
    watched = len(distance) - 1
    if not finite[-1]:
        return "does not forget", f"the runs left the finite numbers after {watched:,} steps"
    if distance[-1] == 0:
        return "forgets", f"the two runs are identical from step {watched:,} on"
    if for_good is not None:
        return "forgets", f"no more than 1 % was seen again in the {watched - for_good:,} steps after that"
    left = f"{100 * distance[-1]:.3g} % remains after {watched:,} step{'s' if watched > 1 else ''}"
    if rate is None:
        return "cannot say", f"the run is too short: {left}"
    if not keeps_shrinking(distance):
        return "does not forget", f"{left}, and it {'grows' if rate * watched > 1 else 'does not shrink'}"
    needed = np.log(REMAINING / distance[-1]) / rate
    return "cannot say", f"the run is too short: {left}; at the fitted rate 1 % would take about {needed:,.0f} more"
