"""How long a network remembers: what remains of a perturbation, lag by lag."""

import numpy as np

from ..arrays import as_count, as_number
from ..backends import choose_backend, prepare
from ..progress import progress_reporter
from ..runs import Run
from ..threads import resolve_threads
from .arguments import input_deviations, read_burn_in, read_size, read_time
from .decay import falls_below
from .distances import lengths
from .horizon_result import MemoryHorizon
from .perturbations import Directions, finite_curves, plan_tangents, tangent_curves
from .stretches import Stretches, has_matrices, in_double, spread_starts, states_after

_LONGEST = 10_000  # lags, where the caller does not say
_FEWEST_LAGS = 32
_PILOT = 32  # starts
_MOST_NUMBERS = 1 << 25  # of what is kept, by start and lag, where the caller does not say how many lags
_STILL = 1e-8  # relative deviation of a state that has settled: what moves it is rounding
_FAR_BELOW = 1e-4  # of the threshold: what all of the pilot's starts must come to


def memory_horizon(
    cell,
    inputs=None,
    *,
    steps=None,
    threshold=0.01,
    max_lag=None,
    starts=1000,
    size=None,
    burn_in="auto",
    state=None,
    interval=1.0,
    unit=None,
    seed=0,
    check_finite=True,
    chunk=None,
    backend=None,
    threads=None,
    progress=None,
):
    """How much of a perturbation of the state, and of an input, is still in the state k steps later.

    From many steps of a run under a real series, the state (or the next input) is moved a little in a random direction
    and followed for L steps under the series as it goes on. The length of the difference, relative to its start, tells
    how much is left: its median and percentiles over all starts, lag by lag, and the lag from which on no more than
    ``threshold`` is left.

    Parameters
    ----------
    cell : Cell
        With a state. It is walked in float64, also where its parameters are float32.
    inputs : array, (T, input_size) or (T, B, input_size), optional
        None: the autonomous system.
    steps : int, optional
        T, where there are no inputs.
    threshold : float
        In (0, 1).
    max_lag : int, optional
        L. By default as many lags as it takes, to 10 000 and half of the series at most: a trial of 32 starts decides.
    starts : int
        Starting points, about so many, one at random in each of as many parts of the series; fewer where it is short.
    size : float, optional
        Of the perturbation: so many standard deviations of the state over the starts, and of each input along the
        series (where these do not move, so many times 1). None: an infinitesimal one, carried by the Jacobians of the
        whole state; its size does not matter, nor does rounding.
    burn_in : "auto" or int
        Steps before the first start; "auto": a tenth of the run, 1 000 at most.
    state : array, (state_size,) or (B, state_size), optional
        Where the run starts; zeros by default.
    interval : float
        Time of a step, in ``unit``.
    unit : str, optional
        "hours", say; "steps" by default.
    seed : int
        Of starts and directions.
    check_finite, chunk, backend, threads, progress
        As for :func:`rnncore.simulate`; the result depends on neither ``chunk`` nor ``threads``.

    Returns
    -------
    MemoryHorizon
        ``verdict``, ``steps``, ``curve`` and more; a tuple of one for each sequence of a batch.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name, before work starts: a threshold outside (0, 1), a series shorter than the lags, a cell
        without state.
    NonFiniteError
        The state, or a perturbation, left the finite numbers.
    BackendUnavailable
        The backend asked for cannot run here.

    Notes
    -----
    With P_k = A_{t+k} ⋯ A_{t+1} and a random direction v of length 1, the curve of the state is the median of ‖P_k v‖
    over starts t; that of the input, of ‖P_k B w‖ / ‖B w‖ with B = ∂x_{t}/∂u_t and a direction w in which every input
    counts by its standard deviation. By Oseledets' theorem (1968) ln ‖P_k v‖ / k tends to the largest Lyapunov exponent
    of the run, so the law is exponential in the end; networks with many time constants follow a power law for long.
    That a network forgets its state is the echo-state property of Jaeger (2001), here along one series.

    Examples
    --------
    >>> import numpy as np, rnncore
    >>> inputs = np.random.default_rng(0).normal(size=(2_000, 1))
    >>> found = rnncore.memory_horizon(rnncore.Linear([[0.9]], [[1.0]]), inputs)
    >>> found.steps, found.input_steps, found.decay.law, round(found.decay.rate, 6)  # ln 0.9
    (44, 44, 'exponential', -0.105361)
    """
    threshold = as_number("threshold", threshold)
    if not 0 < threshold < 1:
        raise ValueError(f"threshold must be in (0, 1), got {threshold}")
    size = None if size is None else read_size("size", size)
    interval, unit = read_time(interval, unit)
    starts, seed = as_count("starts", starts, 1), as_count("seed", seed, 0)
    chunk = None if chunk is None else as_count("chunk", chunk, 1)
    threads, backend = resolve_threads(threads), choose_backend(backend)
    run = Run(cell, inputs, steps, state, check_finite)
    run.directions()
    run = Run(in_double(cell), run.inputs, steps, state, False)
    burn_in = read_burn_in(burn_in, run.steps)
    longest = _longest_lag(max_lag, run, burn_in, starts)
    follower = _Follower(run, burn_in, size, seed, chunk, backend, threads)
    lags = longest
    if max_lag is None:
        lags = _enough_lags(follower.curves(_PILOT, longest, None)[0], threshold)
    logs, input_logs = follower.curves(starts, lags, progress)
    options = {"threshold": threshold, "size": size, "interval": interval, "unit": unit}
    found = tuple(
        MemoryHorizon.of(logs[..., i], None if input_logs is None else input_logs[..., i], **options)
        for i in range(run.width)
    )
    return found[0] if run.batch is None else found


