"""The walk back that takes a gradient apart: products of gates beside all of it."""

import numpy as np

from ..arrays import as_count
from ..backends import choose_backend, prepare
from ..backward import backward_segments
from ..cells import Cell
from ..gradient_flow.arguments import read_cotangent, read_lags
from ..nonfinite import is_finite, nonfinite_error_back
from ..progress import progress_reporter
from ..runs import Run
from ..threads import resolve_threads
from .gates import GATES
from .log_sums import PIECE, LogSums
from .parts import log2_parts
from .position import Position
from .result import Carousel

_WORK_BYTES = 1 << 20
_HELD = 12  # numbers a step and unit for gates, their logs and sums
_RANGES = {np.dtype(np.float32): 100, np.dtype(np.float64): 1000}  # bits within which a column keeps small components


def carousel(
    cell,
    inputs=None,
    *,
    steps=None,
    layer=None,
    cotangent=None,
    lags=None,
    state=None,
    check_finite=True,
    chunk=None,
    backend=None,
    threads=None,
    progress=None,
):
    """How much of a gated layer's memory its gates carry, and how much flows through the rest of the network.

    Along c_t = f_t ⊙ c_{t-1} + … a gradient comes back as a product of gates,

        ∂D/∂c_T · f_T ⋯ f_{T-k+1},

    and by every other way: through h_t, and so through the recurrent weights, the other gates and other layers. This
    works out both, unit by unit and lag by lag. Gates are worked out again from the states of the run, and their
    products as sums of logarithms of σ(z), which neither underflow nor lose a gate close to 1.

    Parameters
    ----------
    cell : LSTM, GRU, GatedDiagonal, Diagonal, or a Chain with one of them
        The gates: f of an LSTM; z of a GRU, h_t = (1 - z) n + z h_{t-1}; ψ(W_gate x + b_gate); λ.
    inputs : array, (T, input_size) or (T, B, input_size), optional
        As for :func:`rnncore.simulate`; None: the autonomous system.
    steps : int, optional
        T, where there are no inputs.
    layer : int, optional
        The layer of a chain; needed where several are gated.
    cotangent : array, (state_size,) or (B, state_size), optional
        ∂D/∂x_T of some D by the whole state of the chain, or by the outputs, as for :func:`rnncore.gradient_norms`.
        None: for each unit the worst case over all cotangents of length 1, at the cost of ``state_size`` columns.
    lags : int or sequence of int, optional
        The largest lag, or the lags. By default every lag to 1 000, then 50 a decade, and T.
    state : array, (state_size,) or (B, state_size), optional
        Where the run starts; zeros by default.
    check_finite, chunk, backend, threads, progress
        As for :func:`rnncore.gradient_norms`.

    Returns
    -------
    Carousel
        ``lags``; ``log2_gates``, ``log2_gradients``, ``log2_carousel``, ``log2_rest`` and ``unit_shares``, an entry
        for each lag and unit; ``shares`` of all units together; ``rates``, ``time_constants`` and ``half_lives``.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name, before work starts: no gated layer, several and no ``layer``, lags beyond T.
    NonFiniteError
        The state, or a gradient, left the finite numbers.
    BackendUnavailable
        The backend asked for cannot run here.

    Notes
    -----
    The constant error carousel is that of Hochreiter and Schmidhuber 1997; the forget gate of Gers, Schmidhuber and
    Cummins 2000. ∂D/∂c_t is what torch's autograd calls the gradient of the tensor c_t: h_t and the layers above follow
    c_t within step t. At lag T, the start of the run, h_0 does not follow c_0. Where a peephole shows c_{t-1} to the
    input and forget gates, what comes back through these is part of the rest, as all is that takes another way than
    f ⊙ c. For Diagonal and GatedDiagonal, whose gates do not see the state, the carousel is the whole gradient. A
    complex unit is one unit, and its magnitudes are those of complex numbers.

    The rest is a difference, and known to about the rounding error of the gradient, some eps of the cell's dtype for
    each step back: of a share within that of 1, only that can be told. Under one cotangent a unit that holds less than
    2^-100 of the gradient in float32, 2^-1000 in float64, is known to fewer digits, or not at all: its rest is NaN.

    Examples
    --------
    >>> import rnncore
    >>> cell = rnncore.Diagonal([0.5, 1.0])
    >>> found = rnncore.carousel(cell, steps=100, cotangent=[1.0, 1.0], lags=[0, 1, 100])
    >>> found.log2_gradients
    array([[   0.,    0.],
           [  -1.,    0.],
           [-100.,    0.]])
    >>> found.half_lives, found.shares
    (array([ 1., inf]), array([1., 1., 1.]))
    """
    chunk = None if chunk is None else as_count("chunk", chunk, 1)
    threads = resolve_threads(threads)
    backend = choose_backend(backend)
    index = _read_layer(cell, layer)
    run = Run(cell, inputs, steps, state, check_finite)
    lags = read_lags(lags, run.steps, True)
    if cotangent is None:
        block = np.tile(np.eye(cell.state_size, dtype=cell.dtype), (run.width, 1, 1))
        exponents = np.zeros((run.width, cell.state_size), np.int64)
    else:
        block, exponents = read_cotangent(cotangent, run)
    position = Position(cell, index, backend, threads)
    with progress_reporter(progress, 2 * run.steps, "carousel") as report:
        found, rates = _walk_back(run, position, prepare(cell, backend), block, exponents, lags, chunk, threads, report)
    if run.batch is None:
        found, rates = found[:, :, 0], rates[0]
    gates, gradients, carried, rest = found
    return Carousel(type(position.layer).__name__, index, lags, gates, gradients, carried, rest, rates)


