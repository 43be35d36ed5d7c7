"""c_t = f ⊙ c_{t-1} + i ⊙ g, h_t = o ⊙ tanh c_t"""

from .base import Cell, input_size_of
from .gates import own_gates


class LSTM(Cell):
    """Long short-term memory, with peepholes where asked.

    With the four parts i, f, g, o of z = W_hh h_{t-1} + W_ih x_t + b_ih + b_hh,

    i = σ(z_i + w_ci ⊙ c_{t-1}), f = σ(z_f + w_cf ⊙ c_{t-1}), g = tanh z_g,

    c_t = f ⊙ c_{t-1} + i ⊙ g, o = σ(z_o + w_co ⊙ c_t), h_t = o ⊙ tanh c_t.

    Names, shapes and gate order of ``torch.nn.LSTMCell``. Hochreiter and Schmidhuber (1997); the forget gate f is due
    to Gers, Schmidhuber and Cummins (2000), the peepholes to Gers, Schraudolph and Schmidhuber (2002). The output is
    h_t; the state is (h_t, c_t), 2 n numbers, and so are the Jacobians.

    Parameters
    ----------
    weight_hh : array, (4 n, n)
        Real; float32 or float64 sets the cell's dtype. Rows of the gates in the order i, f, g, o.
    weight_ih : array, (4 n, n_in), optional
        None: the network takes no input.
    bias_ih, bias_hh : array, (4 n,), optional
    weight_ci, weight_cf, weight_co : array, (n,), optional
        Peepholes of the input, forget and output gates, each by itself.

    Raises
    ------
    ValueError
        Wrong shapes (the message gives the rows and the order of the gates), n = 0, NaN or infinities.
    TypeError
        Complex, object, sparse or mixed float dtypes.

    Examples
    --------
    >>> import rnncore
    >>> cell = rnncore.LSTM([[0.0]] * 4, [[0.0], [0.0], [1.0], [0.0]], [50.0, 50.0, 0.0, 50.0])  # gates open
    >>> states = rnncore.simulate(cell, [[1.0], [0.0], [0.0]], keep="states").states
    >>> cell.split_state(states)["c"].ravel()  # tanh 1, kept
    array([0.76159416, 0.76159416, 0.76159416])
    """

    def __init__(
        self,
        weight_hh,
        weight_ih=None,
        bias_ih=None,
        bias_hh=None,
        *,
        weight_ci=None,
        weight_cf=None,
        weight_co=None,
    ):
        parameters, dtype = own_gates(
            "ifgo",
            {"weight_hh": weight_hh, "weight_ih": weight_ih, "bias_ih": bias_ih, "bias_hh": bias_hh},
            {"weight_ci": weight_ci, "weight_cf": weight_cf, "weight_co": weight_co},
        )
        size = parameters["weight_hh"].shape[1]
        self._freeze(
            _parameters=parameters,
            dtype=dtype,
            input_size=input_size_of(parameters),
            output_size=size,
            state_size=2 * size,
        )

    def _state_parts(self, state):
        return {"h": state[..., : self.output_size], "c": state[..., self.output_size :]}
