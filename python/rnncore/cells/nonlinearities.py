"""The names of the elementwise nonlinearities a cell may use."""

NONLINEARITIES = ("identity", "tanh", "relu", "sigmoid", "elu", "softplus")


def check_nonlinearity(value, name="nonlinearity"):
    if not isinstance(value, str) or value not in NONLINEARITIES:
        raise ValueError(f"{name} must be one of {', '.join(NONLINEARITIES)}; got {value!r}")
