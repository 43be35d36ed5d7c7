"""The cells in torch's operations, for its automatic differentiation: another derivation of every gradient."""

import numpy as np
import scipy.sparse
import torch

from rnncore import GRU, LSTM, DelayLine, Dense, Diagonal, Elman, GatedDiagonal, Linear, MatrixSequence

PHI = {
    "identity": lambda z: z,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "elu": torch.nn.functional.elu,
    "softplus": torch.nn.functional.softplus,
}


class TorchRun:
    """A run of a cell on leaf tensors.

    Attributes
    ----------
    parameters, inputs, state
        Leaves; a sparse parameter is the leaf of its entries.
    outputs : (T, B, output_size) tensor
    final_state : (B, state_size) tensor
    """

    def __init__(self, cell, inputs, state, steps, *, detach=()):
        """``inputs`` (T, B, …) or None, ``state`` (B, …); before the steps (counted from 1) in ``detach`` nothing flows
        back through the state."""
        self.parameters = [{name: leaf(array) for name, array in layer.parameters.items()} for layer in cell.layers]
        self.inputs = None if inputs is None else leaf(inputs)
        self.state = leaf(state)
        outputs, after = [], self.state
        for number in range(1, steps + 1):
            x, parts, first = None if inputs is None else self.inputs[number - 1], [], 0
            before = after.detach() if number in detach else after
            for layer, parameters in zip(cell.layers, self.parameters):
                part = before[:, first : first + layer.state_size]
                dense = {name: as_dense(layer.parameters[name], tensor) for name, tensor in parameters.items()}
                x, new = STEPS[type(layer)](layer, dense, number, x, part)
                parts.append(new)
                first += layer.state_size
            after = torch.cat(parts, dim=1)
            outputs.append(x)
        self.outputs, self.final_state = torch.stack(outputs), after

    def gradients(self, cotangent, final_cotangent=None):
        """By name, numpy arrays."""
        scalar = (self.outputs * torch.tensor(cotangent)).sum()
        if final_cotangent is not None:
            scalar = scalar + (self.final_state * torch.tensor(final_cotangent)).sum()
        leaves = {f"{index}.{name}": leaf for index, of in enumerate(self.parameters) for name, leaf in of.items()}
        leaves |= {"state": self.state} | ({} if self.inputs is None else {"inputs": self.inputs})
        found = torch.autograd.grad(scalar, list(leaves.values()), allow_unused=True, materialize_grads=True)
        return {name: gradient.numpy() for name, gradient in zip(leaves, found)}


def leaf(array):
    array = array.data if scipy.sparse.issparse(array) else array
    return torch.tensor(np.array(array), requires_grad=True)


def as_dense(of, tensor):
    if not scipy.sparse.issparse(of):
        return tensor
    rows, columns = (torch.tensor(indices.astype(np.int64)) for indices in of.tocoo().coords)
    return torch.zeros(of.shape, dtype=tensor.dtype).index_put((rows, columns), tensor)


def drive(p, x, h=None, *, weights=("weight_ih", "weight_hh"), biases=("bias_ih", "bias_hh", "bias")):
    z = sum((p[name] for name in biases if name in p), torch.zeros((), dtype=torch.float64))
    if x is not None and weights[0] in p:
        z = z + x @ p[weights[0]].T
    return z if h is None else z + h @ p[weights[1]].T


def recurrent(cell, p, number, x, h):
    phi, leak = PHI[getattr(cell, "nonlinearity", "identity")], getattr(cell, "leak", 1.0)
    h = (1 - leak) * h + leak * phi(drive(p, x, h))
    return h, h


def lstm(cell, p, number, x, state):
    h, c = state.chunk(2, dim=1)
    i, f, g, o = drive(p, x, h).chunk(4, dim=1)
    i = torch.sigmoid(i + p.get("weight_ci", 0) * c)
    f = torch.sigmoid(f + p.get("weight_cf", 0) * c)
    c = f * c + i * torch.tanh(g)
    h = torch.sigmoid(o + p.get("weight_co", 0) * c) * torch.tanh(c)
    return h, torch.cat([h, c], dim=1)


def gru(cell, p, number, x, h):
    none = torch.zeros(3 * h.shape[1], dtype=h.dtype)
    a_r, a_z, a_n = (drive(p, x, biases=("bias_ih",)) + none).expand(len(h), -1).chunk(3, dim=1)
    w_r, w_z, w_n = p["weight_hh"].chunk(3)
    b_r, b_z, b_n = p.get("bias_hh", none).chunk(3)
    r, z = torch.sigmoid(a_r + h @ w_r.T + b_r), torch.sigmoid(a_z + h @ w_z.T + b_z)
    q = r * (h @ w_n.T + b_n) if cell.reset_after else (r * h) @ w_n.T + b_n
    h = (1 - z) * torch.tanh(a_n + q) + z * h
    return h, h


def diagonal(cell, p, number, x, state):
    h = torch.complex(state[:, ::2], state[:, 1::2]) if cell.is_complex else state
    h = p["weight_hh"] * h + p.get("bias", 0)
    if x is not None and "weight_ih" in p:
        h = h + x.to(p["weight_ih"].dtype) @ p["weight_ih"].T
    state = torch.view_as_real(h).reshape(state.shape) if cell.is_complex else h
    return state, state


def gated_diagonal(cell, p, number, x, c):
    gate = drive(p, x, weights=("weight_gate",), biases=("bias_gate",))
    c = PHI[cell.gate_nonlinearity](gate) * c + PHI[cell.nonlinearity](drive(p, x))
    return c, c


def delay_line(cell, p, number, x, state):
    x = torch.zeros(len(state), cell.input_size, dtype=state.dtype) if x is None else x
    state = torch.cat([x, state], dim=1)[:, : cell.state_size]
    return state, state


def dense(cell, p, number, x, state):
    return PHI[cell.nonlinearity](drive(p, x, weights=("weight",))).expand(len(state), -1), state


def matrix_sequence(cell, p, number, x, state):
    state = state @ p["matrices"][number - 1].T
    return state, state


STEPS = {
    Linear: recurrent,
    Elman: recurrent,
    LSTM: lstm,
    GRU: gru,
    Diagonal: diagonal,
    GatedDiagonal: gated_diagonal,
    DelayLine: delay_line,
    Dense: dense,
    MatrixSequence: matrix_sequence,
}
