"""y_t = φ(W x_t + b)"""

from .base import Cell, is_sparse, own, read_parameters
from .nonlinearities import check_nonlinearity


class Dense(Cell):
    """A layer without memory, y_t = φ(W x_t + b): readouts and deep feed-forward nets.

    Parameters
    ----------
    weight : array, (n_out, n_in)
        Real; float32 or float64 sets the cell's dtype.
    bias : array, (n_out,), optional
    nonlinearity : {"identity", "tanh", "relu", "sigmoid", "elu", "softplus"}
        φ. "elu" has α = 1.

    Raises
    ------
    ValueError
        Wrong shapes, an empty weight, NaN or infinities, an unknown nonlinearity.
    TypeError
        Complex, object, sparse or mixed float dtypes.

    Examples
    --------
    >>> import rnncore
    >>> rnncore.simulate(rnncore.Dense([[1.0, 1.0]], [0.5]), [[1.0, 2.0]]).outputs
    array([[3.5]])
    """

    def __init__(self, weight, bias=None, *, nonlinearity="identity"):
        check_nonlinearity(nonlinearity)
        if weight is None:
            raise TypeError("weight must be an (n_out, n_in) array, got None")
        for name, value in (("weight", weight), ("bias", bias)):
            if is_sparse(value):
                raise TypeError(f"{name} must be a dense array")
        present, dtype = read_parameters({"weight": weight, "bias": bias})
        if present["weight"].ndim != 2 or 0 in present["weight"].shape:
            raise ValueError(f"weight must have shape (n_out, n_in), both at least 1, got {present['weight'].shape}")
        rows, columns = present["weight"].shape
        parameters = {"weight": own("weight", present["weight"], (rows, columns), dtype)}
        if "bias" in present:
            parameters["bias"] = own("bias", present["bias"], (rows,), dtype)
        self._freeze(
            _parameters=parameters,
            dtype=dtype,
            nonlinearity=nonlinearity,
            input_size=columns,
            output_size=rows,
            state_size=0,
        )

    @property
    def options(self):
        return {"nonlinearity": self.nonlinearity}
