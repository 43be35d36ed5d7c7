"""What :func:`rnncore.layer_gradients` gives back."""

from dataclasses import dataclass

import numpy as np

from ..notebook import ShownInNotebooks
from .concentration import Concentration


@dataclass(frozen=True, eq=False, repr=False)
class LayerGradients(ShownInNotebooks):
    """Gradients of a net of L layers over N inputs; float64. D is the sum of what the inputs contribute.

    Attributes
    ----------
    parameters : dict of str to array
        ∂D/∂p by the names of ``cell.parameters``, of their shapes: summed over the inputs.
    neurons : tuple of L arrays, (N, n_l)
        ∂D/∂y_l for the outputs y_l of each layer, input by input; ``(n_l,)`` for a single input.
    inputs : array, (N, n_in)
        ∂D/∂x, input by input; ``(n_in,)`` for a single one.
    sizes : (L,) int array
        Parameters of each layer.
    norms : (L,) array
        ‖∂D/∂p‖₂ over a layer's parameters.
    root_mean_squares : (L,) array
        The same divided by the root of their number: the magnitude of one of them.
    single_norms : (N, L) array
        ``norms`` of each input by itself.
    neuron_norms : (N, L) array
        ‖∂D/∂y_l‖₂, input by input.
    concentration : Concentration
        How few parameters hold the gradient.
    """

    parameters: dict
    neurons: tuple[np.ndarray, ...]
    inputs: np.ndarray
    sizes: np.ndarray
    norms: np.ndarray
    root_mean_squares: np.ndarray
    single_norms: np.ndarray
    neuron_norms: np.ndarray
    concentration: Concentration

    def to_dict(self):
        """The fields by name; arrays stay arrays, ``concentration`` is a dict of its own."""
        return vars(self) | {"concentration": self.concentration._asdict()}

    def plot(self, ax=None):
        """Draw the magnitude by layer and, beside it, the concentration; returns the matplotlib axes.

        With ``ax`` the magnitude alone is drawn, there.
        """
        from ..figures.layer_gradients import plot_layer_gradients

        return plot_layer_gradients(self, ax)

    def __repr__(self):
        ends = " … ".join(f"{self.root_mean_squares[layer]:.3g}" for layer in (0, -1))
        return f"LayerGradients({len(self.norms)} layers, {len(self.single_norms)} inputs, root mean square {ends})"
