"""The names of the elementwise nonlinearities a cell may use."""

NONLINEARITIES = ("identity", "tanh", "relu", "sigmoid", "elu", "softplus")


def check_nonlinearity(name):
    if name not in NONLINEARITIES:
        raise ValueError(f"nonlinearity must be one of {', '.join(NONLINEARITIES)}; got {name!r}")
    return name
