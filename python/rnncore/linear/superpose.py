"""h_k = W^k h_0 + Σ_t W^{k-t} (W_x x_t + b): a run of a linear recursion as a sum of responses."""

import numpy as np

from ..cells.base import is_sparse
from ..errors import NonFiniteError
from ..nonfinite import is_finite
from ..progress import progress_reporter
from ..runs import Run
from .convolution import are_transforms_faster, by_transforms, direct, direct_operations, transform_operations
from .responses import check_rows, response_rows
from .state_space import read_state_space
from .superposition import Superposition

_METHODS = ("auto", "direct", "fft")
_FORGOTTEN = 1 / 16  # of a rounding error: what lags that are left out may add up to
_LARGEST_GROWTH = 1e3  # of a response: by so much more than later outputs the first ones suffer from transforms


def superpose(cell, inputs=None, *, steps=None, state=None, method="auto", progress=None):
    """A run of a linear recursion in closed form: the sum of the responses to all that moves it.

        h_k = W^k h_0 + Σ_{t=1…k} W^{k-t} (W_x x_t + b)

    Responses W^k W_x are worked out once, as far as they differ from zero, and convolved with the inputs.

    Parameters
    ----------
    cell : Linear, Diagonal, DelayLine, Elman or Dense with ``nonlinearity="identity"``, or a Chain of them
    inputs : array, (T, input_size) or (T, B, input_size), optional
        Finite. None: no inputs.
    steps : int, optional
        T, where there are no inputs.
    state : array, (state_size,) or (B, state_size), optional
        h_0; zeros by default.
    method : {"auto", "direct", "fft"}
        How responses are added up: term by term, K T products of an input and a response; or by Fourier transforms,
        about T log K. "auto" takes the faster, but no transforms where the response grows more than 1 000-fold.
    progress : bool or callable, optional
        As in :func:`rnncore.simulate`.

    Returns
    -------
    Superposition
        ``outputs``, the ``parts`` they are the sum of, and the ``operations`` that this, other ways and the recursion
        take.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name, before work starts; a layer that is not linear with constant coefficients.
    NonFiniteError
        A response or an output overflows; ``step`` counts from the input that it responds to.

    Notes
    -----
    A recursion of n units takes 2 n² operations a step and needs no memory of what was: where all states are asked for,
    :func:`rnncore.simulate` is as fast as this or faster, always for Diagonal cells, which take 2 n. The closed form
    pays where few outputs are read out of many units (a Chain that ends in a narrow Dense layer) and the response is
    short beside the series: it then needs the n² only once for each of K lags, not for each of T steps.

    Everything is worked out in double precision and rounded to the cell's dtype at the end. For dense matrices, and
    sparse ones of up to 2 000 units, K is found from a power A^m of norm 1/2 at most: with every m steps a response
    loses half its size, which bounds the rest. A recursion that does not forget has K = T. Responses are held in
    memory, K numbers for each pair of an input and an output.

    The error of transforms is some eps of the largest output, at every step: early outputs of a response that grows
    lose digits. The direct sum has no such loss. (Stockham 1966, High-speed convolution and correlation.)

    Examples
    --------
    >>> import numpy as np, rnncore
    >>> found = rnncore.superpose(rnncore.Linear([[0.5]], [[1.0]]), np.ones((3, 1)), state=[8.0])
    >>> found.outputs.ravel(), found.parts["state"].ravel()
    (array([5.  , 3.5 , 2.75]), array([4., 2., 1.]))
    """
    system = read_state_space(cell)
    if not isinstance(method, str) or method not in _METHODS:
        raise ValueError(f"method must be one of {', '.join(_METHODS)}; got {method!r}")
    run = Run(cell, inputs, steps, state, True)
    forgotten = _FORGOTTEN * np.finfo(cell.dtype).eps
    parts, lags, chosen = {}, 0, None
    operations = {"responses": 0.0, "direct": 0.0, "fft": 0.0, "recursion": _recursion(system, run)}
    with progress_reporter(progress, run.steps, "superpose") as report:
        if run.inputs is not None and cell.input_size and run.steps and run.width:
            parts["inputs"], lags, chosen, counts = _of_inputs(system, run, forgotten, method, report)
            operations |= counts
        else:
            report(run.steps)
    if run.state.any() and run.steps:
        parts["state"] = _of_state(system, run)
    if run.steps and (system.offset.any() or system.output_offset.any()):
        parts["bias"] = _of_bias(system, run.steps, forgotten)
    return _put_together(cell, run, parts, lags, chosen, operations)


