"""Modules with the parameters, state dict and calls of ``torch.nn``'s: their classes, with another walk."""

from functools import partial

import torch
from torch.nn.functional import dropout

from .. import cells
from ..backpropagation.memory_limit import read_memory_limit
from .arguments import check_device, check_input, check_proj_size, check_states, check_steps, check_weights
from .kept_cell import KeptCell
from .sequences import as_sequences
from .walk import Walk

_WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")  # in the order of all_weights


class _Walked:
    """Stands before a class of ``torch.nn`` among the bases of a module.

    Such a module names in ``_states`` the tensors of hx, and ``_make_cell`` makes its cells from weights by name.
    """

    _states = ("h_0",)

    def __init__(self, *args, memory_limit=None, **options):
        check_device(options.get("device"))
        super().__init__(*args, **options)
        check_proj_size(self.proj_size)
        check_weights(self._weights())
        read_memory_limit(memory_limit)
        self.memory_limit = memory_limit
        self._kept_cells = [KeptCell() for _ in self.all_weights]

    def forward(self, input, hx=None):
        """As that of ``torch.nn``: outputs of the last layer, and final states of every layer and direction."""
        weights = self._weights()
        check_weights(weights)
        check_input(input, self.input_size, self.weight_hh_l0.dtype)
        sequences = as_sequences(input, self.batch_first)
        check_steps(sequences.series)
        states = self._join(hx, sequences)
        layers = zip(self.all_weights, self._kept_cells, states)
        series, final_states = sequences.series, []
        for layer in range(self.num_layers):
            if layer > 0:
                series = dropout(series, self.dropout, self.training)
            outputs = []
            for reverse in (False, True) if self.bidirectional else (False,):
                tensors, kept_cell, state = next(layers)
                walk = self._walk(kept_cell, tensors)
                output, final_state = sequences.walk(walk, series, state, reverse)
                outputs.append(output)
                final_states.append(final_state)
            series = torch.cat(outputs, -1) if self.bidirectional else outputs[0]
        return sequences.give_back(series), self._split(final_states, sequences)

    def _weights(self):
        """Tensors by the names that torch gives them, whatever reparametrises them."""
        directions = ("", "_reverse") if self.bidirectional else ("",)
        suffixes = [f"_l{layer}{direction}" for layer in range(self.num_layers) for direction in directions]
        return {
            name + suffix: tensor
            for suffix, tensors in zip(suffixes, self.all_weights)
            for name, tensor in zip(_WEIGHTS, tensors)
        }

    def _walk(self, kept_cell, tensors):
        build = partial(kept_cell.build, self._make_cell)
        walk = Walk(build, _WEIGHTS[: len(tensors)], self.memory_limit)
        return partial(walk, weights=tensors)

    def _join(self, hx, sequences):
        """Initial states of the cells, (layers · directions, B, state_size), of the parts in hx."""
        shape = (len(self._kept_cells), *sequences.lead, self.hidden_size)
        if hx is None:
            zeros = sequences.series.new_zeros(*shape[:-1], self.hidden_size * len(self._states))
            return sequences.arrange(zeros)
        check_states(hx, self._states, shape, self.weight_hh_l0.dtype)
        return sequences.arrange(hx if len(self._states) == 1 else torch.cat(hx, -1))

    def _split(self, final_states, sequences):
        """What ``torch.nn`` returns for the final states of the cells."""
        parts = zip(*(state.split(self.hidden_size, -1) for state in final_states))
        states = tuple(sequences.give_back_state(torch.stack(part)) for part in parts)
        return states if len(states) > 1 else states[0]


class RNN(_Walked, torch.nn.RNN):
    """:class:`torch.nn.RNN` whose walks forward and back are rnncore's.

    Parameters, their names and initial values, ``state_dict``, calls and results are those of ``torch.nn.RNN``: batches
    ``(T, B, n_in)`` (``batch_first``: ``(B, T, n_in)``), single sequences ``(T, n_in)`` and packed ones; layers,
    directions and dropout. Tensors are shared with the walks, not copied.

    Parameters
    ----------
    *args, **options
        As those of ``torch.nn.RNN``. On the CPU; float32 or float64.
    memory_limit : int or str, optional
        Bytes, or such as "1 GB", that the way back may take in each layer and direction, as for
        :func:`rnncore.record`; gradients do not depend on it, bit for bit.

    Raises
    ------
    TypeError, ValueError
        Other devices, dtypes and layouts; shapes that do not fit; NaN and infinities in weights, input or hx: by name,
        before work starts.
    NonFiniteError
        A state or gradient left the finite numbers.
    NotImplementedError
        A gradient is to be differentiated again.

    Examples
    --------
    >>> import torch, rnncore.torch
    >>> rnn = rnncore.torch.RNN(3, 4, num_layers=2, bidirectional=True)
    >>> output, h_n = rnn(torch.zeros(100, 5, 3))
    >>> tuple(output.shape), tuple(h_n.shape)
    ((100, 5, 8), (4, 5, 4))
    >>> output[-1].sum().backward()
    >>> tuple(rnn.weight_hh_l0.grad.shape)
    (4, 4)
    """

    @property
    def _make_cell(self):
        return partial(cells.Elman, nonlinearity=self.nonlinearity)


class LSTM(_Walked, torch.nn.LSTM):
    """:class:`torch.nn.LSTM` whose walks forward and back are rnncore's.

    What :class:`RNN` says holds here; hx and the final states are tuples (h, c). Hochreiter and Schmidhuber (1997).

    Parameters
    ----------
    *args, **options
        As those of ``torch.nn.LSTM``; ``proj_size`` must be 0.
    memory_limit : int or str, optional
        As for :class:`RNN`.

    Examples
    --------
    >>> import torch, rnncore.torch
    >>> lstm = rnncore.torch.LSTM(3, 4, batch_first=True)
    >>> output, (h_n, c_n) = lstm(torch.zeros(5, 100, 3))
    >>> tuple(output.shape), tuple(c_n.shape)
    ((5, 100, 4), (1, 5, 4))
    """

    _states = ("h_0", "c_0")
    _make_cell = cells.LSTM


class GRU(_Walked, torch.nn.GRU):
    """:class:`torch.nn.GRU` whose walks forward and back are rnncore's.

    What :class:`RNN` says holds here. The reset gate comes after the product, as in torch and cuDNN.

    Parameters
    ----------
    *args, **options
        As those of ``torch.nn.GRU``.
    memory_limit : int or str, optional
        As for :class:`RNN`.

    Examples
    --------
    >>> import torch, rnncore.torch
    >>> gru = rnncore.torch.GRU(3, 4)
    >>> gru.load_state_dict(torch.nn.GRU(3, 4).state_dict())
    <All keys matched successfully>
    """

    _make_cell = cells.GRU
