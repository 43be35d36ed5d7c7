"""y_t = (x_t, x_{t-1}, …, x_{t-k+1})"""

from ..arrays import as_count, as_dtype
from .base import Cell


class DelayLine(Cell):
    """The last k inputs, y_t = (x_t, x_{t-1}, …, x_{t-k+1}), the newest first: a tapped delay line, without parameters.

    Before Dense layers it makes a time-delay network (Waibel et al. 1989), ``Chain([DelayLine(k, n_in), Dense(…)])``,
    which sees k inputs and nothing of what was before them; before a linear one, a filter of finite impulse response.
    State and output are the same k n_in numbers. They are moved, not computed with: every bit of an input comes out k
    times, and then is gone.

    Parameters
    ----------
    steps : int
        k, how many inputs it holds; at least 1. The oldest one is k - 1 steps old.
    input_size : int
        n_in, at least 1.
    dtype : {"float64", "float32"}
        Of the numbers it holds, that of the layers of a Chain: a DelayLine has no parameters to take it from.

    Raises
    ------
    ValueError
        ``steps`` or ``input_size`` below 1, or more numbers than can be counted.
    TypeError
        Sizes that are no integers, another dtype.

    Examples
    --------
    >>> import rnncore
    >>> rnncore.simulate(rnncore.DelayLine(3, 1), [[1.0], [2.0], [3.0], [4.0]]).outputs
    array([[1., 0., 0.],
           [2., 1., 0.],
           [3., 2., 1.],
           [4., 3., 2.]])
    >>> difference = rnncore.Chain([rnncore.DelayLine(2, 1), rnncore.Dense([[1.0, -1.0]])])
    >>> rnncore.simulate(difference, [[1.0], [4.0], [9.0]]).outputs.ravel()
    array([1., 3., 5.])
    """

    def __init__(self, steps, input_size, *, dtype="float64"):
        steps, input_size = as_count("steps", steps, 1), as_count("input_size", input_size, 1)
        size = as_count("steps * input_size", steps * input_size, 1)
        self._freeze(
            _parameters={},
            dtype=as_dtype(dtype),
            steps=steps,
            input_size=input_size,
            output_size=size,
            state_size=size,
        )

    @property
    def options(self):
        return {"steps": self.steps, "input_size": self.input_size, "dtype": self.dtype.name}

    def astype(self, dtype):
        """A copy in float32 or float64; the cell itself when it already has that dtype."""
        dtype = as_dtype(dtype)
        return self if dtype == self.dtype else self.replace(dtype=dtype)

    def _state_parts(self, state):
        return {"x": state}

    def __repr__(self):
        sizes = f"input_size={self.input_size}, output_size={self.output_size}, state_size={self.state_size}"
        return f"DelayLine(steps={self.steps}, {sizes}, dtype={self.dtype})"
