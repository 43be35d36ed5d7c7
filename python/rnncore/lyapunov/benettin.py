"""Lyapunov spectra by orthonormalising again and again (Benettin, Galgani, Giorgilli and Strelcyn 1980)."""

import math

import numpy as np

from ..arrays import as_count, as_number
from ..backends import choose_backend, prepare
from ..errors import NonFiniteError
from ..progress import progress_reporter
from ..runs import Run
from ..threads import resolve_threads
from .batch_means import standard_errors
from .resume import ResumeFile, fingerprint
from .spectrum import Convergence, LyapunovSpectrum, entropy_rate, kaplan_yorke_dimension
from .walk import Walk

_HISTORY_POINTS = 200


def lyapunov_spectrum(
    cell,
    inputs=None,
    *,
    steps=None,
    k=None,
    state=None,
    burn_in="auto",
    qr_interval="auto",
    tolerance=None,
    seed=0,
    resume=None,
    check_finite=True,
    chunk=None,
    backend=None,
    threads=None,
    progress=None,
):
    """The mean rates at which small differences grow or shrink along a run: its Lyapunov exponents.

    k random orthonormal directions are carried along by the Jacobians of the whole state and orthonormalised at
    intervals; the logarithms of what that takes off their lengths, summed and divided by the steps, are the exponents
    (Benettin, Galgani, Giorgilli and Strelcyn, Meccanica 15, 9, 1980).

    Parameters
    ----------
    cell : Cell
    inputs : array, (T, input_size) or (T, B, input_size), optional
        As for :func:`rnncore.simulate`; None: the autonomous system. A batch gives a batch of spectra.
    steps : int, optional
        T, where there are no inputs.
    k : int, optional
        How many exponents, from the largest on; all ``state_size`` of them by default. Time goes as k; k = 1 is the
        largest exponent at the cost of one vector.
    state : array, (state_size,) or (B, state_size), optional
        Where to start; zeros by default. Without inputs zero may be a fixed point: its spectrum is then what you get.
    burn_in : "auto" or int
        Steps walked before growth is counted, T // 10 by default: the state reaches its attractor, and the directions
        turn to where they belong.
    qr_interval : "auto" or int
        Steps between two orthonormalisations. "auto": powers of two up to 64, such that what grows between the first
        and the last direction stays under e^12 in float64, e^3 in float32, on the mean: it decides how many digits the
        last exponent has. A round of steps that went far beyond is walked again, and so is, with interval 1, one in
        which a direction was lost altogether; the latter also with an interval that is given.
    tolerance : float, optional
        Stop early, at the end of a round, once all standard errors are below it (nats per step). Rounds double from
        some 64 to 65536 steps. By default all steps are walked.
    seed : int
        Of the directions to begin with; the same for each sequence of a batch.
    resume : path, optional
        A file that is written after every segment and from which a call with the same arguments goes on, with the same
        bits as an unbroken run: a kill loses one segment. It stays when the spectrum is finished; the same call then
        returns at once. Arrays beyond 16 MB are compared by 64 of their rows.
    check_finite : bool
        True: NaN and infinities in inputs or state are an error before work starts. False leaves it to
        ``NonFiniteError``.
    chunk : int, optional
        Steps of a segment, rounded to windows of some 64; by default about a tenth of a second of work. The result
        does not depend on it, bit for bit.
    backend : {"native", "numba", "reference"}, optional
    threads : int, optional
        All cores by default; the result does not depend on it, bit for bit.
    progress : bool or callable, optional
        True: a tqdm bar. A function is called as ``progress(steps_done, steps)``.

    Returns
    -------
    LyapunovSpectrum
        ``exponents``, ``standard_errors``, ``kaplan_yorke_dimension``, ``entropy_rate``, ``history``, ``qr_interval``,
        ``steps``, ``burn_in``. Standard errors are by batch means with blocks that double until the estimate settles
        (Flyvbjerg and Petersen, J. Chem. Phys. 91, 461, 1989), so correlation in time is accounted for. They do not
        know of what the burn-in left over, of order 1/T.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name, before work starts: no steps or no state, k beyond ``state_size``, a tolerance that is
        not positive, a burn-in as long as the run, a ``resume`` file of another run.
    NonFiniteError
        The state, or a direction, left the finite numbers; ``partial`` is the spectrum up to the segment before, or
        None where none was finished after the burn-in.
    FormatError
        ``resume`` is no file to resume from.
    BackendUnavailable
        The backend asked for cannot run here.

    Notes
    -----
    A direction is annihilated, -inf, where a single Jacobian is singular whatever the scale of its rows: a unit without
    slope, a weight matrix without full rank. Tiny rows, of units deep in saturation, are only small. ReLU at its kink
    has slope 0.

    Examples
    --------
    >>> import numpy as np, rnncore
    >>> cell = rnncore.Linear(np.diag([0.5, 2.0, 0.0]))
    >>> rnncore.lyapunov_spectrum(cell, steps=1000).exponents / np.log(2)
    array([  1.,  -1., -inf])
    """
    burn_in = None if _is_auto("burn_in", burn_in) else as_count("burn_in", burn_in, 0)
    qr_interval = None if _is_auto("qr_interval", qr_interval) else as_count("qr_interval", qr_interval, 1)
    seed = as_count("seed", seed, 0)
    tolerance = None if tolerance is None else _read_tolerance(tolerance)
    chunk = None if chunk is None else as_count("chunk", chunk, 1)
    threads = resolve_threads(threads)
    backend = choose_backend(backend)
    run = Run(cell, inputs, steps, state, check_finite)
    k = run.directions(k)
    if not run.steps or not run.width:
        raise ValueError(f"{'steps is' if not run.steps else 'the batch has'} 0: there is no growth to measure")
    burn_in = run.steps // 10 if burn_in is None else burn_in
    if burn_in >= run.steps:
        raise ValueError(f"burn_in must be less than the {run.steps} steps of the run, got {burn_in}")
    walk = Walk(run, prepare(cell, backend), k, burn_in, qr_interval, tolerance, seed, threads)
    file = None
    if resume is not None:
        options = {"k": k, "burn_in": burn_in, "qr_interval": qr_interval, "tolerance": tolerance, "seed": seed}
        file = ResumeFile(resume, fingerprint(run, {**options, "backend": backend.name}))
        if (saved := file.read(walk.to_arrays())) is not None:
            walk.restore(saved)
        else:
            file.write(walk.to_arrays())  # where it cannot be written, that is told before work starts
    with progress_reporter(progress, run.steps, "lyapunov_spectrum") as report:
        if walk.step:
            report(walk.step)
        _go(walk, chunk, report, file)
    return _result(walk)


