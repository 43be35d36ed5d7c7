"""How gradients shrink and grow on their way back through time, and through the layers of deep nets."""

from .curve import GradientNorms
from .depth import LayerGradients
from .gradient_norms import gradient_norms
from .layer_gradients import layer_gradients

__all__ = ["GradientNorms", "LayerGradients", "gradient_norms", "layer_gradients"]
