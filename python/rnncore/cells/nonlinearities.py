"""The names of the elementwise nonlinearities a cell may use."""

NONLINEARITIES = ("identity", "tanh", "relu", "sigmoid", "elu", "softplus")


def check_nonlinearity(name):
    if not isinstance(name, str) or name not in NONLINEARITIES:
        raise ValueError(f"nonlinearity must be one of {', '.join(NONLINEARITIES)}; got {name!r}")
    return name
