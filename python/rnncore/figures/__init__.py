"""The classic figures of what recurrences do, and beside them one file for what each result's ``plot`` draws."""

from .classic import (
    FIGURES,
    ClassicFigure,
    boundedness_map,
    constant_error_carousel,
    deep_networks,
    draw,
    gradients_by_lag,
    jacobians,
    lyapunov_spectra,
    marked_pattern,
    memory_horizons,
    scalar_linear,
    scalar_nonlinear,
    switched_memory,
    vector_linear,
    vector_nonlinear,
)

__all__ = [
    "FIGURES",
    "ClassicFigure",
    "boundedness_map",
    "constant_error_carousel",
    "deep_networks",
    "draw",
    "gradients_by_lag",
    "jacobians",
    "lyapunov_spectra",
    "marked_pattern",
    "memory_horizons",
    "scalar_linear",
    "scalar_nonlinear",
    "switched_memory",
    "vector_linear",
    "vector_nonlinear",
]
