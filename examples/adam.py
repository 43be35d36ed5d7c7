"""Adam (Kingma and Ba 2015), with the norm of the gradient clipped (Pascanu, Mikolov and Bengio 2013)."""

import numpy as np

DECAY, SQUARES_DECAY, SMALLEST = 0.9, 0.999, 1e-8
LARGEST_NORM = 1.0


class Adam:
    """Values that move against their gradients; they and the running means are float64.

    Attributes
    ----------
    values, means, squares : dict of str to array
        Of the parameters, by name.
    updates : int
        Made so far.
    """

    def __init__(self, parameters):
        self.values = {name: array.astype(np.float64) for name, array in parameters.items()}
        self.means = {name: np.zeros(array.shape) for name, array in parameters.items()}
        self.squares = {name: np.zeros(array.shape) for name, array in parameters.items()}
        self.updates = 0

    def update(self, gradients, rate):
        """One update by a dict of gradients; ``rate`` is the learning rate."""
        norm = np.sqrt(sum(np.sum(np.square(gradient, dtype=np.float64)) for gradient in gradients.values()))
        clipping = min(1.0, LARGEST_NORM / max(norm, SMALLEST))
        self.updates += 1
        step = rate * np.sqrt(1 - SQUARES_DECAY**self.updates) / (1 - DECAY**self.updates)
        for name, gradient in gradients.items():
            gradient = clipping * gradient.astype(np.float64)
            self.means[name] += (1 - DECAY) * (gradient - self.means[name])
            self.squares[name] += (1 - SQUARES_DECAY) * (gradient**2 - self.squares[name])
            self.values[name] -= step * self.means[name] / (np.sqrt(self.squares[name]) + SMALLEST)

    def state(self):
        """Arrays from which :meth:`restore` goes on with the same bits."""
        parts = {"value": self.values, "mean": self.means, "square": self.squares}
        named = {f"{part} {name}": array for part, arrays in parts.items() for name, array in arrays.items()}
        return named | {"updates": np.array(self.updates)}

    def restore(self, state):
        for part, arrays in {"value": self.values, "mean": self.means, "square": self.squares}.items():
            for name in arrays:
                arrays[name][...] = state[f"{part} {name}"]
        self.updates = int(state["updates"])
