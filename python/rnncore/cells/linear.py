"""h_t = W_hh h_{t-1} + W_ih x_t + b"""

from .base import Cell, input_size_of, own_recurrence


class Linear(Cell):
    """Linear recursion h_t = W_hh h_{t-1} + W_ih x_t + b.

    Parameters
    ----------
    weight_hh : array or scipy.sparse array, (n, n)
        Real; float32 or float64 sets the cell's dtype.
    weight_ih : array, (n, n_in), optional
        None: the recursion takes no input.
    bias : array, (n,), optional

    Raises
    ------
    ValueError
        Wrong shapes, n = 0, NaN or infinities.
    TypeError
        Complex, object or mixed float dtypes.

    Examples
    --------
    >>> import rnncore
    >>> cell = rnncore.Linear([[0.5]], [[1.0]])
    >>> rnncore.simulate(cell, [[1.0], [0.0], [0.0]]).outputs.ravel()
    array([1.  , 0.5 , 0.25])
    """

    def __init__(self, weight_hh, weight_ih=None, bias=None):
        parameters, dtype = own_recurrence({"weight_hh": weight_hh, "weight_ih": weight_ih, "bias": bias})
        size = parameters["weight_hh"].shape[0]
        self._freeze(
            _parameters=parameters,
            dtype=dtype,
            input_size=input_size_of(parameters),
            output_size=size,
            state_size=size,
        )
