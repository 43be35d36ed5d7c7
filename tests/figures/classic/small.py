"""The classic figures in sizes that are quick to draw; each is drawn once."""

from functools import cache

from rnncore.figures import draw

WEIGHTS = [-5.0, -2.0, -1.2, -0.9, -0.3, 0.0, 0.5, 0.95, 1.1, 1.7, 3.0, 6.0]
SIZES = {
    "scalar_linear": {},
    "vector_linear": {"units": 16, "steps": 400},
    "scalar_nonlinear": {},
    "vector_nonlinear": {"units": 60},
    "boundedness_map": {"weights": WEIGHTS, "biases": [-3.0, -1.0, 0.0, 0.5, 2.0]},
    "jacobians": {"units": 16, "samples": 20},
    "gradients_by_lag": {"units": 32, "longest_lag": 500},
    "deep_networks": {"iterations": 80, "singles": 10},
    "marked_pattern": {"units": 8, "longest_lag": 200, "starts": 110},
    "constant_error_carousel": {"longest_lag": 200, "ends": 4},
    "memory_horizons": {"units": 32, "longest_lag": 1500, "starts": 40},
    "lyapunov_spectra": {"units": 32, "steps": 9000},
    "switched_memory": {"steps": 20_000, "units": 12, "episodes": 120},
}


@cache
def small(name):
    return draw(name, **SIZES[name])
