"""Whether outputs still tell what was seen long before, under a real series in between."""

import numpy as np

from ..arrays import as_count, as_real_array, check_finite, check_shape
from ..backends import choose_backend, prepare
from ..gradient_flow.arguments import read_lags
from ..progress import progress_reporter
from ..runs import Run
from ..threads import resolve_threads
from .arguments import check_choice, read_burn_in, read_size, read_time
from .dependence_result import LongTermDependence
from .separation import separation_of
from .stretches import Stretches, in_double, spread_starts, states_after

_LONGEST = 1000  # lags, where the caller does not say
_EVERY_LAG = 100
_LAGS_PER_DECADE = 20


def long_term_dependence(
    cell,
    inputs,
    pattern,
    *,
    contrast=None,
    mode="replace",
    lags=None,
    threshold=1.0,
    starts=1000,
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
    """How a marked pattern at one step changes the outputs L steps later, under real distractors.

    At many places of a real series the pattern takes the place of what stands there; the series then goes on as it is
    and distracts. The outputs after L more steps, with the pattern and without it, make two clouds over all places, and
    what counts is how many standard deviations their means lie apart.

    Parameters
    ----------
    cell : Cell
        With inputs and a state. It is walked in float64, also where its parameters are float32.
    inputs : array, (T, input_size)
        The series.
    pattern : array, (P, input_size)
        The mark, P steps long.
    contrast : array, (P, input_size), optional
        What stands there without the mark: another pattern; None: the series as it is.
    mode : {"replace", "add"}
        "add": patterns are added to the series.
    lags : int or sequence of int, optional
        The largest lag, or the lags, in steps since the pattern's last. A largest one means every lag to 100, then 20 a
        decade. By default 1 000, half of the series at most.
    threshold : float
        Standard deviations from which on the outputs count as told apart.
    starts : int
        Places for the pattern, spread evenly but for chance over the series; fewer where it has fewer steps.
    burn_in : "auto" or int
        Steps before the first; "auto": a tenth of the run, 1 000 at most.
    state : array, (state_size,), optional
        Where the run starts; zeros by default.
    interval : float
        Time of a step, in ``unit``.
    unit : str, optional
        "hours", say; "steps" by default.
    seed : int
        Of the places.
    check_finite, chunk, backend, threads, progress
        As for :func:`rnncore.simulate`; the result depends on neither ``chunk`` nor ``threads``.

    Returns
    -------
    LongTermDependence
        ``steps``, ``separation`` and more.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name, before work starts: a series shorter than pattern and lags, fewer places than twice
        the outputs.
    NonFiniteError
        The state left the finite numbers.
    BackendUnavailable
        The backend asked for cannot run here.

    Notes
    -----
    The question is that of the latching problem of Bengio, Simard and Frasconi (1994): can the network hold one bit
    against what follows. The separation is the sensitivity index d′ of signal detection along Fisher's discriminant,
    the distance of Mahalanobis (1936); a reader who tells the two cases apart at a distance of d′ is right with
    probability Φ(d′/2), where outputs are normally distributed.

    Examples
    --------
    >>> import numpy as np, rnncore
    >>> inputs = np.random.default_rng(0).normal(size=(20_000, 1))
    >>> leaky = rnncore.Linear([[0.9]], [[1.0]])
    >>> found = rnncore.long_term_dependence(leaky, inputs, [[10.0]], lags=60)
    >>> found.steps  # 10 · 0.9^L against a standard deviation of 2.3
    13
    """
    threshold = read_size("threshold", threshold)
    interval, unit = read_time(interval, unit)
    check_choice("mode", mode, ("replace", "add"))
    starts, seed = as_count("starts", starts, 1), as_count("seed", seed, 0)
    chunk = None if chunk is None else as_count("chunk", chunk, 1)
    threads, backend = resolve_threads(threads), choose_backend(backend)
    run = _check(cell, inputs, state, check_finite)
    cell = run.cell
    patterns = [_read_pattern("pattern", pattern, cell)]
    patterns.append(None if contrast is None else _read_pattern("contrast", contrast, cell, len(patterns[0])))
    length, burn_in = len(patterns[0]), read_burn_in(burn_in, run.steps)
    room = run.steps - burn_in - length
    if room < 0:
        raise ValueError(
            f"inputs must be longer than burn_in + pattern, {burn_in} + {length} steps, got {run.steps} steps"
        )
    lags = min(_LONGEST, room // 2) if lags is None else lags
    lags = read_lags(lags, room, True, every=_EVERY_LAG, per_decade=_LAGS_PER_DECADE)
    last = run.steps - length - int(lags[-1])
    places, least = min(starts, last - burn_in + 1), 2 * cell.output_size + 10
    if places < least:
        raise ValueError(
            f"{cell.output_size} outputs need at least {least} starts, got {places}: "
            "take a longer series, fewer lags, or more starts"
        )
    offsets = spread_starts(burn_in, last, starts, np.random.default_rng(seed))
    with progress_reporter(progress, run.steps + length + int(lags[-1]), "long_term_dependence") as report:
        states = states_after(run, prepare(cell, backend), offsets, chunk=chunk, report=report, threads=threads)
        stretches = Stretches(run, offsets, states, backend, threads, copies=2)
        found = [separation_of(*outputs) for outputs in _outputs(stretches, patterns, mode, lags, report)]
    return LongTermDependence.of(
        lags, found, threshold=threshold, starts=len(offsets), interval=interval, unit=unit
    )  # fmt: skip


def _check(cell, inputs, state, finite):
    if inputs is None:
        raise TypeError("inputs must be an array, (T, input_size), got None")
    run = Run(cell, inputs, None, state, finite)
    if cell.input_size == 0:
        raise ValueError("the cell takes no input: no pattern can be shown to it")
    if cell.state_size == 0:
        raise ValueError("the cell has no state: it remembers nothing")
    if run.batch is not None:
        raise ValueError("inputs and state must be those of a single sequence, (T, input_size) and (state_size,)")
    return Run(in_double(cell), run.inputs, None, state, False)


def _read_pattern(name, pattern, cell, steps="P"):
    pattern = as_real_array(name, pattern)
    check_shape(name, pattern, (steps, cell.input_size))
    if not len(pattern):
        raise ValueError(f"{name} must be at least one step long, got shape {pattern.shape}")
    check_finite(name, pattern, cell.dtype)
    return pattern.astype(cell.dtype)


def _outputs(stretches, patterns, mode, lags, report):
    """``(marked, plain)``, float64 (J, p) each, at every lag."""
    rows, length, cell = stretches.rows // 2, len(patterns[0]), stretches.cell
    most, done = stretches.longest_piece(0), 0
    inputs = stretches.inputs(0, length)
    for copy, pattern in enumerate(patterns):
        if pattern is not None:
            place = inputs[:, copy * rows : (copy + 1) * rows]
            place[...] = pattern[:, None] if mode == "replace" else place + pattern[:, None]
    outputs = np.empty((1, stretches.rows, cell.output_size), cell.dtype)
    for target in length + lags:
        while done < target:
            steps = length if done == 0 else int(min(most, target - done))
            kept = outputs if done + steps == target else None
            stretches.advance(
                inputs if done == 0 else stretches.inputs(done, steps), done, steps, outputs=kept, every=done + steps
            )  # fmt: skip
            done += steps
            report(steps)
        yield outputs[0, :rows].astype(np.float64), outputs[0, rows:].astype(np.float64)