def _of_inputs(system, run, forgotten, method, report):
    """``(T, B or 1, n_out)`` with lags, method and operations."""
    inputs = run.inputs.astype(run.cell.dtype).astype(np.float64)
    inputs = inputs[:, None] if inputs.ndim == 2 else inputs
    moving = np.flatnonzero(inputs.any(axis=(1, 2)))
    rest = np.zeros((run.steps, inputs.shape[1], run.cell.output_size))
    counts = {"responses": 0.0, "direct": 0.0, "fft": 0.0}
    if not len(moving):
        report(run.steps)
        return rest, 0, None, counts
    first = int(moving[0])  # before it there is nothing to respond to, nor a lag that reaches further
    report(first)
    if system.feedthrough is not None:
        response = system.feedthrough[None]
    else:
        response = check_rows(response_rows(system, system.drive, run.steps - first, forgotten))
    sizes = len(response), run.steps - first, inputs.shape[1], *response.shape[1:]
    counts = {
        "responses": len(response) * _products(system) * response.shape[2],
        "direct": direct_operations(*sizes),
        "fft": transform_operations(*sizes),
    }
    if method == "auto":
        method = "fft" if are_transforms_faster(*sizes) and _growth(response) <= _LARGEST_GROWTH else "direct"
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        rest[first:] = (direct if method == "direct" else by_transforms)(response, inputs[first:], report)
    return rest, len(response), method, counts


def _growth(response):
    """The largest row over the first that is not zero."""
    sizes = np.abs(response).max(axis=(1, 2))
    first = sizes[np.argmax(sizes > 0)]
    return sizes.max() / first if first > 0 else 1.0


def _of_state(system, run):
    """W^k h_0, ``(T, B, n_out)``, for as long as it is no zero."""
    states = system.from_cell_state(run.state).T
    moved = system.transition[:, None] * states if system.is_diagonal else system.transition @ states
    rows = check_rows(response_rows(system, moved, run.steps))
    found = np.zeros((run.steps, run.width, run.cell.output_size))
    found[: len(rows)] = rows.swapaxes(1, 2)
    return found


def _of_bias(system, steps, forgotten):
    """The response to a constant input, ``(T, 1, n_out)``: sums of those to single steps."""
    found = np.zeros((steps, 1, len(system.output_offset)))
    if system.offset.any():
        rows = check_rows(response_rows(system, system.offset[:, None], steps, forgotten))
        with np.errstate(over="ignore", invalid="ignore"):
            sums = np.cumsum(rows, axis=0)[:, None, :, 0]
        found[: len(sums)], found[len(sums) :] = sums, sums[-1]
    return found + system.output_offset


def _put_together(cell, run, parts, lags, method, operations):
    lead = (run.steps, run.width, cell.output_size)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        total = sum(parts.values(), np.zeros(lead)).astype(cell.dtype)
        parts = {name: np.broadcast_to(part, lead).astype(cell.dtype) for name, part in parts.items()}
    if not is_finite(total):
        step, sequence, unit = np.argwhere(~np.isfinite(total))[0].tolist()
        raise NonFiniteError(step + 1, unit, None if run.batch is None else sequence, "output")
    if run.batch is None:
        total, parts = total[:, 0], {name: part[:, 0] for name, part in parts.items()}
    return Superposition(total, parts, lags, method, operations)


def _recursion(system, run):
    """Operations of a run step by step."""
    readout = 0 if system.readout is None else 2.0 * system.readout.size
    through = 0 if system.feedthrough is None else 2.0 * system.feedthrough.size
    return run.steps * run.width * (_products(system) + 2.0 * system.drive.size + readout + through)


def _products(system):
    """Operations of A times a vector."""
    transition = system.transition
    return 2.0 * (transition.nnz if is_sparse(transition) else transition.size) * (4 if system.is_complex else 1)
