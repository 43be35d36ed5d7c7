"""A run of a cell as a function that JAX can differentiate."""

from dataclasses import dataclass
from functools import partial

import jax
import numpy as np
from jax.custom_derivatives import SymbolicZero

from ..arrays import check_finite
from ..backpropagation import gradients
from ..backpropagation.recording import read_options
from ..cells import Cell
from ..cells.base import is_sparse
from ..simulation import simulate as simulate_cell
from .arguments import check_cell, check_precision, read_series, read_sizes
from .pytrees import check_parameters, replace


def simulate(
    cell,
    parameters,
    inputs=None,
    state=None,
    *,
    steps=None,
    memory_limit=None,
    backend=None,
    threads=None,
):
    """Run a cell along time: :func:`rnncore.simulate` under ``jax.jit``, ``grad``, ``value_and_grad`` and ``vjp``.

    Differentiable by ``parameters``, ``inputs`` and ``state``; the way back is :func:`rnncore.gradients`. Only what is
    differentiated by is worked out.

    Parameters
    ----------
    cell : Cell
        What is run: type, options, layers, sparse pattern, dtype. Its numbers are not used, those of ``parameters``
        are. Static: a constant under ``jax.jit``, or one of its ``static_argnums``.
    parameters : dict of str to array
        As :func:`rnncore.jax.parameters` gives them.
    inputs : array, (T, input_size) or (T, B, input_size), optional
        Real, converted to the cell's dtype.
    state : array, (state_size,) or (B, state_size), optional
        Where to start; zeros by default. It may be of one sequence where ``inputs`` are of a batch, and the other way
        round.
    steps : int, optional
        T, where there are no inputs. Static, as what follows.
    memory_limit : int or str, optional
        What the way back may take, as for :func:`rnncore.gradients`: where the tape of the run does not fit, steps are
        walked again, with the same result.
    backend : {"native", "numba", "reference"}, optional
    threads : int, optional
        All cores by default; the result does not depend on it, bit for bit.

    Returns
    -------
    outputs : jax.Array, (T, output_size) or (T, B, output_size)
    final_state : jax.Array, (state_size,) or (B, state_size)
        Of the cell's dtype, as are all derivatives.

    Raises
    ------
    ValueError, TypeError
        Wrong names, shapes, dtypes or options, when the call is traced; a float64 cell where JAX is not set to hold
        float64.
    jax.errors.JaxRuntimeError
        Where compiled code runs, with rnncore's own error at the end of the message: parameters, inputs or cotangents
        that are not finite, a state or a gradient that leaves the finite numbers and at which step
        (``NonFiniteError``), a memory limit below the least that would do. Outside ``jax.jit`` it may be that error
        itself.

    Notes
    -----
    Derivatives by complex parameters follow JAX: the gradient of a real function is ∂D/∂(Re p) - i ∂D/∂(Im p), the
    conjugate of what :func:`rnncore.gradients` gives.

    Reverse mode and first derivatives only: ``jax.jvp``, ``jax.jacfwd`` and derivatives of derivatives are errors of
    JAX's. Under ``jax.vmap`` the sequences are run one after the other; the axis B is the fast one.

    Examples
    --------
    >>> import jax, jax.numpy as jnp, numpy as np, rnncore, rnncore.jax
    >>> cell = rnncore.Linear(np.array([[0.5]], "float32"), np.array([[1.0]], "float32"))
    >>> def loss(parameters, inputs):
    ...     outputs, _ = rnncore.jax.simulate(cell, parameters, inputs)
    ...     return outputs[-1, 0]
    >>> value, gradient = jax.jit(jax.value_and_grad(loss))(rnncore.jax.parameters(cell), jnp.ones((3, 1)))
    >>> float(value), float(gradient["weight_hh"][0, 0])
    (1.75, 2.0)
    """
    check_cell(cell)
    check_precision(cell)
    check_parameters(cell, parameters)
    inputs, state = read_series("inputs", inputs, cell), read_series("state", state, cell)
    steps, batch = read_sizes(cell, inputs, steps, state)
    read_options(memory_limit, None, True, None, backend, threads)
    run = Run(cell, steps, batch, memory_limit, backend, threads)
    return _simulate(run, dict(parameters), inputs, state)


