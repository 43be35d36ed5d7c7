"""h_t = (1 - a) h_{t-1} + a φ(W_hh h_{t-1} + W_ih x_t + b_ih + b_hh)"""

import math
from numbers import Real

from .base import Cell, input_size_of, own_recurrence
from .nonlinearities import check_nonlinearity


class Elman(Cell):
    """Elman (simple recurrent) network, leaky and sparse where asked.

    h_t = (1 - a) h_{t-1} + a φ(W_hh h_{t-1} + W_ih x_t + b_ih + b_hh), with parameter names and shapes of
    ``torch.nn.RNNCell``; a = 1 is the classic network (Elman 1990), a < 1 the leaky integrator of reservoir
    computing (Jaeger et al. 2007).

    Parameters
    ----------
    weight_hh : array or scipy.sparse array, (n, n)
        Real; float32 or float64 sets the cell's dtype.
    weight_ih : array, (n, n_in), optional
        None: the network takes no input.
    bias_ih, bias_hh : array, (n,), optional
    nonlinearity : {"tanh", "identity", "relu", "sigmoid", "elu", "softplus"}
        φ. "elu" has α = 1.
    leak : float
        a, in (0, 1].

    Raises
    ------
    ValueError
        Wrong shapes, n = 0, NaN or infinities, an unknown nonlinearity, a leak outside (0, 1].
    TypeError
        Complex, object or mixed float dtypes.

    Examples
    --------
    >>> import rnncore
    >>> cell = rnncore.Elman([[0.0]], [[1.0]], nonlinearity="relu")
    >>> rnncore.simulate(cell, [[2.0], [-1.0]]).outputs.ravel()
    array([2., 0.])
    """

    def __init__(self, weight_hh, weight_ih=None, bias_ih=None, bias_hh=None, *, nonlinearity="tanh", leak=1.0):
        check_nonlinearity(nonlinearity)
        if isinstance(leak, bool) or not isinstance(leak, Real):
            raise TypeError(f"leak must be a number in (0, 1], got {leak!r}")
        if not (math.isfinite(leak) and 0 < leak <= 1):
            raise ValueError(f"leak must be in (0, 1], got {leak}")
        parameters, dtype = own_recurrence(
            {"weight_hh": weight_hh, "weight_ih": weight_ih, "bias_ih": bias_ih, "bias_hh": bias_hh}
        )
        size = parameters["weight_hh"].shape[0]
        self._freeze(
            _parameters=parameters,
            dtype=dtype,
            nonlinearity=nonlinearity,
            leak=float(leak),
            input_size=input_size_of(parameters),
            output_size=size,
            state_size=size,
        )

    @property
    def options(self):
        return {"nonlinearity": self.nonlinearity, "leak": self.leak}
