"""How much of its past input a network holds: memory capacity, linear and nonlinear."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np

from ..arrays import as_count
from ..backends import choose_backend
from ..cells import Cell
from ..linear.state_space import is_linear
from ..progress import progress_reporter
from ..runs import Run
from ..threads import resolve_threads
from . import targets as of_input
from .arguments import check_choice, read_burn_in, read_time
from .capacity_request import CapacityRequest
from .capacity_result import MemoryCapacity
from .linear_network import exact_capacities
from .regression import Regression, whitening
from .run_states import RunStates

_LANES = 4
_SAMPLE = 2048  # states, at least, by which the regression is conditioned
_STEPS = 100_000  # of a series that is made up


def memory_capacity(
    cell,
    inputs=None,
    *,
    max_lag,
    steps=None,
    method="regression",
    degree=1,
    basis="legendre",
    readout="state",
    ridge=0.0,
    surrogates=30,
    surrogate="shift",
    significance=1e-4,
    burn_in="auto",
    state=None,
    interval=1.0,
    unit=None,
    seed=0,
    check_finite=True,
    backend=None,
    threads=None,
    progress=None,
):
    """How much of the input of k steps ago a linear readout of the state recovers, for every lag k.

    MC_k is the squared correlation of u_{t-k} with the readout of x_t that is fitted to it best, the share of its
    variance that the network holds (Jaeger 2001). Summed over all lags it is at most the number of states, for inputs
    that are independent in time.

    Parameters
    ----------
    cell : Cell
        With inputs and a state.
    inputs : array, (T, input_size) or (T, B, input_size), optional
        A real series, each column by itself. None: independent, uniform on [-1, 1], ``steps`` long.
    max_lag : int or sequence of int
        L, the largest lag; a sequence: that of each degree.
    steps : int, optional
        Of the series that is made up; 100 000 by default.
    method : {"regression", "gramian"}
        "gramian": exact, in closed form, for networks that are linear throughout, under independent inputs of any
        distribution; no run, nothing of chance.
    degree : int
        D > 1: also all products of polynomials of the inputs at lags 0 … L, of degree 2 … D in all: nonlinear memory,
        the information processing capacity of Dambre, Verstraeten, Schrauwen and Massar (2012).
    basis : {"legendre", "empirical"}
        The polynomials. "legendre" are orthogonal for uniform inputs, which must lie within [-1, 1]; "empirical" are
        made orthogonal for the values of each column, whatever their distribution.
    readout : {"state", "outputs"}
        What linear readouts see: the whole state, of an LSTM h and c, or the outputs of the last layer.
    ridge : float
        This times the squared weights is added to the sum of squared errors that readouts make least; 0: least squares.
    surrogates : int
        Targets that the network cannot know, by which the level of chance is found, for each column and degree; 0: no
        correction.
    surrogate : {"shift", "shuffle"}
        The input moved far in time, which keeps its correlations; or shuffled, which destroys them.
    significance : float or None
        Probability with which chance alone exceeds the threshold below which a capacity counts as zero. None: no
        threshold; weak capacities then come out right on average, also below zero.
    burn_in : "auto" or int
        Steps before the regression; "auto": a tenth of the run, 1 000 at most. The first ``max_lag`` steps never count.
    state : array, (state_size,) or (B, state_size), optional
        Where the run starts; zeros by default.
    interval : float
        Time of a step, in ``unit``.
    unit : str, optional
        "hours", say; "steps" by default.
    seed : int
        Of the series that is made up, and of surrogates.
    check_finite, backend, threads, progress
        As for :func:`rnncore.simulate`.

    Returns
    -------
    MemoryCapacity
        ``total``, ``by_lag``, ``present``, ``by_degree`` and more; a tuple of one for each sequence of a batch.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name, before work starts: a constant column, a series shorter than the lags or than the
        states are many, inputs outside [-1, 1] for Legendre polynomials, too many products, a network that is not
        linear or does not forget for the closed form. A state whose squares overflow.
    NonFiniteError
        The state left the finite numbers.
    BackendUnavailable
        The backend asked for cannot run here.

    Notes
    -----
    The regression is by least squares on whitened states in float64, which resolves directions of the state down to
    1e-15 of the largest; with the states' covariance alone, as is common, what long lags depend on drowns in rounding
    (Ballarin, Grigoryeva and Ortega 2024). Of n states fitted to N steps about n/N of any variance is recovered by
    chance; capacities C are given as (C - c)/(1 - c) with the mean c of surrogates, and those that chance explains as
    zero. Of inputs that are correlated in time the past can also be told from the present, without any memory; that is
    no chance and counts: of a periodic series every lag is known.

    A long run of a network that forgets is walked as stretches side by side, each from some steps before it; where
    their states do not meet, but for rounding, it is walked step by step.

    "gramian" normalises the controllability Gramian instead of inverting it, see ``rnncore.memory.linear_network``.
    All lags together, lag 0 included, make the number of controllable states.

    Examples
    --------
    >>> import numpy as np, rnncore
    >>> delay = rnncore.Linear(np.diag(np.ones(3), -1), np.eye(4)[:, :1])  # the state is the last four inputs
    >>> rnncore.memory_capacity(delay, max_lag=5, method="gramian").by_lag.round(6).tolist()
    [1.0, 1.0, 1.0, 0.0, 0.0]
    >>> sampled = rnncore.memory_capacity(delay, max_lag=5, steps=2_000)
    >>> sampled.by_lag.round(6).tolist(), round(sampled.present, 6)
    ([1.0, 1.0, 1.0, 0.0, 0.0], 1.0)
    """
    request = CapacityRequest(max_lag, degree, basis, readout, ridge, surrogates, surrogate, significance)
    interval, unit = read_time(interval, unit)
    check_choice("method", method, ("regression", "gramian"))
    seed = as_count("seed", seed, 0)
    backend, threads = choose_backend(backend), resolve_threads(threads)
    _check_cell(cell)
    if method == "gramian":
        return _in_closed_form(cell, inputs, request, interval, unit, backend)
    generator = np.random.default_rng(seed)
    if inputs is None:
        steps = _STEPS if steps is None else as_count("steps", steps, 1)
        inputs, steps = generator.uniform(-1, 1, (steps, cell.input_size)), None
    run = Run(cell, inputs, steps, state, check_finite)
    first = max(read_burn_in(burn_in, run.steps), max(request.lags))
    run_states = RunStates(run, backend, readout, first, threads)
    request.check_length(run, first, run_states.size)
    series = [_series(run, sequence, request.basis, request.degree) for sequence in range(run.width)]
    request.check_products(cell.input_size, run_states.size)
    targets = [request.targets(*of_sequence, generator) for of_sequence in series]
    with progress_reporter(progress, run.steps, "memory_capacity") as report:
        regressions = _regressions(run_states, targets, request.ridge, report)
    found = tuple(
        request.result(*regression.squared_correlations(), own, regression.rows, interval, unit)
        for regression, own in zip(regressions, targets)
    )
    return found[0] if run.batch is None else found


def _regressions(run_states, targets, ridge, report):
    """One for each sequence: of the states as they are, and where these are badly conditioned of whitened ones."""
    found = _summed(run_states, targets, lambda sequence, rows: Regression(rows.mean(axis=0), ridge=ridge), report)
    if any(regression.overflowed for regression in found):
        raise ValueError("the state must stay bounded along the run, but its squares overflow")
    bad = [sequence for sequence, regression in enumerate(found) if not regression.well_conditioned]
    if bad:
        sample = run_states.sample(max(_SAMPLE, 8 * run_states.size))
        rounding = np.finfo(run_states.run.cell.dtype).eps
        white = {sequence: whitening(sample[:, sequence], rounding) for sequence in bad}
        again = [targets[sequence] if sequence in white else None for sequence in range(len(targets))]
        better = _summed(
            run_states, again, lambda sequence, rows: Regression(*white[sequence], ridge=ridge), lambda steps: None
        )  # fmt: skip
        found = [first if second is None else second for first, second in zip(found, better)]
    return found


def _summed(run_states, targets, begin, report):
    """Regressions over all pieces, None where targets are; ``begin(sequence, rows)`` makes one.

    Pieces go to lanes in turn, and lanes are added up in the end: sums do not depend on how many threads there are.
    """
    lanes = [[] for _ in range(_LANES)]
    wanted = [sequence for sequence, of_sequence in enumerate(targets) if of_sequence is not None]

    def add(lane, start, stop, rows):
        for sequence, regression in zip(wanted, lanes[lane]):
            regression.add(rows[:, sequence], targets[sequence].rows(start, stop))

    with ExitStack() as stack:
        workers = [
            stack.enter_context(ThreadPoolExecutor(1)) for _ in range(min(run_states.threads, _LANES))
        ]  # fmt: skip
        pending = deque()
        for number, (start, stop, rows) in enumerate(run_states.pieces(report)):
            if number == 0:
                for lane in lanes:
                    lane += [begin(sequence, rows[:, sequence]) for sequence in wanted]
            lane = number % _LANES
            pending.append(workers[lane % len(workers)].submit(add, lane, start, stop, rows))
            while len(pending) > (2 * len(workers) if len(workers) > 1 else 0):
                pending.popleft().result()
        for one in pending:
            one.result()
    for lane in lanes[1:]:
        for regression, other in zip(lanes[0], lane):
            if other.rows:
                regression.merge(other)
    of_sequence = dict(zip(wanted, lanes[0]))
    return [of_sequence.get(sequence) for sequence in range(len(targets))]


def _check_cell(cell):
    if not isinstance(cell, Cell):
        raise TypeError(f"cell must be a cell such as rnncore.Elman, got {type(cell).__name__}")
    if cell.input_size == 0:
        raise ValueError("the cell takes no input: there is nothing to remember")
    if cell.state_size == 0:
        raise ValueError("the cell has no state: it remembers nothing")


def _series(run, sequence, basis, degree):
    """``(inputs, polynomials)`` of one sequence, (T, m) and (D, T, m) or None, in float64."""
    values = np.asarray(run.inputs if run.inputs.ndim == 2 else run.inputs[:, sequence], np.float64)
    constant = np.flatnonzero(values.min(axis=0) == values.max(axis=0))
    if len(constant):
        where = "" if run.batch is None else f" of sequence {sequence}"
        raise ValueError(
            f"inputs must vary: column {constant[0]}{where} is constant, {values[0, constant[0]]:g}, so that there is "
            "nothing to remember"
        )
    if degree == 1:
        return values, None
    if basis == "empirical":
        return values, of_input.orthonormal_polynomials(values, degree)
    outside = np.abs(values).max()
    if outside > 1:
        raise ValueError(
            f"inputs must lie within [-1, 1] for Legendre polynomials, got a magnitude of {outside:g}; "
            'basis="empirical" fits polynomials to their distribution'
        )
    return values, of_input.legendre(values, degree)


def _in_closed_form(cell, inputs, request, interval, unit, backend):
    if inputs is not None:
        raise ValueError('method="gramian" takes no inputs: it holds for independent inputs of any distribution')
    if request.degree > 1 or request.readout != "state" or request.ridge:
        raise ValueError('method="gramian" is for degree=1, readout="state" and ridge=0')
    if not all(map(is_linear, cell.layers)):
        raise ValueError(
            'method="gramian" is for networks that are linear throughout: Linear, Diagonal and DelayLine layers, Elman '
            f'and Dense layers with the nonlinearity "identity"; got {cell!r}'
        )
    raw, rank = exact_capacities(cell, request.lags[0], backend.name)
    nothing = np.zeros(cell.input_size)
    return MemoryCapacity.of(raw, raw, (), 1, (nothing, nothing), rank, None, "gramian", interval, unit)
