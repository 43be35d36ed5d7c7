"""The Jacobian of one step."""

import numpy as np

from .arrays import as_real_array, check_finite
from .backends import choose_backend, prepare
from .cells import Cell
from .runs import Run


def jacobian(cell, state, input=None, *, wrt="state", of="state", backend=None):
    """The Jacobian of one step as a dense matrix.

    A_t = ∂x_t/∂x_{t-1} at the state x_{t-1} and the input u_t, or the same of the outputs, or by the input. The whole
    state counts: its layers in order, coupled within the step by the chain rule in depth.

    Parameters
    ----------
    cell : Cell
        A MatrixSequence is at its first step.
    state : array, (state_size,) or (B, state_size)
        x_{t-1}; None: zeros.
    input : array, (input_size,) or (B, input_size), optional
        u_t; None: zeros.
    wrt : {"state", "input"}
        What to differentiate by.
    of : {"state", "outputs"}
        What to differentiate.
    backend : {"native", "numba", "reference"}, optional

    Returns
    -------
    array, (m, n) or (B, m, n)
        m the size of ``of``, n that of ``wrt``; in the cell's dtype. At the kink of a ReLU its slope is 0.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name.
    BackendUnavailable
        The backend asked for cannot run here.

    Examples
    --------
    >>> import numpy as np, rnncore
    >>> cell = rnncore.Elman([[0.5, 1.0], [0.0, 0.5]], [[1.0], [0.0]])
    >>> rnncore.jacobian(cell, [0.0, 0.0])
    array([[0.5, 1. ],
           [0. , 0.5]])
    >>> rnncore.jacobian(cell, [0.0, 0.0], [0.0], wrt="input")
    array([[1.],
           [0.]])
    """
    _check_choice("wrt", wrt, ("state", "input"))
    _check_choice("of", of, ("state", "outputs"))
    backend = choose_backend(backend)
    run = Run(cell, _read_input(cell, input, state), None if input is not None else 1, state, True)
    size = cell.state_size if wrt == "state" else cell.input_size
    columns = _push_basis(run, prepare(cell, backend), size, wrt, of)
    matrices = np.ascontiguousarray(columns.reshape(run.width, size, columns.shape[1]).swapaxes(1, 2))
    return matrices if run.batch is not None else matrices[0]


def _check_choice(name, value, allowed):
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {value!r}")


def _read_input(cell, value, state):
    if value is None or not isinstance(cell, Cell):  # Run says what is wrong with a cell that is none
        return None
    value = as_real_array("input", value)
    if value.ndim not in (1, 2) or value.shape[-1] != cell.input_size:
        raise ValueError(f"input must have shape ({cell.input_size},) or (B, {cell.input_size}), got {value.shape}")
    if value.ndim == 2 and np.ndim(state) == 2 and len(value) != len(state):
        raise ValueError(f"input holds {len(value)} sequences but state holds {len(state)}")
    check_finite("input", value, cell.dtype)
    return value[None]


def _push_basis(run, program, size, wrt, of):
    """The tangents, one a row, that the unit vectors become: every sequence is repeated for each of them."""
    cell = run.cell
    basis = np.tile(np.eye(size, dtype=cell.dtype), (run.width, 1))
    state = np.repeat(run.state, size, axis=0)
    inputs = run.inputs_between(0, 1)
    tangent = basis if wrt == "state" else np.zeros(state.shape, cell.dtype)
    outputs, output_tangents = np.empty((2, 1, len(state), cell.output_size), cell.dtype)
    program.push_forward(
        None if inputs is None else np.repeat(inputs, size, axis=1), 1, state, tangent,
        start=0, input_tangents=basis[None] if wrt == "input" else None, forcing=None,
        outputs=outputs, output_tangents=output_tangents, threads=1,
    )  # fmt: skip
    return tangent if of == "state" else output_tangents[0]
