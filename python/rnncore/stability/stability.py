"""``stability``: what theory can prove of a cell, layer by layer."""

import numpy as np

from ..arrays import as_real_array, check_finite
from ..cells import GRU, LSTM, Cell, Dense, Diagonal, Elman, GatedDiagonal, Linear, MatrixSequence
from .cascade import join
from .elman import elman_layer
from .interval import Interval
from .linear import linear_layer
from .memoryless import dense_layer, unknown_inputs
from .report import StabilityReport
from .words import explain


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

    - *bounded*: do inputs within the bound keep the state bounded, from every state? ``bound`` is for runs that begin at
      zero.
    - *incremental*: do two runs under the same input forget their difference, and do small ones stay small? (Incremental
      stability, the echo-state property; Jaeger 2001, Tran, Kellett and Dower 2018.)
    - *gradients*: do products of Jacobians A_T ⋯ A_{t+1} shrink geometrically along every run?

    "stable" and "unstable" are proved for the recurrence in exact arithmetic with the parameters as they are stored, by
    interval arithmetic with outward rounding or by rational arithmetic; "undecided" is neither. A stable recurrence near
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
    >>> network = rnncore.Elman([[3.0]], [[1.0]])
    >>> rnncore.stability(network).verdict, rnncore.stability(network).incremental.verdict
    ('stable', 'unstable')
    """
    if not isinstance(cell, Cell):
        raise TypeError(f"cell must be a cell such as rnncore.Elman, got {type(cell).__name__}")
    for index, layer in enumerate(cell.layers):
        if isinstance(layer, MatrixSequence):
            raise ValueError(f"layer {index} is a MatrixSequence, which ends: stability is a question about all times")
    radius = _read_bound(input_bound, cell.input_size)
    findings, inputs, candidates = [], Interval.symmetric(radius), None
    with np.errstate(all="ignore"):
        for layer in cell.layers:
            found = _judge(layer, inputs, candidates)
            findings.append(found)
            candidates = _settled(layer, found, inputs, candidates)
            inputs = found.outputs
        return _report(cell, findings, input_bound)


def _judge(layer, inputs, candidates):
    if inputs is None:
        return unknown_inputs(layer, linear_layer if _is_linear(layer) else None)
    if _is_linear(layer):
        return linear_layer(layer, inputs)
    if isinstance(layer, Dense):
        return dense_layer(layer, inputs)
    return _JUDGES[type(layer)](layer, inputs, candidates)