def _go(walk, chunk, report, file):
    kept, offset = walk.block.shape[2], walk.burn_in % walk.window
    segments = walk.run.segments(
        chunk, report, columns=kept, kept=kept, multiple=walk.window, offset=offset, start=walk.step
    )
    try:
        for start, stop in segments:
            walk.advance(stop)
            if file is not None:
                file.write(walk.to_arrays())
            if walk.finished:
                walk.run.release(start, stop)
                report(walk.run.steps - start)  # a run that ends early has done what there was to do
                return
    except NonFiniteError as error:
        walk.count_round()
        error.partial = _result(walk) if walk.step > walk.burn_in else None
        raise


def _is_auto(name, value):
    if isinstance(value, str) and value != "auto":
        raise ValueError(f'{name} must be "auto" or an integer, got {value!r}')
    return isinstance(value, str)


def _read_tolerance(tolerance):
    number = as_number("tolerance", tolerance)
    if not 0 < number < math.inf:
        raise ValueError(f"tolerance must be positive and finite, got {tolerance}")
    return number


def _result(walk):
    """Exponents of each sequence in descending order, and all else in that order."""
    run, windows, measured = walk.run, walk.windows, walk.step - walk.burn_in
    exponents = windows.total() / measured
    order = np.argsort(-exponents, axis=1, kind="stable")

    def arrange(values):
        values = np.take_along_axis(values, np.broadcast_to(order, values.shape), axis=-1)
        return values[..., 0, :] if run.batch is None else values

    exponents, errors = arrange(exponents), arrange(standard_errors(windows.sums) / windows.length)
    steps, curve = _convergence(windows, measured)
    size, rounding = run.cell.state_size, run.cell.state_size * np.finfo(run.cell.dtype).eps
    return LyapunovSpectrum(
        exponents,
        errors,
        _by_sequence(lambda row: kaplan_yorke_dimension(row, size, rounding), exponents),
        _by_sequence(lambda row: entropy_rate(row, size), exponents),
        Convergence(np.append(walk.burn_in + steps, walk.step), np.concatenate([arrange(curve), exponents[None]])),
        walk.round.interval,
        walk.step,
        walk.burn_in,
    )


def _convergence(windows, measured):
    """``(steps, means up to there)`` at the ends of some windows, ever farther apart, before the end of the run."""
    ends = windows.length * np.arange(1, len(windows.sums) + 1)
    ends = ends[ends < measured]
    chosen = np.unique(np.geomspace(1, len(ends) or 1, _HISTORY_POINTS - 1).astype(np.int64))[: len(ends)] - 1
    return ends[chosen], np.cumsum(windows.sums, axis=0)[chosen] / ends[chosen, None, None]


def _by_sequence(measure, exponents):
    if exponents.ndim == 2:
        return np.array([measure(row) for row in exponents])
    value = measure(exponents)
    return None if np.isnan(value) else float(value)
