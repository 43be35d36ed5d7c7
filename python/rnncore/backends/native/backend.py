"""Cells handed to the kernel, once in the layout for a single sequence and once in that for batches."""

import numpy as np

from ...cells import Dense, Elman, Linear, MatrixSequence
from .extension import _native, reason


def _recurrent_arguments(cell, biases, nonlinearity, leak):
    parameters = cell.parameters
    present = [parameters[name] for name in biases if name in parameters]
    bias = sum(present[1:], present[0]) if present else None
    return parameters.get("weight_ih"), bias, nonlinearity, leak


def _add_recurrent(network, cell, *arguments):
    weight = cell.parameters["weight_hh"]
    if isinstance(weight, np.ndarray):
        network.add_elman(weight, *arguments)
    else:
        starts, columns = weight.indptr.astype(np.int64), weight.indices.astype(np.int32)
        network.add_sparse_elman(starts, columns, weight.data, *arguments)


def _add_linear(network, cell):
    _add_recurrent(network, cell, *_recurrent_arguments(cell, ["bias"], "identity", 1.0))


def _add_elman(network, cell):
    arguments = _recurrent_arguments(cell, ["bias_ih", "bias_hh"], cell.nonlinearity, cell.leak)
    _add_recurrent(network, cell, *arguments)


def _add_dense(network, cell):
    network.add_dense(cell.parameters["weight"], cell.parameters.get("bias"), cell.nonlinearity)


def _add_matrix_sequence(network, cell):
    network.add_matrix_sequence(cell.matrices)


CELLS = {
    Linear: _add_linear,
    Elman: _add_elman,
    Dense: _add_dense,
    MatrixSequence: _add_matrix_sequence,
}


class NativeProgram:
    def __init__(self, cell):
        self._layers = cell.layers
        self._make = _native.FloatNetwork if cell.dtype == np.float32 else _native.DoubleNetwork
        self._networks = {}

    def network(self, batched):
        if batched not in self._networks:
            network = self._make(batched)
            for layer in self._layers:
                CELLS[type(layer)](network, layer)
            self._networks[batched] = network
        return self._networks[batched]

    def advance(self, inputs, steps, state, *, start, every, outputs, states, threads):
        network = self.network(len(state) > 1)
        network.simulate(inputs, steps, state, start, every, outputs, states, threads)


class NativeBackend:
    name = "native"

    def unavailable(self):
        if reason is not None:
            return reason
        try:
            _native.selected_target()
        except (RuntimeError, ValueError) as error:
            return str(error)
        return None

    def prepare(self, cell):
        return NativeProgram(cell)

    def describe(self):
        if _native is None:
            return {}
        works = self.unavailable() is None
        return {
            "compiler": _native.compiler,
            "target": _native.selected_target() if works else None,
            "targets": _native.compiled_targets(),
        }
