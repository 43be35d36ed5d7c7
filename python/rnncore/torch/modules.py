"""Modules with the parameters, state dict and calls of ``torch.nn``'s: their classes, with another walk."""

from functools import partial

import torch
from torch.nn.functional import dropout

from .. import cells
from .arguments import check_dtypes, check_input, check_places, check_states, check_steps
from .kept_cell import KeptCell
from .sequences import as_sequences
from .walk import Walk


class _Walked:
    """Stands before a class of ``torch.nn`` among the bases of a module.

    Such a module names in ``_states`` the tensors of hx, and its ``_make_cell`` makes cells from weights by name.
    """

    _states = ("h_0",)

    def __init__(self, *args, memory_limit=None, **options):
        super().__init__(*args, **options)
        if self.proj_size:
            raise ValueError(f"proj_size must be 0, rnncore has no projections; got {self.proj_size}")
        self.memory_limit = memory_limit
        self._kept_cells = [KeptCell() for _ in range(self.num_layers * self._directions)]
        check_dtypes(dict(self.named_parameters()))

    @property
    def _directions(self):
        return 2 if self.bidirectional else 1

    def forward(self, input, hx=None):
        """As that of ``torch.nn``: outputs of the last layer, and final states of every layer and direction."""
        weights = [self._weights(index) for index in range(len(self._kept_cells))]
        dtype = self._check(weights, input)
        sequences = as_sequences(input, self.batch_first)
        check_steps(sequences.series)
        state = self._read_state(hx, sequences, dtype)
        series, final_states = sequences.series, []
        for layer in range(self.num_layers):
            outputs = []
            for direction in range(self._directions):
                index = layer * self._directions + direction
                walk = self._walk(index, weights[index], sequences)
                output, final_state = sequences.walk(walk, series, state[index], reverse=direction == 1)
                outputs.append(output)
                final_states.append(final_state)
            series = torch.cat(outputs, -1) if self.bidirectional else outputs[0]
            if layer + 1 < self.num_layers:
                series = dropout(series, self.dropout, self.training)
        return sequences.give_back(series), self._split_state(final_states, sequences)
