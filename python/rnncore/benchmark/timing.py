"""Contenders timed in turn, so that what disturbs the machine disturbs all of them."""

import time
from dataclasses import dataclass, field
from statistics import quantiles

TRIAL_STEPS = 256
_MOST_OUTPUT_BYTES = 1 << 23


@dataclass
class Contender:
    """One library's run of one case.

    Attributes
    ----------
    run : callable
    steps : int
        Steps that one call of ``run`` takes.
    preparation : float
        Seconds that the first call took beyond the later ones: compilation, packing of weights.
    note : str
        What the library chose, such as an unrolling.
    seconds : list of float
        The best call of each round.
    """

    name: str
    run: object
    steps: int
    preparation: float = 0.0
    note: str = ""
    seconds: list = field(default_factory=list)
    elapsed: float = 0.0
    processor_seconds: float = 0.0

    def time_round(self, repeats):
        processor = time.process_time()
        calls = [_seconds(self.run) for _ in range(repeats)]
        self.processor_seconds += time.process_time() - processor
        self.elapsed += sum(calls)
        self.seconds.append(min(calls))

    @property
    def microseconds_per_step(self):
        return 1e6 * min(self.seconds) / self.steps

    @property
    def cores(self):
        """How many cores were busy."""
        return self.processor_seconds / self.elapsed

    def to_dict(self):
        """What JSON can hold: all but ``run``."""
        return {
            "microseconds_per_step": self.microseconds_per_step,
            "steps": self.steps,
            "preparation_seconds": self.preparation,
            "cores": self.cores,
            "note": self.note,
            "seconds": self.seconds,
        }


def enter(library, case, threads, call_seconds):
    """Prepare ``library`` for ``case`` with as many steps as a call of ``call_seconds`` takes.

    Returns
    -------
    Contender, array
        The second are the outputs of the first TRIAL_STEPS steps, ``(TRIAL_STEPS, batch, size)``.
    """
    inputs = case.inputs(TRIAL_STEPS)
    library.choose(case, inputs, threads)
    before = time.perf_counter()
    trial = library.prepare(case, inputs, threads)
    outputs = trial()
    first = time.perf_counter() - before
    call = best_seconds(trial, 3)
    most = _MOST_OUTPUT_BYTES // (case.size * case.batch * outputs.dtype.itemsize)
    steps = max(TRIAL_STEPS, min(most, int(call_seconds / call * TRIAL_STEPS)))
    run = library.prepare(case, case.inputs(steps), threads)
    run()
    return Contender(library.name, run, steps, max(0.0, first - call), library.note(case)), outputs


def best_seconds(run, repeats):
    """What the fastest of so many calls takes."""
    return min(_seconds(run) for _ in range(repeats))


def _seconds(run):
    before = time.perf_counter()
    run()
    return time.perf_counter() - before


def interleave(contenders, rounds, repeats=3):
    """Time every contender in every round, the best of ``repeats`` calls; each round starts with another one."""
    for number in range(rounds):
        turn = number % len(contenders)
        for contender in contenders[turn:] + contenders[:turn]:
            contender.time_round(repeats)


@dataclass(frozen=True)
class Ratio:
    """How many times as long ``other`` takes as ``ours``: of the minima, and the band of eight in ten rounds."""

    value: float
    low: float
    high: float

    @classmethod
    def between(cls, other, ours):
        rounds = [(theirs / other.steps) / (mine / ours.steps) for theirs, mine in zip(other.seconds, ours.seconds)]
        deciles = quantiles(rounds, n=10, method="inclusive") if len(rounds) > 1 else rounds
        return cls(other.microseconds_per_step / ours.microseconds_per_step, deciles[0], deciles[-1])

    @property
    def verdict(self):
        if self.low <= 1 <= self.high:
            return "resolved nothing"
        return "faster" if self.low > 1 else "slower"

    def __str__(self):
        return f"{self.value:.2f} ({self.low:.2f}–{self.high:.2f})"
