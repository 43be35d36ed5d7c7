"""How gradients shrink and grow on their way back through time, and through the layers of deep nets."""

from .curve import GradientNorms
from .gradient_norms import gradient_norms

__all__ = ["GradientNorms", "gradient_norms"]
