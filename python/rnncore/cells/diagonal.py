"""h_t = λ ⊙ h_{t-1} + W_ih x_t + b"""

import numpy as np

from ..arrays import as_number_array, real_dtype
from .base import Cell, input_size_of, own, read_dense_parameters


class Diagonal(Cell):
    """Linear recursion with a diagonal matrix, h_t = λ ⊙ h_{t-1} + W_ih x_t + b, real or complex.

    The recurrence of linear recurrent units (Orvieto et al. 2023) and diagonal state-space models (Gupta et al. 2022).
    Magnitudes of λ above 1 are allowed and grow.

    Where one of the arrays is complex, all are taken as complex. The state and the outputs then hold real and imaginary
    parts in turn, (Re h_1, Im h_1, Re h_2, …), 2 n real numbers: ``outputs.view(complex)`` is h (of float32 numbers,
    ``outputs.view("complex64")``), and so is ``split_state(state)["h"]``. Jacobians are those of the real numbers.
    Inputs are real.

    Parameters
    ----------
    weight_hh : array, (n,)
        λ. float32 or complex64, float64 or complex128 sets the cell's dtype, float32 or float64.
    weight_ih : array, (n, n_in), optional
        None: the recursion takes no input.
    bias : array, (n,), optional

    Raises
    ------
    ValueError
        Wrong shapes, n = 0, NaN or infinities.
    TypeError
        Object, sparse or mixed float dtypes.

    Examples
    --------
    >>> import rnncore
    >>> cell = rnncore.Diagonal([0.5j], [[1.0]])
    >>> outputs = rnncore.simulate(cell, [[1.0], [0.0], [0.0]]).outputs
    >>> outputs.view(complex).ravel()
    array([ 1.  +0.j ,  0.  +0.5j, -0.25+0.j ])
    """

    def __init__(self, weight_hh, weight_ih=None, bias=None):
        if weight_hh is None:
            raise TypeError("weight_hh must be an (n,) array, got None")
        present, dtype = read_dense_parameters(
            {"weight_hh": weight_hh, "weight_ih": weight_ih, "bias": bias}, as_number_array
        )
        weight_hh = present["weight_hh"]
        if weight_hh.ndim != 1 or len(weight_hh) == 0:
            raise ValueError(f"weight_hh must have shape (n,), the diagonal, n at least 1; got {weight_hh.shape}")
        size, is_complex = len(weight_hh), any(array.dtype.kind == "c" for array in present.values())
        held_as = np.result_type(dtype, np.complex64) if is_complex else dtype
        shapes = {"weight_hh": (size,), "weight_ih": (size, "n_in"), "bias": (size,)}
        parameters = {name: own(name, array, shapes[name], held_as) for name, array in present.items()}
        self._freeze(
            _parameters=parameters,
            dtype=dtype,
            is_complex=is_complex,
            input_size=input_size_of(parameters),
            output_size=size * (2 if is_complex else 1),
            state_size=size * (2 if is_complex else 1),
        )

    def _state_parts(self, state):
        return {"h": as_complex(state) if self.is_complex else state}


def real_rows(array):
    """Each complex number of the first axis as two, (n, …) as (2 n, …): real and imaginary parts in turn."""
    return np.stack([array.real, array.imag], axis=1).reshape(2 * len(array), *array.shape[1:])


def as_complex(pairs):
    """Real and imaginary parts in turn along the last axis as complex numbers: a view wherever numpy allows one."""
    dtype = np.result_type(pairs.dtype, np.complex64)
    pairs = pairs.astype(real_dtype(dtype), copy=False)
    if pairs.strides[-1] != pairs.itemsize:
        pairs = np.ascontiguousarray(pairs)
    return pairs.view(dtype)