@dataclass(frozen=True)
class Run:
    """What a run is told beside arrays. Equal runs are one to JAX, which compiles once for all of them."""

    cell: Cell
    steps: int
    batch: int | None
    memory_limit: int | str | None
    backend: str | None
    threads: int | None

    def results(self):
        """Shapes and dtypes of outputs and final state."""
        lead = () if self.batch is None else (self.batch,)
        return tuple(
            jax.ShapeDtypeStruct(shape, self.cell.dtype)
            for shape in ((self.steps, *lead, self.cell.output_size), (*lead, self.cell.state_size))
        )

    def arguments(self, parameters, inputs, state):
        """Of the functions of rnncore, from arrays of JAX."""
        return {
            "cell": replace(self.cell, parameters),
            "inputs": self.finite("inputs", inputs),
            "state": self.finite("state", state),
            "check_finite": False,
            "steps": self.steps,
            "backend": self.backend,
            "threads": self.threads,
        }

    def finite(self, name, array):
        """As NumPy's, or None."""
        if array is None:
            return None
        array = np.asarray(array)
        check_finite(name, array, self.cell.dtype)
        return array


@dataclass(frozen=True)
class WalkForward:
    """Called back by JAX."""

    run: Run

    def __call__(self, parameters, inputs, state):
        trajectory = simulate_cell(**self.run.arguments(parameters, inputs, state), raise_nonfinite=True)
        return trajectory.outputs, trajectory.final_state


@dataclass(frozen=True)
class WalkBack:
    """Called back by JAX; gives the derivatives ``wanted`` by name."""

    run: Run
    wanted: tuple

    def __call__(self, arrays, output_cotangents, final_state_cotangent):
        found = gradients(
            **self.run.arguments(*arrays),
            cotangent=self.run.finite("the cotangent of the outputs", output_cotangents),
            final_state_cotangent=self.run.finite("the cotangent of the final state", final_state_cotangent),
            wrt=self.wanted,
            memory_limit=self.run.memory_limit,
        )
        named = {"inputs": found.inputs, "state": found.state, **found.parameters}
        return {name: _cotangent(named[name]) for name in self.wanted}


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _simulate(run, parameters, inputs, state):
    return jax.pure_callback(WalkForward(run), run.results(), parameters, inputs, state, vmap_method="sequential")


def _go_forward(run, *arguments):
    arrays = jax.tree.map(lambda argument: argument.value, arguments)
    wanted = {
        name: None  # in the structure, as names are no arrays
        for name, argument in _by_name(*arguments).items()
        if argument is not None and argument.perturbed
    }
    return _simulate(run, *arrays), (arrays, wanted)


def _go_back(run, residuals, cotangents):
    arrays, wanted = residuals
    output_cotangents, final_state_cotangent = (
        None if isinstance(cotangent, SymbolicZero) else cotangent for cotangent in cotangents
    )
    found = {}
    if wanted and not (output_cotangents is None and final_state_cotangent is None):
        named = _by_name(*arrays)
        found = jax.pure_callback(
            WalkBack(run, tuple(wanted)),
            {name: jax.ShapeDtypeStruct(named[name].shape, named[name].dtype) for name in wanted},
            arrays,
            output_cotangents,
            final_state_cotangent,
            vmap_method="sequential",
        )
    return {name: found.get(name) for name in arrays[0]}, found.get("inputs"), found.get("state")


_simulate.defvjp(_go_forward, _go_back, symbolic_zeros=True)


def _by_name(parameters, inputs, state):
    return {**parameters, "inputs": inputs, "state": state}


def _cotangent(gradient):
    """As JAX counts those of complex numbers; of a sparse array those of its stored values."""
    values = gradient.data if is_sparse(gradient) else gradient
    return values.conj() if values.dtype.kind == "c" else values
