"""h' = (1 - a) h + a φ(W h + U x + b) as a map of boxes."""

import numpy as np

from ..cells.base import is_sparse
from .contraction import smallest_weighted_norm
from .functions import slope, value
from .interval import Interval, as_interval, diagonal, nonnegative_product, product, scaled_rows
from .linear_map import leak_of
from .weighted_box import weighted_bound

SLACK = 1 + 2.0**-10  # a run that converges to within a bound enters a slightly larger one
_LEAST = {"tanh": -1.0, "sigmoid": 0.0, "relu": 0.0, "elu": -1.0, "softplus": 0.0}
_MOST = {"tanh": 1.0, "sigmoid": 1.0}


class ElmanMap:
    """Of every nonlinearity but the identity. The state is h."""

    def __init__(self, layer):
        arrays = {name: array.astype(np.float64) for name, array in layer.parameters.items()}
        self.state_size = self.output_size = layer.output_size
        self.weight_hh = arrays["weight_hh"]
        self.weight_ih = arrays.get("weight_ih", np.zeros((self.state_size, 0)))
        self.nonlinearity = layer.nonlinearity
        self.bias = as_interval(np.zeros(self.state_size))
        for name in ("bias_ih", "bias_hh"):
            if name in arrays:
                self.bias = self.bias + as_interval(arrays[name])
        self.leak = leak_of(layer)

    @property
    def share(self):
        """The leak as an interval, [1, 1] where there is none."""
        return as_interval(np.float64(1.0)) if self.leak is None else self.leak

    def dense_weight(self):
        return self.weight_hh.toarray() if is_sparse(self.weight_hh) else self.weight_hh

    @property
    def is_bounded(self):
        return self.nonlinearity in _MOST

    @property
    def largest_slope(self):
        return 0.25 if self.nonlinearity == "sigmoid" else 1.0

    def arguments(self, inputs, state):
        return product(self.weight_hh, state) + product(self.weight_ih, inputs) + self.bias

    def step(self, inputs, state):
        new = value(self.nonlinearity, self.arguments(inputs, state))
        return new if self.leak is None else (1.0 - self.leak) * state + self.leak * new

    def output(self, state):
        return state

    def slopes(self, inputs, state):
        return slope(self.nonlinearity, self.arguments(inputs, state))

    def jacobian(self, inputs, state):
        moved = scaled_rows(self.slopes(inputs, state), self.weight_hh)
        if self.leak is None:
            return moved
        return diagonal((1.0 - self.leak) * as_interval(np.ones(self.state_size))) + moved * self.leak

    def jacobian_bound(self, slopes):
        """An upper bound of the absolute values of the Jacobian's entries, sparse where the weights are."""
        if not is_sparse(self.weight_hh):
            moved = scaled_rows(slopes, self.weight_hh)
            if self.leak is not None:
                moved = diagonal((1.0 - self.leak) * as_interval(np.ones(self.state_size))) + moved * self.leak
            return moved.magnitude
        from scipy.sparse import diags_array

        bound = (diags_array(slopes.upper) @ abs(self.weight_hh)) * (1 + 2.0**-50)
        if self.leak is None:
            return bound.tocsr()
        kept = float((1.0 - self.leak).upper) * np.ones(self.state_size)
        return ((bound * float(self.leak.upper)) * (1 + 2.0**-50) + diags_array(kept)).tocsr()

    def attracting_box(self, inputs):
        """A box around 0, mapped into itself, that every run enters; None where none was found."""
        size = self.state_size
        least = _LEAST[self.nonlinearity] * np.ones(size)
        if self.leak is not None:
            least = least * SLACK - 2.0**-30
        if self.is_bounded:
            most = _MOST[self.nonlinearity] * np.ones(size)
            return Interval(least, most if self.leak is None else most * SLACK)
        growth = self.positive_growth()
        if not growth.rate < 1:
            return None
        # φ(z) <= max(z, 0) + φ(0), and z <= W⁺ h⁺ + W⁻ (-least) + …
        negative = abs(self.weight_hh) * (self.weight_hh < 0)
        drive = nonnegative_product(negative, -least) + nonnegative_product(np.abs(self.weight_ih), inputs.magnitude)
        drive = drive + np.maximum(self.bias.upper, 0) + (0.6932 if self.nonlinearity == "softplus" else 0.0)
        drive = np.nextafter(drive * SLACK + 2.0**-30, np.inf)
        bound = weighted_bound(self._positive_part(), growth, drive)
        return None if bound is None else Interval(least, bound)

    def positive_growth(self):
        """The weighted norm of (1 - a) I + a W⁺: what of h can make h grow, where φ is bounded from below."""
        return smallest_weighted_norm(self._positive_part())

    def _positive_part(self):
        matrix = self.weight_hh * (self.weight_hh > 0)
        if self.leak is None:
            return matrix
        positive = (matrix.toarray() if is_sparse(matrix) else matrix) * float(self.leak.upper) * (1 + 2.0**-50)
        return positive + float((1.0 - self.leak).upper) * np.eye(self.state_size)
