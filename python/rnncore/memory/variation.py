"""A cell with its recurrent weights scaled, another leak, a shifted bias."""

import numpy as np

from ..cells import GRU, LSTM, Chain, Diagonal, Elman, GatedDiagonal, Linear

_BIASES = {
    Linear: "bias",
    Diagonal: "bias",
    Elman: "bias_ih",
    LSTM: "bias_ih",
    GRU: "bias_ih",
    GatedDiagonal: "bias_gate",
}
_GATES = {LSTM: 4, GRU: 3}  # the second sets how long the cell keeps: f of i, f, g, o; z of r, z, n


def varied(cell, recurrent, leak, bias):
    """The cell with these changes in every layer that they concern; None: unchanged.

    Raises
    ------
    ValueError
        No layer has what is to be changed.
    """
    wanted = [
        ("recurrent", recurrent, [_has_recurrent_weights(layer) for layer in cell.layers], "no recurrent weights"),
        ("leak", leak, [isinstance(layer, Elman) for layer in cell.layers], "no leak"),
        ("bias", bias, [type(layer) in _BIASES for layer in cell.layers], "no recurrent layer with a bias"),
    ]
    for name, value, concerned, what in wanted:
        if value is not None and not any(concerned):
            raise ValueError(f"{name} cannot be varied: the cell has {what}")
    layers = [_varied_layer(layer, recurrent, leak, bias) for layer in cell.layers]
    return Chain(layers) if isinstance(cell, Chain) else layers[0]


def _has_recurrent_weights(layer):
    return "weight_hh" in layer.parameters


def _varied_layer(layer, recurrent, leak, bias):
    changes = {}
    if recurrent is not None and _has_recurrent_weights(layer):
        changes["weight_hh"] = layer.parameters["weight_hh"] * layer.dtype.type(recurrent)
    if leak is not None and isinstance(layer, Elman):
        changes["leak"] = leak
    if bias is not None and type(layer) in _BIASES:
        name, units = _BIASES[type(layer)], _units(layer)
        gates = _GATES.get(type(layer), 1)
        old = layer.parameters.get(name)
        shifted = np.zeros(gates * units, layer.dtype) if old is None else np.array(old)
        first = units if gates > 1 else 0
        shifted[first : first + units] += bias
        changes[name] = shifted
    return layer.replace(**changes) if changes else layer


def _units(layer):
    return len(layer.parameters["weight_hh"]) if isinstance(layer, Diagonal) else layer.output_size
