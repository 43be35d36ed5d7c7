"""Cells handed to the kernel, once in the layout for a single sequence and once in that for batches."""

import numpy as np

from ...cells import GRU, LSTM, DelayLine, Dense, Diagonal, Elman, GatedDiagonal, Linear, MatrixSequence
from ...cells.diagonal import real_rows
from .extension import _native, reason
from .gradients import arrays_for, share_sums


def _sum_of_biases(parameters, *names):
    present = [parameters[name] for name in names if name in parameters]
    return sum(present[1:], present[0]) if present else None


def _add_recurrent(network, cell, *arguments):
    weight = cell.parameters["weight_hh"]
    if isinstance(weight, np.ndarray):
        network.add_elman(weight, *arguments)
    else:
        starts, columns = weight.indptr.astype(np.int64), weight.indices.astype(np.int32)
        network.add_sparse_elman(starts, columns, weight.data, *arguments)


def _add_linear(network, cell):
    parameters = cell.parameters
    _add_recurrent(network, cell, parameters.get("weight_ih"), parameters.get("bias"), "identity", 1.0)


def _add_elman(network, cell):
    parameters = cell.parameters
    bias = _sum_of_biases(parameters, "bias_ih", "bias_hh")
    _add_recurrent(network, cell, parameters.get("weight_ih"), bias, cell.nonlinearity, cell.leak)


def _add_dense(network, cell):
    network.add_dense(cell.parameters["weight"], cell.parameters.get("bias"), cell.nonlinearity)


def _add_matrix_sequence(network, cell):
    network.add_matrix_sequence(cell.matrices)


def _add_lstm(network, cell):
    parameters = cell.parameters
    peepholes = (parameters.get(name) for name in ("weight_ci", "weight_cf", "weight_co"))
    bias = _sum_of_biases(parameters, "bias_ih", "bias_hh")
    network.add_lstm(parameters["weight_hh"], parameters.get("weight_ih"), bias, *peepholes)


def _add_gru(network, cell):
    parameters = cell.parameters
    bias, bias_hn = _sum_of_biases(parameters, "bias_ih", "bias_hh"), None
    if cell.reset_after and "bias_hh" in parameters:
        candidate = slice(2 * cell.state_size, None)
        bias, bias_hn = bias.copy(), parameters["bias_hh"][candidate].copy()
        bias[candidate] = parameters["bias_ih"][candidate] if "bias_ih" in parameters else 0
    network.add_gru(parameters["weight_hh"], parameters.get("weight_ih"), bias, bias_hn, cell.reset_after)


def _add_diagonal(network, cell):
    arrays = [cell.parameters.get(name) for name in ("weight_hh", "weight_ih", "bias")]
    if cell.is_complex:
        arrays = [None if array is None else real_rows(array) for array in arrays]
    network.add_diagonal(*arrays, cell.is_complex)


def _add_gated_diagonal(network, cell):
    arrays = (cell.parameters.get(name) for name in ("weight_ih", "weight_gate", "bias", "bias_gate"))
    network.add_gated_diagonal(*arrays, cell.nonlinearity, cell.gate_nonlinearity)


def _add_delay_line(network, cell):
    network.add_delay_line(cell.steps, cell.input_size)


CELLS = {
    Linear: _add_linear,
    Elman: _add_elman,
    LSTM: _add_lstm,
    GRU: _add_gru,
    Diagonal: _add_diagonal,
    GatedDiagonal: _add_gated_diagonal,
    DelayLine: _add_delay_line,
    Dense: _add_dense,
    MatrixSequence: _add_matrix_sequence,
}


class NativeProgram:
    def __init__(self, cell):
        self._layers = cell.layers
        self._make = _native.FloatNetwork if cell.dtype == np.float32 else _native.DoubleNetwork
        self._networks = {}

    def network(self, layout):
        if layout not in self._networks:
            network = self._make(layout)
            for layer in self._layers:
                CELLS[type(layer)](network, layer)
            self._networks[layout] = network
        return self._networks[layout]

    def advance(self, inputs, steps, state, *, start, every, outputs, states, threads):
        network = self.network("batch" if len(state) > 1 else "single")
        network.simulate(inputs, steps, state, start, every, outputs, states, threads)

    def multiply(self, inputs, steps, state, block, exponents, *, start, every, norms, threads):
        squares, shifts = _squares(norms)
        network = self.network("tangent")
        network.multiply(inputs, steps, state, start, block, exponents, every, squares, shifts, threads)
        _write_log2_norms(norms, squares, shifts)

    def pull_back(self, inputs, steps, state, block, exponents, *, start, labels, groups, norms, threads):
        squares, shifts = _squares(norms)
        network = self.network("adjoint")
        network.pull_back(inputs, steps, state, start, block, exponents, labels, groups, squares, shifts, threads)
        _write_log2_norms(norms, squares, shifts)

    def orthonormalise(self, inputs, steps, state, block, **options):
        _orthonormalise(self.network("tangent").orthonormalise, inputs, steps, state, block, **options)

    def orthonormalise_back(self, inputs, steps, state, block, **options):
        _orthonormalise(self.network("adjoint").orthonormalise_back, inputs, steps, state, block, **options)

    def push_forward(
        self, inputs, steps, state, tangent, *, start, input_tangents, forcing, outputs, output_tangents, threads
    ):
        self.network("tangent").push_forward(
            inputs, steps, state, start, tangent, input_tangents, forcing, outputs, output_tangents, threads
        )

    def _way_back(self, width):
        return self.network("batch_adjoint" if width > 1 else "adjoint")

    def tape_bytes(self, width):
        return self._way_back(width).tape_bytes(width)

    def block_bytes(self, width):
        return self._way_back(width).block_bytes(width)

    def record(self, inputs, steps, state, *, start, outputs, threads):
        return self._way_back(len(state)).record(inputs, steps, state, start, outputs, threads)

    def accumulate_gradients(
        self, tape, inputs, steps, cotangent, *,
        start, output_cotangents, cuts, parameters, input_cotangents, threads,
    ):  # fmt: skip
        self._way_back(len(cotangent)).accumulate_gradients(
            tape, inputs, steps, cotangent, start, output_cotangents, cuts, arrays_for(self._layers, parameters),
            [wanted.get("matrices") for wanted in parameters], input_cotangents, threads,
        )  # fmt: skip
        share_sums(self._layers, parameters)


def _squares(norms):
    return (None, None) if norms is None else (np.empty(norms.shape), np.empty(norms.shape, np.int64))


def _write_log2_norms(norms, squares, shifts):
    """From squares · 4**shifts, the same bits however the number is split in two."""
    if norms is not None:
        mantissa, exponent = np.frexp(squares)
        odd = exponent % 2
        with np.errstate(divide="ignore", invalid="ignore"):
            norms[...] = 0.5 * np.log2(np.ldexp(mantissa, odd)) + (shifts + (exponent - odd) // 2)


def _orthonormalise(
    walk, inputs, steps, state, block, *, start, interval, pool=1, growth, factors, exponents, frames, threads
):
    products, shifts = np.empty(growth.shape), np.empty(growth.shape, np.int64)
    walk(inputs, steps, state, start, block, interval, pool, products, shifts, factors, exponents, frames, threads)
    with np.errstate(divide="ignore", invalid="ignore"):
        np.log(products, out=growth)
    growth += np.log(2) * shifts


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