def _longest_lag(max_lag, run, burn_in, starts):
    if max_lag is None:
        numbers = min(starts, run.steps) * max(1, run.width) * 2
        lags = min(_LONGEST, (run.steps - burn_in) // 2, max(_FEWEST_LAGS, _MOST_NUMBERS // numbers))
    else:
        lags = as_count("max_lag", max_lag, 1)
    if lags < 1 or burn_in + lags + 1 > run.steps:
        asked = "max_lag" if max_lag is not None else "the default max_lag"
        raise ValueError(
            f"the run must be longer than burn_in + max_lag, {burn_in} + {max(1, lags)} with {asked}; "
            f"it has {run.steps} steps"
        )
    return lags


def _enough_lags(logs, threshold):
    """Twice as many as it takes until every curve is far below the threshold; all where some is not."""
    with np.errstate(under="ignore"):
        gone = falls_below(logs.max(axis=(1, 2)), np.log(_FAR_BELOW * threshold))[1]
    return len(logs) - 1 if gone is None else min(len(logs) - 1, max(_FEWEST_LAGS, 2 * gone))


class _Follower:
    """Goes along a run and follows perturbations from some of its steps."""

    def __init__(self, run, burn_in, size, seed, chunk, backend, threads):
        self.run, self.burn_in, self.size, self.seed = run, burn_in, size, seed
        self.chunk, self.backend, self.threads = chunk, backend, threads
        self.deviation = input_deviations(run)
        self._first_state = run.state.copy()

    def curves(self, starts, lags, progress):
        """ln of what remains, of states and of inputs (or None), ``(lags + 1, J, B)`` each."""
        run, generator = self.run, np.random.default_rng(self.seed)
        last = run.steps - lags - 1
        if self.size is None:
            offsets, relative = plan_tangents(run.cell, self.burn_in, last, starts, lags, generator)
        else:
            offsets, relative = spread_starts(self.burn_in, last, starts, generator), np.array([0])
        directions = Directions.draw(
            generator, len(offsets) * len(relative), run.width, run.cell.state_size, self.deviation
        )
        run.state[...] = self._first_state
        walked = int(relative[-1]) + lags + (self.size is None or directions.input is not None)
        with progress_reporter(progress, run.steps + walked, "memory_horizon") as report:
            states = states_after(
                run, prepare(run.cell, self.backend), offsets, chunk=self.chunk, report=report, threads=self.threads
            )  # fmt: skip
            if self.size is None:
                stretches = Stretches(run, offsets, states, self.backend, self.threads)
                return tangent_curves(stretches, relative, lags, directions, report)
            return self._finite_curves(states, offsets, lags, directions, report)

    def _finite_curves(self, states, offsets, lags, directions, report):
        moves = lengths(states.std(axis=0))
        still = moves <= _STILL * lengths(states.mean(axis=0))
        sizes = self.size * np.where(still, np.sqrt(self.run.cell.state_size), moves), self.size
        copies = 2 if directions.input is None else 3
        groups = [slice(None)]
        if has_matrices(self.run.cell):  # each start needs matrices of its own
            groups = [slice(index, index + 1) for index in range(len(offsets))]
            report(lags)
            report = _ignore
        found = []
        for own in groups:
            stretches = Stretches(
                self.run, offsets[own], states[own], self.backend, self.threads, copies=copies
            )  # fmt: skip
            chosen = Directions(*(None if d is None else d[own] for d in directions))
            found.append(finite_curves(stretches, lags, chosen, sizes, report))
        return tuple(None if part[0] is None else np.concatenate(part, axis=1) for part in zip(*found))


def _ignore(steps):
    pass
