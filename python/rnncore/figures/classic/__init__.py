"""The classic figures of what recurrences do, each a function; story.py names them in order."""

from .boundedness_map import boundedness_map
from .classic_figure import ClassicFigure
from .constant_error_carousel import constant_error_carousel
from .deep_networks import deep_networks
from .gradients_by_lag import gradients_by_lag
from .jacobians import jacobians
from .lyapunov_spectra import lyapunov_spectra
from .marked_pattern import marked_pattern
from .memory_horizons import memory_horizons
from .scalar_linear import scalar_linear
from .scalar_nonlinear import scalar_nonlinear
from .story import FIGURES, draw
from .switched_memory import switched_memory
from .vector_linear import vector_linear
from .vector_nonlinear import vector_nonlinear

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
