"""``stability``: what theory can prove of a cell, layer by layer."""

import numpy as np

from ..arrays import as_real_array
from ..cells import GRU, LSTM, Cell, DelayLine, Dense, Elman, GatedDiagonal, MatrixSequence
from ..linear.state_space import is_linear
from .cascade import bounds_of_parts, join, rests_before_first, rests_behind, without_resonance
from .elman import elman_layer
from .elman_map import ElmanMap
from .finite_memory import DenseMap, delay_line_layer, dense_layer, unknown_inputs
from .gated_diagonal_findings import gated_diagonal_layer
from .gru import GruMap
from .interval import Interval
from .linear import linear_layer
from .lstm import LstmMap
from .lstm_findings import lstm_layer
from .nonlinear import attracted_layer
from .report import StabilityReport
from .words import explain

_MAPS = {
    Elman: (ElmanMap, elman_layer),
    LSTM: (LstmMap, lstm_layer),
    GRU: (GruMap, attracted_layer),
}


def stability(cell, *, input_bound=1.0):
    """Whether a recurrence stays bounded, forgets where it began, and lets gradients shrink: proved, or said so.

    Parameters
    ----------
    cell : Cell
        Any but a MatrixSequence.
    input_bound : float or array (input_size,)
        Every input lies within ``± input_bound`` at every step. Positive and finite.

    Returns
    -------
    StabilityReport
        ``verdict`` ("stable", "unstable", "undecided") and ``bound`` on the state; ``bounded``, ``incremental`` and
        ``gradients``, each with verdict, certificate, source, and a witness that can be simulated where unstable;
        ``explanation`` in words.

    Raises
    ------
    TypeError
        No cell; an ``input_bound`` that is no number.
    ValueError
        An ``input_bound`` that is not positive and finite or has a wrong shape; a MatrixSequence.

    Notes
    -----
    Three questions, which have different answers:

    - *bounded*: do inputs within the bound keep the state bounded? "stable" is proved for runs from zero at least, for
      which ``bound`` holds, and from every state unless the certificate says otherwise; "unstable" names a run, from
      zero or another state, that grows without bounds.
    - *incremental*: do two runs under the same input forget their difference, and do small ones stay small?
      (Incremental stability, the echo-state property: Jaeger 2001; Angeli 2002.)
    - *gradients*: do products of Jacobians A_T ⋯ A_{t+1} shrink geometrically along every run?

    "stable" and "unstable" are proved for the recurrence in exact arithmetic with the parameters as they are stored, by
    interval arithmetic with outward rounding or by rational arithmetic; "undecided" is neither. A recurrence close to
    the border may still be pushed over it by the rounding of a run. What is tested, cell by cell, stands in
    ``docs/stability.md``.

    Examples
    --------
    >>> import rnncore
    >>> found = rnncore.stability(rnncore.Linear([[0.5]], [[1.0]]))
    >>> found.verdict, round(found.bound, 2)
    ('stable', 2.0)
    >>> rnncore.stability(rnncore.Linear([[0.0, 1.0], [-1.0, 0.0]])).incremental.verdict  # turns for ever
    'unstable'
    >>> found = rnncore.stability(rnncore.Elman([[3.0]], [[1.0]]))
    >>> found.verdict, found.incremental.verdict
    ('stable', 'unstable')
    """
    if not isinstance(cell, Cell):
        raise TypeError(f"cell must be a cell such as rnncore.Elman, got {type(cell).__name__}")
    for index, layer in enumerate(cell.layers):
        if isinstance(layer, MatrixSequence):
            raise ValueError(f"layer {index} is a MatrixSequence, which ends: stability is a question about all times")
    inputs = Interval.symmetric(_read_bound(input_bound, cell.input_size))
    findings, rests = [], [rests_before_first(inputs)]
    with np.errstate(all="ignore"):
        for index, layer in enumerate(cell.layers):
            found, layer_map = _judge(layer, inputs, rests[-1] if index else None)
            findings.append(found)
            inputs = found.outputs
            if index + 1 < len(cell.layers):
                rests.append([] if inputs is None else rests_behind(layer, layer_map, found, rests[-1]))
        return _report(cell, findings, rests, input_bound)


def _judge(layer, inputs, rests):
    """``(findings, map or None)``; ``rests`` is None of the first layer, whose inputs are free."""
    if inputs is None:
        return unknown_inputs(layer, linear_layer if _is_linear_recursion(layer) else None), None
    if isinstance(layer, Dense):
        layer_map = DenseMap(layer)
        return dense_layer(layer_map, inputs), layer_map
    if isinstance(layer, DelayLine):
        return delay_line_layer(layer, inputs), None
    candidates = None if rests is None else [rest.inputs for rest in rests]
    if type(layer) in _MAPS and not is_linear(layer):
        read, judge = _MAPS[type(layer)]
        layer_map = read(layer)
        return judge(layer_map, inputs, candidates), layer_map
    if isinstance(layer, GatedDiagonal):
        return gated_diagonal_layer(layer, inputs, candidates), None
    found = linear_layer(layer, inputs)
    return found if rests is None else without_resonance(found), None


def _is_linear_recursion(layer):
    return is_linear(layer) and not isinstance(layer, (Dense, DelayLine))


def _read_bound(input_bound, size):
    bound = as_real_array("input_bound", input_bound).astype(np.float64)
    if bound.shape not in ((), (size,)):
        raise ValueError(f"input_bound must be a number or have shape ({size},), one for each input; got {bound.shape}")
    if not (np.isfinite(bound).all() and np.all(bound > 0)):
        raise ValueError(f"input_bound must be positive and finite, got {input_bound}")
    return np.broadcast_to(bound, (size,)).copy()


def _report(cell, findings, rests, input_bound):
    bounded, incremental, gradients = join(cell, findings, rests)
    bound, parts = bounds_of_parts(cell, findings) if bounded.verdict == "stable" else (None, {})
    layers = tuple(found.properties for found in findings)
    explanation = explain(cell, bounded, incremental, gradients, bound, input_bound)
    return StabilityReport(
        bounded.verdict, bound, parts, bounded, incremental, gradients, explanation, input_bound, layers
    )
