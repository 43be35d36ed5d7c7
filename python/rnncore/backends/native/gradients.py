"""Where the kernel adds the gradients of each cell's parameters."""

import numpy as np

from ...cells import GRU, LSTM, DelayLine, Dense, Diagonal, Elman, GatedDiagonal, Linear, MatrixSequence

# In the order of rnncore::LayerGradients; biases of which the kernel knows the sum stand together.
_NAMES = {
    Linear: ["weight_hh", "weight_ih", "bias"],
    Elman: ["weight_hh", "weight_ih", ("bias_ih", "bias_hh")],
    LSTM: ["weight_hh", "weight_ih", ("bias_ih", "bias_hh"), "weight_ci", "weight_cf", "weight_co"],
    GRU: ["weight_hh", "weight_ih", "bias_ih", "bias_hh"],
    Diagonal: ["weight_hh", "weight_ih", "bias"],
    GatedDiagonal: ["weight_ih", "weight_gate", "bias", "bias_gate"],
    DelayLine: [],
    Dense: ["weight", "bias"],
    MatrixSequence: [],
}


def arrays_for(layers, parameters):
    """The arrays of ``parameters``, as :meth:`accumulate_gradients` takes them, in the kernel's order."""
    return [[_real(wanted, names) for names in _NAMES[type(layer)]] for layer, wanted in zip(layers, parameters)]


def share_sums(layers, parameters):
    """Biases whose sum alone the kernel knows have the same gradient."""
    for layer, wanted in zip(layers, parameters):
        for names in _NAMES[type(layer)]:
            found = [wanted[name] for name in names if name in wanted] if isinstance(names, tuple) else []
            for array in found[1:]:
                array[...] = found[0]


def _real(wanted, names):
    for name in names if isinstance(names, tuple) else (names,):
        if name in wanted:
            return wanted[name].view(np.float64)
    return None
