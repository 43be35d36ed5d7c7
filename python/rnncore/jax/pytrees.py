"""The parameters of a cell as a pytree, and the way back."""

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np

from ..cells.base import is_sparse
from .arguments import check_cell, check_precision


def parameters(cell):
    """The parameters of a cell as JAX arrays, a pytree to differentiate by and to train.

    Parameters
    ----------
    cell : Cell
        Any, a Chain too.

    Returns
    -------
    dict of str to jax.Array
        By the names of ``cell.parameters``, of their shapes and dtypes. Of a sparse ``weight_hh`` it holds the stored
        values, (nnz,), in the order of ``cell.parameters["weight_hh"].data``: the pattern stays that of the cell.

    Raises
    ------
    TypeError
        What is no cell; a float64 cell where JAX is not set to hold float64.

    Examples
    --------
    >>> import numpy as np, rnncore, rnncore.jax
    >>> cell = rnncore.Elman(np.eye(2, dtype="float32"), np.ones((2, 3), "float32"))
    >>> {name: array.shape for name, array in rnncore.jax.parameters(cell).items()}
    {'weight_hh': (2, 2), 'weight_ih': (2, 3)}
    """
    check_cell(cell)
    check_precision(cell)
    return {name: jnp.array(array) for name, array in leaves(cell).items()}


def replace(cell, parameters):
    """The cell with these parameters: what has been trained in JAX, for all else that rnncore does with cells.

    Parameters
    ----------
    cell : Cell
        Its type, options, layers and sparse pattern are kept.
    parameters : dict of str to array
        As :func:`rnncore.jax.parameters` gives them, with other numbers.

    Returns
    -------
    Cell

    Raises
    ------
    ValueError
        Names or shapes that are not those of the cell's parameters; NaN or infinities.
    TypeError
        What is no cell or no dict; a dtype that is not the cell's.

    Examples
    --------
    >>> import numpy as np, rnncore, rnncore.jax
    >>> cell = rnncore.Diagonal(np.ones(2, "float32"))
    >>> halved = {name: array / 2 for name, array in rnncore.jax.parameters(cell).items()}
    >>> rnncore.jax.replace(cell, halved).parameters["weight_hh"]
    array([0.5, 0.5], dtype=float32)
    """
    check_cell(cell)
    check_parameters(cell, parameters)
    changed = {}
    for name, of in cell.parameters.items():
        array = np.asarray(parameters[name])
        changed[name] = type(of)((array, of.indices, of.indptr), shape=of.shape) if is_sparse(of) else array
    return cell.replace(**changed)


def leaves(cell):
    """The arrays of numbers that a cell's parameters consist of, by name."""
    return {name: array.data if is_sparse(array) else array for name, array in cell.parameters.items()}


def check_parameters(cell, parameters):
    """Of arrays or tracers."""
    if not isinstance(parameters, Mapping):
        raise TypeError(f"parameters must be a dict as of rnncore.jax.parameters, got {type(parameters).__name__}")
    wanted = leaves(cell)
    if set(parameters) != set(wanted):
        names = ", ".join(map(str, parameters)) or "nothing"
        raise ValueError(f"parameters must be those of the cell, {', '.join(wanted)}; got {names}")
    for name, like in wanted.items():
        array = parameters[name]
        if not hasattr(array, "dtype") or not hasattr(array, "shape"):
            raise TypeError(f"parameters[{name!r}] must be an array, got {type(array).__name__}")
        if array.shape != like.shape:
            values = ", the stored values of a sparse array" if is_sparse(cell.parameters[name]) else ""
            raise ValueError(f"parameters[{name!r}] must have shape {like.shape}{values}; got {array.shape}")
        if array.dtype != like.dtype:
            raise TypeError(f"parameters[{name!r}] must have the dtype of the cell's, {like.dtype}; got {array.dtype}")
