"""Linear recursions in closed form."""

from .impulse_response import impulse_response
from .superpose import superpose
from .superposition import Superposition

__all__ = ["Superposition", "impulse_response", "superpose"]
