"""Linear recursions in closed form."""

from .impulse_response import impulse_response
from .modes import modes
from .modes_result import Modes
from .superpose import superpose
from .superposition import Superposition
from .transient_growth import TransientGrowth

__all__ = ["Modes", "Superposition", "TransientGrowth", "impulse_response", "modes", "superpose"]
