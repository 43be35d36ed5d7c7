"""A linear cell as one recursion: s_t = A s_{t-1} + B x_t + d with outputs y_t = C s_t + D x_t + e."""

from dataclasses import dataclass, replace

import numpy as np

from ..cells import Cell, DelayLine, Dense, Diagonal, Elman, Linear
from ..cells.base import is_sparse
from ..cells.diagonal import as_complex, real_rows


@dataclass(frozen=True, eq=False)
class StateSpace:
    """Matrices in double precision.

    Attributes
    ----------
    transition : array (n, n), scipy.sparse array (n, n), or array (n,)
        A; with one axis the diagonal of A, complex for a complex Diagonal layer.
    drive : array (n, n_in)
        B.
    offset : array (n,)
        d.
    readout : array (n_out, n) or None
        C; of complex states the outputs are Re(C s). None: the outputs are the states, complex ones as pairs.
    feedthrough : array (n_out, n_in) or None
        D of layers without memory; None where there is a state, through which all goes.
    output_offset : array (n_out,)
        e.
    """

    transition: object
    drive: np.ndarray
    offset: np.ndarray
    readout: np.ndarray | None
    feedthrough: np.ndarray | None
    output_offset: np.ndarray

    @property
    def size(self):
        return self.transition.shape[0]

    @property
    def is_diagonal(self):
        return self.transition.ndim == 1

    @property
    def is_complex(self):
        return self.transition.dtype.kind == "c"

    def observe(self, columns):
        """What states (n, c) are in the outputs, (n_out, c), without e."""
        if self.readout is None:
            return real_rows(columns) if self.is_complex else columns
        return (self.readout @ columns).real

    def from_cell_state(self, state):
        """States (…, state_size) of the cell, in double precision, as those of A."""
        state = state.astype(np.float64)
        return as_complex(state) if self.is_complex else state

    def dense_transition(self):
        """A as an array (n, n)."""
        if self.is_diagonal:
            return np.diag(self.transition)
        return self.transition.toarray() if is_sparse(self.transition) else self.transition

    def real(self):
        """The same recursion of real numbers: complex ones become pairs, as in the cell's state."""
        if not self.is_complex:
            return self
        readout = None if self.readout is None else real_rows(self.readout.conj().T).T
        return replace(
            self,
            transition=_rotations(self.transition),
            drive=real_rows(self.drive),
            offset=real_rows(self.offset),
            readout=readout,
        )


def read_state_space(cell):
    """The recursion of a cell that is linear throughout.

    Raises
    ------
    TypeError
        No cell.
    ValueError
        A layer that is not linear with constant coefficients, by its number.
    """
    if not isinstance(cell, Cell):
        raise TypeError(f"cell must be a cell such as rnncore.Linear, got {type(cell).__name__}")
    for index, layer in enumerate(cell.layers):
        if not is_linear(layer):
            which = "the cell" if cell is layer else f"layer {index}"
            options = f" with nonlinearity={layer.nonlinearity!r}" if isinstance(layer, (Elman, Dense)) else ""
            raise ValueError(
                "a closed form needs linear layers with constant coefficients, Linear, Diagonal, DelayLine, and Elman "
                f'or Dense with nonlinearity="identity"; {which} is of type {type(layer).__name__}{options}'
            )
    size = cell.input_size
    system = StateSpace(
        np.zeros((0, 0)), np.zeros((0, size)), np.zeros(0), np.zeros((size, 0)), np.eye(size), np.zeros(size)
    )
    for layer in cell.layers:
        if isinstance(layer, Dense):
            system = _append_dense(system, layer)
        elif system.size == 0:
            system = _begin(system, _read_recurrent(layer))
        else:
            system = _append(system.real(), _read_recurrent(layer).real())
    return system


def is_linear(layer):
    """Whether a layer is a linear map with constant coefficients."""
    if isinstance(layer, (Elman, Dense)):
        return layer.nonlinearity == "identity"
    return isinstance(layer, (Linear, Diagonal, DelayLine))


def _read_recurrent(layer):
    if isinstance(layer, DelayLine):
        return _read_delay_line(layer)
    parameters = {
        name: array.astype(np.result_type(array.dtype, np.float64)) for name, array in layer.parameters.items()
    }
    transition = parameters["weight_hh"]
    size = transition.shape[0]
    drive = parameters.get("weight_ih", np.zeros((size, 0)))
    offset = sum((parameters[name] for name in ("bias", "bias_ih", "bias_hh") if name in parameters), np.zeros(size))
    leak = getattr(layer, "leak", 1.0)
    if leak != 1:
        transition = (1 - leak) * _identity_like(transition) + leak * transition
        drive, offset = leak * drive, leak * offset
    return StateSpace(transition, drive, offset, None, None, np.zeros(layer.output_size))


def _read_delay_line(layer):
    from scipy.sparse import eye_array

    size, inputs = layer.state_size, layer.input_size
    moved = eye_array(size, k=-inputs, format="csr")
    return StateSpace(moved, np.eye(size, inputs), np.zeros(size), None, None, np.zeros(size))


def _append_dense(system, layer):
    weight = layer.parameters["weight"].astype(np.float64)
    if system.readout is not None:
        readout = weight @ system.readout
    else:  # Re((a - b i) s) = a Re s + b Im s
        readout = weight[:, ::2] - 1j * weight[:, 1::2] if system.is_complex else weight
    return replace(
        system,
        readout=readout,
        feedthrough=None if system.feedthrough is None else weight @ system.feedthrough,
        output_offset=weight @ system.output_offset + layer.parameters.get("bias", 0.0),
    )


def _begin(before, layer):
    """The first layer with a state, behind layers without."""
    return replace(
        layer,
        drive=layer.drive @ before.feedthrough,
        offset=layer.drive @ before.output_offset + layer.offset,
    )


def _append(below, above):
    """Real systems: the state above sees the new state below."""
    coupling = above.drive if below.readout is None else above.drive @ below.readout
    return StateSpace(
        _lower_triangle(below.transition, coupling, above.transition),
        np.concatenate([below.drive, coupling @ below.drive]),
        np.concatenate([below.offset, coupling @ below.offset + above.drive @ below.output_offset + above.offset]),
        np.concatenate([np.zeros((above.size, below.size)), np.eye(above.size)], axis=1),
        None,
        np.zeros(above.size),
    )


def _lower_triangle(below, coupling, above):
    """[[A, 0], [M A, A']]: sparse where one of the two is sparse or diagonal."""
    if isinstance(below, np.ndarray) and isinstance(above, np.ndarray) and below.ndim == above.ndim == 2:
        return np.block([[below, np.zeros((len(below), len(above)))], [coupling @ below, above]])
    from scipy.sparse import block_array, csr_array, diags_array

    below, above = (csr_array(diags_array(part) if part.ndim == 1 else part) for part in (below, above))
    return block_array([[below, None], [csr_array(coupling) @ below, above]], format="csr")


def _identity_like(matrix):
    if is_sparse(matrix):
        from scipy.sparse import eye_array

        return eye_array(matrix.shape[0], format="csr")
    return np.eye(len(matrix))


def _rotations(diagonal):
    """[[a, -b], [b, a]] for each a + b i."""
    from scipy.sparse import csr_array

    size = len(diagonal)
    first = 2 * np.repeat(np.arange(size), 4)
    rows, columns = first + np.tile([0, 0, 1, 1], size), first + np.tile([0, 1, 0, 1], size)
    values = np.stack([diagonal.real, -diagonal.imag, diagonal.imag, diagonal.real], axis=1).ravel()
    return csr_array((values, (rows, columns)), shape=(2 * size, 2 * size))
