"""A chain walked layer after layer, each layer by blocks of steps side by side."""

import numpy as np

from ..backends import prepare
from ..cells import DelayLine, Dense, Diagonal, GatedDiagonal, Linear
from ..cells.base import state_slices
from .blocks import kept_between, power_of_two
from .delay_line import DelayLineLayer
from .dense import DenseLayer
from .diagonal import DiagonalLayer
from .gated_diagonal import GatedDiagonalLayer
from .linear import LinearLayer
from .workers import Workers

LAYERS = {
    Linear: LinearLayer,
    Diagonal: DiagonalLayer,
    GatedDiagonal: GatedDiagonalLayer,
    DelayLine: DelayLineLayer,
    Dense: DenseLayer,
}
MOST_SEQUENCES = 8  # a larger batch fills registers and threads by itself
# Of what goes in and out in a panel: blocks are long beside what a call of a backend costs, memory stays bounded.
PANEL_BYTES = 1 << 26
LEAST_PANEL, MOST_PANEL = 1 << 8, 1 << 18


class AssociativeProgram:
    """A :class:`Program`, of the walk forward only, that composes the affine maps of blocks of steps.

    h_t = A_t h_{t-1} + d_t makes of a block of steps h_end = P h_start + e. The blocks of a panel are walked from zero
    for their e, side by side; P and e carry the state from block to block; then every block is walked from its right
    start (Blelloch 1990). Within a block steps are those of the sequential walk. A sequence whose carries leave the
    finite numbers, or vanish below them, is walked step by step through the panel.

    Attributes
    ----------
    panel : int
        Steps that are cut into blocks together. Walks must begin at multiples of it: panels and the blocks in them,
        and so the result, then depend on sizes and steps alone.

    Raises
    ------
    ValueError
        A layer that is not affine in its state.
    """

    def __init__(self, cell, backend, steps, width):
        for index, layer in enumerate(cell.layers):
            if type(layer) not in LAYERS:
                which = "the cell" if cell is layer else f"layer {index}"
                raise ValueError(
                    'scan="associative" needs layers that are affine in their state, Linear, Diagonal, GatedDiagonal '
                    f"or DelayLine, or without state, Dense; {which} is of type {type(layer).__name__}"
                )
        row = cell.input_size + sum(layer.output_size for layer in cell.layers)
        row_bytes = row * width * cell.dtype.itemsize
        self.panel = min(max(power_of_two(PANEL_BYTES // max(1, row_bytes)), LEAST_PANEL), MOST_PANEL)
        self._sequential = None
        if not 1 <= width <= MOST_SEQUENCES or cell.state_size == 0:
            self._sequential = prepare(cell, backend)
            return
        layers = [LAYERS[type(layer)](layer, backend, min(steps, self.panel), width) for layer in cell.layers]
        last = max(index for index, layer in enumerate(cell.layers) if layer.state_size)
        self._recurrent, self._readout = list(zip(layers, state_slices(cell.layers)))[: last + 1], layers[last + 1 :]

    def advance(self, inputs, steps, state, *, start, every, outputs, states, threads):
        if self._sequential is not None:
            self._sequential.advance(
                inputs, steps, state, start=start, every=every, outputs=outputs, states=states, threads=threads
            )
            return
        with Workers(threads) as workers:
            for first in range(0, steps, self.panel):
                last = min(steps, first + self.panel)
                self._advance_panel(
                    None if inputs is None else inputs[first:last],
                    last - first,
                    state,
                    start + first,
                    every,
                    kept_between(outputs, start, first, last, every),
                    None if states is None else states[first:last],
                    workers,
                )

    def _advance_panel(self, signal, steps, state, start, every, outputs, states, workers):
        width = len(state)
        for layer, part in self._recurrent:
            thinned = states is None and layer is self._recurrent[-1][0]
            if not thinned:
                whole = states is not None and part.stop - part.start == states.shape[2]
                rows = states if whole else layer.rows(steps, width)
            elif outputs is None:
                rows = None
            else:
                rows = layer.rows(len(outputs), width) if self._readout else outputs
            own = np.ascontiguousarray(state[:, part])
            layer.walk(signal, steps, own, start, every if thinned else 1, rows, workers)
            state[:, part] = own
            if states is not None and part.stop > part.start and rows is not states:
                states[..., part] = rows
            signal = rows
        if outputs is None:
            return
        if states is not None:
            signal = np.ascontiguousarray(signal[-(start + 1) % every :: every])
        for layer in self._readout:
            rows = outputs if layer is self._readout[-1] else layer.rows(len(outputs), width)
            layer.walk(signal, len(outputs), np.empty((width, 0), rows.dtype), 0, 1, rows, workers)
            signal = rows
        if signal is not outputs:
            outputs[...] = signal
