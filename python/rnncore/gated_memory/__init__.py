"""How much of a gated cell's memory its gates carry, and how much flows through the rest of the cell."""

from .carousel import carousel, gated_layers
from .position import Position
from .result import Carousel

__all__ = ["Carousel", "Position", "carousel", "gated_layers"]
