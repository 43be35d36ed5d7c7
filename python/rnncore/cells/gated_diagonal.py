"""c_t = ψ(W_gate x_t + b_gate) ⊙ c_{t-1} + φ(W_ih x_t + b)"""

from .base import Cell, own, read_dense_parameters
from .nonlinearities import check_nonlinearity


class GatedDiagonal(Cell):
    """Gated memory, c_t = ψ(W_gate x_t + b_gate) ⊙ c_{t-1} + φ(W_ih x_t + b): gates that see the input only.

    The constant error carousel of Hochreiter and Schmidhuber (1997) by itself, with a forget gate; the recurrence of
    quasi-recurrent networks (Bradbury et al. 2017) and of selective state-space models. Gates beyond 1, as
    ψ = identity has them, are allowed and grow.

    Parameters
    ----------
    weight_ih : array, (n, n_in)
        Real; float32 or float64 sets the cell's dtype.
    weight_gate : array, (n, n_in)
    bias, bias_gate : array, (n,), optional
    nonlinearity : {"identity", "tanh", "relu", "sigmoid", "elu", "softplus"}
        φ, of the input. "elu" has α = 1.
    gate_nonlinearity : {"sigmoid", "identity", "tanh", "relu", "elu", "softplus"}
        ψ, of the gate.

    Raises
    ------
    ValueError
        Wrong shapes, n = 0, NaN or infinities, an unknown nonlinearity.
    TypeError
        Complex, object, sparse or mixed float dtypes.

    Examples
    --------
    >>> import rnncore
    >>> cell = rnncore.GatedDiagonal([[1.0, 0.0]], [[0.0, 1.0]], gate_nonlinearity="identity")  # value, gate
    >>> rnncore.simulate(cell, [[3.0, 0.0], [0.0, 1.0], [0.0, 0.5]]).outputs.ravel()
    array([3. , 3. , 1.5])
    """

    def __init__(
        self,
        weight_ih,
        weight_gate,
        bias=None,
        bias_gate=None,
        *,
        nonlinearity="identity",
        gate_nonlinearity="sigmoid",
    ):
        check_nonlinearity(nonlinearity)
        check_nonlinearity(gate_nonlinearity, "gate_nonlinearity")
        for name, value in (("weight_ih", weight_ih), ("weight_gate", weight_gate)):
            if value is None:
                raise TypeError(f"{name} must be an (n, n_in) array, got None")
        present, dtype = read_dense_parameters(
            {"weight_ih": weight_ih, "weight_gate": weight_gate, "bias": bias, "bias_gate": bias_gate}
        )
        if present["weight_ih"].ndim != 2 or len(present["weight_ih"]) == 0:
            raise ValueError(f"weight_ih must have shape (n, n_in), n at least 1, got {present['weight_ih'].shape}")
        size, inputs = present["weight_ih"].shape
        shapes = {"weight_ih": (size, inputs), "weight_gate": (size, inputs), "bias": (size,), "bias_gate": (size,)}
        self._freeze(
            _parameters={name: own(name, array, shapes[name], dtype) for name, array in present.items()},
            dtype=dtype,
            nonlinearity=nonlinearity,
            gate_nonlinearity=gate_nonlinearity,
            input_size=inputs,
            output_size=size,
            state_size=size,
        )

    @property
    def options(self):
        return {"nonlinearity": self.nonlinearity, "gate_nonlinearity": self.gate_nonlinearity}

    def _state_parts(self, state):
        return {"c": state}
