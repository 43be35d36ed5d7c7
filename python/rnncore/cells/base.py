"""What every cell has: sizes, dtype, parameters, and copies with some of them changed."""

import inspect
import sys

import numpy as np

from ..arrays import as_dtype, as_real_array, check_finite, check_shape, common_dtype
from ..notebook import ShownInNotebooks


class Cell(ShownInNotebooks):
    """A map x_t = F(x_{t-1}, u_t) with its parameters; immutable, no arithmetic.

    Attributes
    ----------
    input_size, output_size, state_size : int
        Sizes of one step's input, output and flat state vector.
    dtype : numpy.dtype
        float32 or float64, that of the parameters.
    parameters : dict of str to array
        Read-only arrays by name; absent ones are left out.
    """

    def _freeze(self, **fields):
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_programs", {})  # by backend name, see backends.prepare

    def __setattr__(self, name, value):
        raise AttributeError(f"cells are immutable; use cell.replace({name}=...) for a changed copy")

    def __delattr__(self, name):
        raise AttributeError("cells are immutable")

    def __reduce__(self):
        return _rebuild, (type(self), self.parameters, self.options)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    @property
    def parameters(self):
        return dict(self._parameters)

    @property
    def layers(self):
        """The cells a run applies one after the other; a cell that is no Chain is its own only layer."""
        return (self,)

    @property
    def options(self):
        """What the constructor takes beside arrays."""
        return {}

    def split_state(self, state):
        """Named views of the parts of a flat state ``(..., state_size)``.

        Returns
        -------
        dict of str to array
            ``{"h": ...}`` for a cell with a hidden state; empty for one without memory.
        """
        state = np.asarray(state)
        if state.ndim == 0 or state.shape[-1] != self.state_size:
            raise ValueError(f"state must have a last axis of {self.state_size}, got shape {state.shape}")
        return self._state_parts(state)

    def _state_parts(self, state):
        return {"h": state} if self.state_size else {}

    def replace(self, **parameters):
        """A copy with some parameters or options changed; they are checked as on construction."""
        allowed = inspect.signature(type(self)).parameters
        for name in parameters:
            if name not in allowed:
                raise TypeError(f"{type(self).__name__} has no parameter {name!r}; it has {', '.join(allowed)}")
        return type(self)(**{**self.parameters, **self.options, **parameters})

    def astype(self, dtype):
        """A copy in float32 or float64; the cell itself when it already has that dtype."""
        dtype = as_dtype(dtype)
        if dtype == self.dtype:
            return self
        complex_dtype = np.result_type(dtype, np.complex64)
        with np.errstate(over="ignore"):  # the constructor refuses the infinities
            converted = {
                name: array.astype(complex_dtype if array.dtype.kind == "c" else dtype)
                for name, array in self.parameters.items()
            }
        return type(self)(**converted, **self.options)

    def _shown(self):
        sizes = {name: getattr(self, name) for name in ("input_size", "output_size", "state_size")}
        return sizes | self.options | {"dtype": self.dtype, "parameters": self.parameters}

    def __repr__(self):
        sizes = f"input_size={self.input_size}, output_size={self.output_size}, state_size={self.state_size}"
        options = "".join(f", {name}={value!r}" for name, value in self.options.items())
        return f"{type(self).__name__}({sizes}{options}, dtype={self.dtype})"


def _rebuild(kind, parameters, options):
    return kind(**parameters, **options)


def read_parameters(arrays):
    """Named array-likes, some None, as arrays (sparse ones as they are) and their common dtype."""
    present = {name: value for name, value in arrays.items() if value is not None}
    present = {name: v if is_sparse(v) else as_real_array(name, v) for name, v in present.items()}
    for name, value in present.items():
        if value.dtype.kind not in "biuf":
            raise TypeError(f"{name} must hold real numbers, got a sparse array of dtype {value.dtype}")
    return present, common_dtype(present)


def read_dense_parameters(arrays, read=as_real_array):
    """The same of a cell that takes no sparse arrays; ``read`` says which numbers it takes."""
    for name, value in arrays.items():
        if is_sparse(value):
            raise TypeError(f"{name} must be a dense array")
    present = {name: read(name, value) for name, value in arrays.items() if value is not None}
    return present, common_dtype(present)


def is_sparse(value):
    """Whether ``value`` is a scipy.sparse array or matrix, without importing scipy to find out."""
    return "scipy.sparse" in sys.modules and sys.modules["scipy.sparse"].issparse(value)


def own(name, array, shape, dtype):
    """A read-only C-contiguous copy of a dense parameter of the right shape, finite."""
    check_shape(name, array, shape)
    check_finite(name, array, dtype)
    copy = np.array(array, dtype=dtype, order="C")
    copy.flags.writeable = False
    return copy


def own_recurrent(name, array, dtype):
    """A square ``weight_hh``, dense or as a read-only canonical CSR array."""
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise ValueError(f"{name} must be square, (n, n), got shape {array.shape}")
    if array.shape[0] == 0:
        raise ValueError(f"{name} must have at least one row, got shape {array.shape}")
    if not is_sparse(array):
        return own(name, array, array.shape, dtype)
    from scipy.sparse import csr_array

    matrix = csr_array(array, dtype=dtype, copy=True)
    try:
        matrix.check_format(full_check=True)
    except ValueError as error:
        raise ValueError(f"{name} is not a valid sparse array: {error}") from None
    matrix.sum_duplicates()
    check_finite(f"{name}.data", matrix.data, dtype)
    for part in (matrix.data, matrix.indices, matrix.indptr):
        part.flags.writeable = False
    return matrix


def input_size_of(parameters):
    """How many inputs a recurrent layer takes: none without ``weight_ih``."""
    return parameters["weight_ih"].shape[1] if "weight_ih" in parameters else 0


def state_slices(layers):
    """The part of a chain's state that each layer owns."""
    slices, start = [], 0
    for layer in layers:
        slices.append(slice(start, start + layer.state_size))
        start += layer.state_size
    return slices


def own_recurrence(arrays):
    """The parameters that Linear and Elman share: square weight_hh, weight_ih (n, n_in), biases (n,)."""
    if arrays.get("weight_hh") is None:
        raise TypeError("weight_hh must be an (n, n) array, got None")
    for name in arrays:
        if name != "weight_hh" and is_sparse(arrays[name]):
            raise TypeError(f"{name} must be a dense array; only weight_hh may be sparse")
    present, dtype = read_parameters(arrays)
    owned = {"weight_hh": own_recurrent("weight_hh", present.pop("weight_hh"), dtype)}
    size = owned["weight_hh"].shape[0]
    for name, array in present.items():
        owned[name] = own(name, array, (size, "n_in") if name == "weight_ih" else (size,), dtype)
    return owned, dtype
