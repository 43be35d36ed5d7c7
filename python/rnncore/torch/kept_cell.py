"""The cell of one layer and direction of a module."""

import numpy as np


class KeptCell:
    """Built anew when the numbers of the weights have changed, which is asked of the numbers themselves: a tensor's
    version does not tell of changes through ``.data`` or NumPy.

    It is not copied or pickled with its module.
    """

    def __init__(self):
        self._cell = None

    def __reduce__(self):
        return KeptCell, ()

    def build(self, make, weights):
        """``make(**weights)``, or the same cell as before for the same numbers.

        Parameters
        ----------
        make : function
            The same in all calls.
        weights : dict of str to array
        """
        cell = self._cell
        if cell is None or not _hold_the_same(cell.parameters, weights):
            cell = self._cell = make(**weights)
        return cell


def _hold_the_same(parameters, weights):
    return parameters.keys() == weights.keys() and all(
        parameters[name].dtype == weight.dtype and np.array_equal(parameters[name], weight)
        for name, weight in weights.items()
    )
