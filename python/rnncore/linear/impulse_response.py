"""What a linear recursion makes of a single 1 in its input."""

import numpy as np

from ..arrays import as_count
from ..errors import NonFiniteError
from .responses import check_rows, response_rows
from .state_space import read_state_space


def impulse_response(cell, steps):
    """The outputs after an input of 1 at step 1 and none afterwards, without biases and from a state of zero.

    h_k = W_hh^k W_ih: row k is what the outputs hold of an input of k steps ago. Of a chain, and where there is a leak,
    h_k = C A^k B with the matrices of the whole recursion.

    Parameters
    ----------
    cell : Linear, Diagonal, DelayLine, Elman or Dense with ``nonlinearity="identity"``, or a Chain of them
    steps : int
        How many rows.

    Returns
    -------
    array, (K, output_size, input_size), of the cell's dtype
        K is ``steps``. Worked out in double precision. ``response[k, :, j]`` are the outputs of
        :func:`rnncore.simulate` at step k + 1 after an input of 1 at component j in step 1: of a complex Diagonal cell
        real and imaginary parts in turn along axis 1.

    Raises
    ------
    ValueError, TypeError
        A layer that is not linear with constant coefficients, by its number; a cell without input; steps below 0.
    NonFiniteError
        A row overflows; ``step`` counts from 1, ``partial`` holds the rows before.

    Notes
    -----
    64 rows at a time, by products with powers of the matrix, for dense matrices; row by row for sparse ones; by powers
    of single numbers for Diagonal cells.

    Examples
    --------
    >>> import rnncore
    >>> rnncore.impulse_response(rnncore.Linear([[0.5]], [[2.0]]), 4).ravel()
    array([2.  , 1.  , 0.5 , 0.25])
    """
    system = read_state_space(cell)
    steps = as_count("steps", steps, 0)
    if cell.input_size == 0:
        raise ValueError("the cell takes no input: there is no impulse it could respond to")
    response = np.zeros((steps, cell.output_size, cell.input_size), cell.dtype)
    if system.feedthrough is not None:
        rows = system.feedthrough[None, ...][:steps]
    else:
        rows = response_rows(system, system.drive, steps)
    with np.errstate(over="ignore", under="ignore"):
        response[: len(rows)] = rows
    try:
        return check_rows(response)
    except NonFiniteError as error:
        error.partial = response[: error.step - 1]
        raise
