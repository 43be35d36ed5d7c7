"""Covariant Lyapunov vectors from a pass forward and a pass backward.

Forward, A_m Q_{m-1} = Q_m R_m with orthonormal frames Q. Backward, whatever upper triangular C_M one begins with,
C_{m-1} = R_m⁻¹ C_m with columns scaled to one turns into the coordinates of the covariant vectors V_m = Q_m C_m, and
the scaling into their growth (Ginelli, Poggi, Turchi, Chaté, Livi, Politi 2007).
"""

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from .arrays import as_count
from .backends import choose_backend, prepare
from .covariant_vectors import CovariantVectors
from .lyapunov.reorthonormalisation import BOUND, LONGEST_INTERVAL
from .nonfinite import is_finite, nonfinite_error
from .progress import progress_reporter
from .runs import Run
from .threads import resolve_threads

_CONVERGED = 36.0  # nats between two directions: what is left of the wrong one is rounding


def covariant_lyapunov_vectors(
    cell,
    inputs=None,
    *,
    steps=None,
    k=None,
    state=None,
    every=1,
    burn_in="auto",
    memory_limit=None,
    seed=0,
    check_finite=True,
    chunk=None,
    backend=None,
    threads=None,
    progress=None,
):
    """The directions that grow at each Lyapunov exponent's rate, forward and backward in time (Ginelli et al. 2007).

    The j-th vector is mapped by each step's Jacobian onto the j-th vector after it. Near either end of a run they have
    not settled yet: ``burn_in`` steps are left out at both.

    Parameters
    ----------
    cell : Cell
    inputs : array, (T, input_size) or (T, B, input_size), optional
        None: the autonomous system.
    steps : int, optional
        T, where there are no inputs.
    k : int, optional
        Vectors of the k largest exponents; all by default.
    state : array, (state_size,) or (B, state_size), optional
        Where to start; zeros by default.
    every : int
        Keep the vectors of the steps that it divides.
    burn_in : int or "auto"
        Steps left out at either end. "auto": until the two of the k exponents that lie closest have told their
        directions apart to rounding, 36 nats; a quarter of the run at most, and for k = 1.
    memory_limit : int, optional
        Bytes that frames may take beside the result. Frames are kept at about √T of the steps only and the ones
        between worked out again on the way back, which takes the least memory there is: a limit below it is an error.
    seed : int
        Of the frame and the coordinates to begin with.
    check_finite : bool
        True: NaN and infinities in inputs or state are an error before work starts.
    chunk : int, optional
        Steps between two looks at Ctrl-C and the progress; the result does not depend on it, bit for bit.
    backend : {"native", "numba", "reference"}, optional
    threads : int, optional
        All cores by default; the result does not depend on it, bit for bit.
    progress : bool or callable, optional
        As in :func:`simulate`; every step counts twice, forward and backward.

    Returns
    -------
    CovariantVectors

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name, before work starts; a burn-in that leaves no step; a direction among the first k that
        the Jacobians annihilate, for it has no covariant vector.
    NonFiniteError
        The state or the frame left the finite numbers. ``partial`` is None: that happens on the way forward, and
        vectors come of the way back.
    BackendUnavailable
        The backend asked for cannot run here.

    Examples
    --------
    >>> import numpy as np, rnncore
    >>> cell = rnncore.Linear([[2.0, 1.0], [0.0, 0.5]])
    >>> found = rnncore.covariant_lyapunov_vectors(cell, steps=200)
    >>> np.round(found.exponents / np.log(2), 6)
    array([ 1., -1.])
    >>> float(np.round(np.degrees(found.angles(0, 1)[0]), 3))
    56.31
    """
    chunk = None if chunk is None else as_count("chunk", chunk, 1)
    every = as_count("every", every, 1)
    seed = as_count("seed", seed, 0)
    threads = resolve_threads(threads)
    backend = choose_backend(backend)
    run = Run(cell, inputs, steps, state, check_finite)
    k = run.directions(k)
    burn_in = _read_burn_in(burn_in, run.steps, every)
    section = _section(run, k, every, memory_limit)
    rng = np.random.default_rng(seed)
    frame = np.linalg.qr(rng.standard_normal((cell.state_size, k)))[0].astype(cell.dtype)
    frame = np.tile(frame, (run.width, 1, 1))
    coordinates = np.triu(rng.standard_normal((k, k)))
    walk = _Walk(run, prepare(cell, backend), threads)
    with progress_reporter(progress, 2 * run.steps, "covariant_lyapunov_vectors") as report:
        sections, exponents = _go_forward(walk, frame, section, every, chunk, report)
        if burn_in is None:
            burn_in = _settling_time(exponents, min(run.steps // 4, run.steps - every))
        return _go_back(walk, sections, coordinates, every, burn_in, report)


def _read_burn_in(burn_in, steps, every):
    """None for "auto"."""
    if steps < every:
        raise ValueError(f"every is {every}, but the run has only {steps} steps")
    if isinstance(burn_in, str):
        if burn_in != "auto":
            raise ValueError(f'burn_in must be "auto" or an integer, got {burn_in!r}')
        return None
    burn_in = as_count("burn_in", burn_in, 0)
    if not len(_kept_steps(steps, every, burn_in)):
        raise ValueError(f"burn_in is {burn_in} at either end, which leaves nothing of {steps} steps, every {every}")
    return burn_in


def _kept_steps(steps, every, burn_in):
    first = max(1, -(-burn_in // every))
    return np.arange(first * every, steps - burn_in + 1, every)


def _section(run, k, every, memory_limit):
    """Steps whose frames are held at once: with those kept between sections they take the least memory together."""
    itemsize, size = run.cell.dtype.itemsize, run.cell.state_size
    kept = run.width * (size * k + size) * itemsize
    held = run.width * ((size * k + k * k) * itemsize + 16 * k)
    section = max(1, math.isqrt(run.steps * kept // held)) if run.width else 1
    section = -(-section // every) * every
    needed = -(-run.steps // section) * kept + section * held
    if memory_limit is not None and as_count("memory_limit", memory_limit, 1) < needed:
        raise ValueError(f"memory_limit must be at least {needed} bytes for {run.steps} steps, got {memory_limit}")
    return section


class _Section(NamedTuple):
    """A stretch of the run, and where it begins.

    Attributes
    ----------
    cuts : list of int
        Steps at which the walk through it is cut, between two looks at Ctrl-C; the first and the last are its ends.
    interval : int
        Steps between orthonormalisations.
    state : (B, n) array
    frame : (B, n, k) array
    """

    cuts: list
    interval: int
    state: np.ndarray
    frame: np.ndarray


class _Walk(NamedTuple):
    run: Run
    program: object
    threads: int

    def orthonormalise(self, start, stop, interval, state, frame, factors=None, exponents=None, frames=None):
        """Returns the growth, (Q, B, k)."""
        growth = np.empty((-(-(stop - start) // interval), self.run.width, frame.shape[2]))
        self.program.orthonormalise(
            self.run.inputs_between(start, stop), stop - start, state, frame,
            start=start, interval=interval, growth=growth,
            factors=factors, exponents=exponents, frames=frames, threads=self.threads,
        )  # fmt: skip
        return growth


def _go_forward(walk, frame, length, every, chunk, report):
    """The sections of the run, and its exponents, (B, k)."""
    run, sections, interval, spread = walk.run, [], 1, 0.0
    longest = max(d for d in range(1, min(every, LONGEST_INTERVAL) + 1) if every % d == 0)
    total = np.zeros((run.width, frame.shape[2]))
    for start, stop in run.segments(chunk, report, columns=frame.shape[2], multiple=longest):
        edges = range(-(-start // length) * length, stop, length)
        for first, last in pairwise(np.unique([start, *edges, stop]).tolist()):
            if first % length == 0:
                sections.append(_Section([first], interval, run.state.copy(), frame.copy()))
            before = run.state.copy(), frame.copy()
            growth = walk.orthonormalise(first, last, sections[-1].interval, run.state, frame)
            if not is_finite(run.state, frame) or np.isnan(growth).any():
                interval = sections[-1].interval
                raise nonfinite_error(
                    run, walk.program, first, last, *before, interval=interval, threads=walk.threads
                )  # fmt: skip
            _check_alive(growth, last)
            sections[-1].cuts.append(last)
            # One after the other, so that the sum does not depend on the cuts.
            total = np.cumsum(np.concatenate([total[None], growth]), axis=0)[-1]
            if len(sections) == 1:
                spread = max(spread, float(np.max(np.ptp(growth, axis=2), initial=0)))
                interval = _interval(spread, longest, run.cell.dtype)
    return sections, total / run.steps


def _check_alive(growth, step):
    if not np.isfinite(growth).all():
        lost = int(np.argmax(~np.isfinite(growth).all(axis=(0, 1))))
        raise ValueError(
            f"k must be at most {lost}: direction {lost} is annihilated by step {step}"
            if lost
            else f"there are no covariant vectors: every direction is annihilated by step {step}"
        )


def _interval(spread, longest, dtype):
    """The longest divisor of ``longest`` that keeps the measured growth between first and last direction in bounds."""
    return max(d for d in range(1, longest + 1) if longest % d == 0 and (d == 1 or d * spread <= BOUND[dtype]))


def _settling_time(exponents, most):
    """Steps until the two closest exponents have told their directions apart, at most ``most``."""
    gaps = np.diff(np.sort(exponents, axis=1), axis=1)
    smallest = gaps.min(initial=np.inf) if gaps.shape[1] else 0.0
    return most if smallest * most <= _CONVERGED else math.ceil(_CONVERGED / smallest)


def _go_back(walk, sections, coordinates, every, burn_in, report):
    run, k = walk.run, len(coordinates)
    steps = _kept_steps(run.steps, every, burn_in)
    vectors = np.empty((len(steps), run.width, run.cell.state_size, k), run.cell.dtype)
    growth = np.zeros((len(steps), run.width, k))
    coordinates = np.tile(coordinates / np.linalg.norm(coordinates, axis=0), (run.width, 1, 1))
    for section in reversed(sections):
        start, stop, interval = section.cuts[0], section.cuts[-1], section.interval
        count = -(-(stop - start) // interval)
        frames = np.empty((count, *section.frame.shape), run.cell.dtype)
        factors = np.empty((count, run.width, k, k), run.cell.dtype)
        exponents = np.empty((count, run.width, k), np.int64)
        for first, last in pairwise(section.cuts):
            part = slice((first - start) // interval, -(-(last - start) // interval))
            walk.orthonormalise(
                first, last, interval, section.state, section.frame, factors[part], exponents[part], frames[part]
            )
            run.release(first, last)
        for number in reversed(range(count)):
            step = min(start + (number + 1) * interval, stop)
            row = _row(step, steps, every)
            if row is not None and step == steps[row]:
                vectors[row] = frames[number] @ coordinates
            coordinates, grown = _pull_back(coordinates, factors[number], exponents[number])
            if row is not None:
                growth[row] += grown
        report(stop - start)
    if run.batch is None:
        vectors, growth = vectors[:, 0], growth[:, 0]
    return CovariantVectors(vectors, steps, growth, growth.mean(axis=0) / every, every, burn_in)


def _row(step, steps, every):
    """The row of the kept step at or after this one, less than ``every`` later; or None."""
    row = -(-step // every) - steps[0] // every
    return row if 0 <= row < len(steps) else None


def _pull_back(coordinates, factor, exponent):
    """R⁻¹ C with columns scaled to one, R = factor · 2**exponent; and the logs of their growth under R."""
    least = exponent.min(axis=1, keepdims=True)
    solved = np.linalg.solve(factor.astype(np.float64), coordinates)
    solved = np.ldexp(solved, -np.minimum(exponent - least, 2000)[:, :, None])
    norms = np.linalg.norm(solved, axis=1)
    return solved / norms[:, None, :], np.log(2) * least - np.log(norms)
