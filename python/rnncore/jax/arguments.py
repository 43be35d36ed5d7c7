"""What calls are given, checked when JAX traces them."""

import jax
import jax.numpy as jnp
import numpy as np

from ..cells import Cell
from ..runs import Run


def check_cell(cell):
    if not isinstance(cell, Cell):
        raise TypeError(f"cell must be a cell such as rnncore.Elman, got {type(cell).__name__}")


def check_precision(cell):
    """JAX would make float32 of float64 without a word."""
    if jax.dtypes.canonicalize_dtype(cell.dtype) != cell.dtype:
        raise TypeError(
            'the cell is float64, which JAX holds only after jax.config.update("jax_enable_x64", True); '
            'or take cell.astype("float32")'
        )


def read_series(name, value, cell):
    """Real numbers of any dtype as an array of the cell's, or None."""
    if value is None:
        return None
    array = jnp.asarray(value)
    if not (jnp.issubdtype(array.dtype, jnp.floating) or jnp.issubdtype(array.dtype, jnp.integer)):
        raise TypeError(f"{name} must hold real numbers, got an array of dtype {array.dtype}")
    return array.astype(cell.dtype)


def read_sizes(cell, inputs, steps, state):
    """Steps and batch, None for a single sequence, of arrays that need not hold numbers yet."""
    inputs, state = (None if array is None else np.broadcast_to(0.0, array.shape) for array in (inputs, state))
    run = Run(cell, inputs, steps, state, False)
    return run.steps, run.batch