def gated_layers(cell):
    """The indices of the layers whose gates can be told."""
    return [index for index, layer in enumerate(cell.layers) if type(layer) in GATES]


def _read_layer(cell, layer):
    if not isinstance(cell, Cell):
        raise TypeError(f"cell must be a cell such as rnncore.LSTM, got {type(cell).__name__}")
    gated = gated_layers(cell)
    listed = ", ".join(f"{index} ({type(cell.layers[index]).__name__})" for index in gated)
    if not gated:
        kinds = ", ".join(kind.__name__ for kind in GATES)
        raise ValueError(f"cell must hold a layer with gates, one of {kinds}; got {cell!r}")
    if layer is None:
        if len(gated) > 1:
            raise ValueError(f"layer is missing: layers {listed} are gated; choose one of them")
        return gated[0]
    layer = as_count("layer", layer, 0)
    if layer not in gated:
        raise ValueError(f"layer must be that of a gated layer, {listed}; got {layer}")
    return layer


class _Record:
    """What is found at the lags: logs of gates, gradients, carousel and rest, ``(4, L, B, units)``."""

    def __init__(self, run, units, lags):
        self.lags, self.steps = lags, run.steps
        self.found = np.empty((4, len(lags), run.width, units))
        self.last = run.steps - int(lags[-1])
        self._range = _RANGES[run.cell.dtype]
        self._first = None

    def steps_within(self, start, stop):
        """The steps of the segment after which a lag lies, and the last of the run; the last one first."""
        lags = self.lags[(self.lags >= self.steps - stop) & (self.lags < self.steps - start)]
        steps = np.append(self.steps - lags, [stop] if stop == self.steps else []).astype(np.int64)
        return np.unique(steps)[::-1].tolist()

    def note(self, step, gradient, exponents, log_sum, half_turns):
        if self._first is None:
            self._first = gradient, exponents.copy()
        row = np.searchsorted(self.lags, self.steps - step)
        if row == len(self.lags) or self.lags[row] != self.steps - step:
            return
        gates, gradients, carried, rest = self.found[:, row]
        gates[...] = log_sum / np.log(2)
        self.found[1:, row] = log2_parts(gradient, exponents, *self._first, gates, half_turns)
        too_little = carried < exponents.max(axis=1)[:, None] - self._range
        rest[np.isneginf(gradients) & np.isfinite(carried) & too_little] = np.nan

    def rates(self):
        with np.errstate(invalid="ignore"):
            return self.found[0, -1] * np.log(2) / self.lags[-1]


def _walk_back(run, position, program, block, exponents, lags, chunk, threads, report):
    """``(found, rates)`` of a :class:`_Record`."""
    units = position.gates.units
    record = _Record(run, units, lags)
    sums, angles = LogSums((run.width, units)), LogSums((run.width, units))
    kept = run.cell.state_size + _HELD * units + position.layer.input_size
    segments = backward_segments(
        run, program, chunk, report, columns=block.shape[2], kept=kept, multiple=PIECE, threads=threads
    )
    for start, stop, state in segments:
        inputs = run.inputs_between(start, stop)
        states = np.empty((stop - start + 1, *state.shape), state.dtype)
        states[0] = state
        program.advance(
            inputs, stop - start, state, start=start, every=1, outputs=None, states=states[1:], threads=threads
        )
        asked = record.steps_within(start, stop)
        counts = [stop - step for step in asked]
        logs, half_turns = _log_factors(position, inputs, states)
        log_sums = sums.take(logs, counts)
        turns = len(asked) * [None] if half_turns is None else angles.take(half_turns, counts)
        at, block_before = stop, block.copy()
        for step, log_sum, turn in zip(asked, log_sums, turns):
            index = step - start
            _pull_back(run, program, step, at, states[index], block, exponents, threads)
            own_input = None if inputs is None else inputs[index - 1 : index]
            gradient = position.gradient(block, exponents, states[index - 1], states[index], own_input)
            record.note(step, gradient, exponents, log_sum, turn)
            at = step
        done = start < record.last
        if not done:
            _pull_back(run, program, start, at, states[0], block, exponents, threads)
        if not is_finite(block):
            raise nonfinite_error_back(run, program, start, stop, states[0], block_before, threads=threads)
        if done:
            report(stop)
            break
    if record.last == 0:
        gradient = position.gradient(block, exponents, None, None, None)
        record.note(0, gradient, exponents, sums.total(), angles.total())
    return record.found, record.rates()


def _log_factors(position, inputs, states):
    """Of the steps between the states, as the gates give them, some at a time: what they work with is in float64."""
    layer, part = position.layer, position.part
    together = max(1, _WORK_BYTES // (8 * states.shape[1] * max(1, layer.input_size, layer.state_size)))
    found = []
    for first in range(0, len(states) - 1, together):
        rows = slice(first, first + together)
        before, after = states[:-1][rows], states[1:][rows]
        signal = position.signal(None if inputs is None else inputs[rows], after)
        found.append(position.gates.log_factors(before[..., part], after[..., part], signal))
    logs, half_turns = zip(*found)
    return np.concatenate(logs), None if half_turns[0] is None else np.concatenate(half_turns)


def _pull_back(run, program, start, stop, state, block, exponents, threads):
    if start < stop:
        program.pull_back(
            run.inputs_between(start, stop), stop - start, state, block, exponents,
            start=start, labels=None, groups=1, norms=None, threads=threads,
        )  # fmt: skip
