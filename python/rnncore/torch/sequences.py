"""A batch as the user gives it, walked time step after time step, and given back as it came."""

from itertools import groupby

import torch
from torch.nn.utils.rnn import PackedSequence


def as_sequences(input, batch_first):
    """The input of a module as :class:`Packed` or :class:`Padded` sequences."""
    return Packed(input) if isinstance(input, PackedSequence) else Padded(input, batch_first)


class Padded:
    """Sequences of one length, or a single one.

    Attributes
    ----------
    series : tensor, (T, B, n_in)
    lead : tuple of int
        The axes of a state before its last, after that of the layers.
    """

    def __init__(self, input, batch_first):
        self._batched, self._batch_first = input.dim() == 3, batch_first
        if not self._batched:
            self.series = input.unsqueeze(1)
        else:
            self.series = input.transpose(0, 1) if batch_first else input
        self.lead = tuple(self.series.shape[1:2]) if self._batched else ()

    def arrange(self, state):
        """States ``(layers, *lead, n)`` as ``(layers, B, n)`` in the order of the walk."""
        return state if self._batched else state.unsqueeze(1)

    def walk(self, walk, series, state, reverse):
        """Outputs, laid out as ``series``, and final state."""
        outputs, final_state = walk(series.flip(0) if reverse else series, state)
        return outputs.flip(0) if reverse else outputs, final_state

    def give_back(self, outputs):
        if not self._batched:
            return outputs.squeeze(1)
        return outputs.transpose(0, 1) if self._batch_first else outputs

    def give_back_state(self, state):
        return state if self._batched else state.squeeze(1)


class Packed:
    """Sequences of unequal lengths, walked in stretches of steps that equally many of them reach.

    Attributes
    ----------
    series : tensor, (sum of the lengths, n_in)
        All first steps, the longest sequence first, then all second steps, and so on.
    lead : tuple of int
    """

    def __init__(self, packed):
        self._packed, self.series = packed, packed.data
        self._stretches = [(width, len(list(steps))) for width, steps in groupby(packed.batch_sizes.tolist())]
        self.lead = (self._stretches[0][0],)

    def arrange(self, state):
        order = self._packed.sorted_indices
        return state if order is None else state.index_select(1, order)

    def walk(self, walk, series, state, reverse):
        parts = series.split([width * steps for width, steps in self._stretches])
        parts = [part.reshape(steps, width, -1) for part, (width, steps) in zip(parts, self._stretches)]
        outputs, final_state = (_walk_from_the_ends if reverse else _walk_to_the_ends)(walk, parts, state)
        return torch.cat([part.flatten(0, 1) for part in outputs]), final_state

    def give_back(self, outputs):
        return self._packed._replace(data=outputs)

    def give_back_state(self, state):
        order = self._packed.unsorted_indices
        return state if order is None else state.index_select(1, order)


def _walk_to_the_ends(walk, parts, state):
    outputs, ended = [], []
    for part in parts:
        width = part.shape[1]
        ended.append(state[width:])
        output, state = walk(part, state[:width])
        outputs.append(output)
    return outputs, torch.cat([state, *reversed(ended)])


def _walk_from_the_ends(walk, parts, start):
    outputs, state = [], start[:0]
    for part in reversed(parts):
        beginning = start[len(state) : part.shape[1]]
        output, state = walk(part.flip(0), torch.cat([state, beginning]))
        outputs.append(output.flip(0))
    return outputs[::-1], state
