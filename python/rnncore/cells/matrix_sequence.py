"""x_t = M_t x_{t-1}"""

import numpy as np

from .. import arrays
from .base import Cell


class MatrixSequence(Cell):
    """The linear time-varying system x_t = M_t x_{t-1} with one matrix a step.

    The run that starts at ``matrices[0]`` begins at step 1; to go on from step k, build a
    ``MatrixSequence(matrices[k:])``. Start it from a ``state``: from zeros it stays at zero.

    Parameters
    ----------
    matrices : array or memory map, (T, n, n)
        float32 or float64. Not copied when it is C-contiguous and of native byte order, so that it may be larger
        than memory; do not change it while the cell is in use.
    check_finite : bool
        False skips the pass over the matrices that looks for NaN and infinities.

    Examples
    --------
    >>> import numpy as np, rnncore
    >>> cell = rnncore.MatrixSequence(np.array([[[2.0]], [[3.0]]]))
    >>> rnncore.simulate(cell, state=[1.0]).outputs.ravel()
    array([2., 6.])
    """

    def __init__(self, matrices, *, check_finite=True):
        matrices = arrays.as_real_array("matrices", matrices)
        if matrices.ndim != 3 or matrices.shape[1] != matrices.shape[2] or matrices.shape[1] == 0:
            raise ValueError(f"matrices must have shape (T, n, n) with n at least 1, got {matrices.shape}")
        dtype = arrays.common_dtype({"matrices": matrices})
        if not isinstance(check_finite, bool):
            raise TypeError(f"check_finite must be True or False, got {check_finite!r}")
        if check_finite:
            arrays.check_finite("matrices", matrices, dtype, "; check_finite=False lets it through")
        matrices = np.require(matrices, dtype, ("C_CONTIGUOUS", "ALIGNED")).view()
        matrices.flags.writeable = False
        self._freeze(
            _parameters={"matrices": matrices},
            dtype=dtype,
            check_finite=check_finite,
            input_size=0,
            output_size=matrices.shape[1],
            state_size=matrices.shape[1],
        )

    @property
    def options(self):
        return {"check_finite": self.check_finite}

    @property
    def matrices(self):
        return self._parameters["matrices"]
