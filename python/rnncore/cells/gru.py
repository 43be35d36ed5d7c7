"""h_t = (1 - z) ⊙ n + z ⊙ h_{t-1}"""

from ..arrays import as_flag
from .base import Cell, input_size_of
from .gates import own_gates


class GRU(Cell):
    """Gated recurrent unit, with either convention of the reset gate.

    r and z are σ of their parts of W_hh h_{t-1} + W_ih x_t + b_ih + b_hh, and h_t = (1 - z) ⊙ n + z ⊙ h_{t-1} with

    n = tanh(W_in x_t + b_in + r ⊙ (W_hn h_{t-1} + b_hn)), the reset after the product (``torch.nn.GRU``, cuDNN), or

    n = tanh(W_in x_t + b_in + W_hn (r ⊙ h_{t-1}) + b_hn), the reset before it (Cho et al. 2014).

    Names, shapes and gate order of ``torch.nn.GRUCell``.

    Parameters
    ----------
    weight_hh : array, (3 n, n)
        Real; float32 or float64 sets the cell's dtype. Rows of the gates in the order r, z, n.
    weight_ih : array, (3 n, n_in), optional
        None: the network takes no input.
    bias_ih, bias_hh : array, (3 n,), optional
    reset_after : bool
        Whether r multiplies the product W_hn h_{t-1} + b_hn, or h_{t-1} itself.

    Raises
    ------
    ValueError
        Wrong shapes (the message gives the rows and the order of the gates), n = 0, NaN or infinities.
    TypeError
        Complex, object, sparse or mixed float dtypes; a ``reset_after`` that is no bool.

    Examples
    --------
    >>> import rnncore
    >>> cell = rnncore.GRU([[0.0]] * 3, [[0.0], [0.0], [1.0]])  # z = 1/2
    >>> rnncore.simulate(cell, [[1.0], [0.0], [0.0]]).outputs.ravel()
    array([0.38079708, 0.19039854, 0.09519927])
    """

    def __init__(self, weight_hh, weight_ih=None, bias_ih=None, bias_hh=None, *, reset_after=True):
        reset_after = as_flag("reset_after", reset_after)
        parameters, dtype = own_gates(
            "rzn",
            {"weight_hh": weight_hh, "weight_ih": weight_ih, "bias_ih": bias_ih, "bias_hh": bias_hh},
            {},
        )
        size = parameters["weight_hh"].shape[1]
        self._freeze(
            _parameters=parameters,
            dtype=dtype,
            reset_after=reset_after,
            input_size=input_size_of(parameters),
            output_size=size,
            state_size=size,
        )

    @property
    def options(self):
        return {"reset_after": self.reset_after}
