"""What truncated back-propagation loses: its gradients beside the exact ones."""

from dataclasses import dataclass

import numpy as np

from ..arrays import as_real_array
from ..cells.base import is_sparse
from ..notebook import ShownInNotebooks
from ..progress import progress_reporter
from ..runs import Run
from .arguments import read_request
from .recording import Recording, read_options


def truncated_gradients(
    cell,
    inputs,
    cotangent,
    *,
    truncations=None,
    steps=None,
    state=None,
    at="all",
    wrt=("parameters",),
    final_state_cotangent=None,
    memory_limit=None,
    checkpoint_path=None,
    check_finite=True,
    raise_nonfinite=True,
    chunk=None,
    backend=None,
    threads=None,
    progress=None,
):
    """How much of a gradient truncated back-propagation through time (Williams and Peng 1990) misses.

    A network that depends on what was long ago has gradients that flow back as far; where they are cut, what a weight
    does over longer times is not seen, and the truncated gradient points elsewhere.

    Parameters
    ----------
    cell, inputs, cotangent
        As for :func:`rnncore.gradients`.
    truncations : int or sequence of int, optional
        Stretches of so many steps, counted from the last, between which nothing flows back. By default 1, 2, 4, … below
        T. From T on a truncated gradient is the exact one.
    wrt : sequence of str
        "parameters", or some of them by name.
    steps, state, at, final_state_cotangent, memory_limit, checkpoint_path, check_finite, raise_nonfinite, chunk, \
backend, threads
        As for :func:`rnncore.gradients`. The run is walked forward once, and back for each truncation and once more.
    progress : bool or callable, optional
        As in :func:`rnncore.simulate`, of the steps of all these walks.

    Returns
    -------
    TruncatedGradients

    Raises
    ------
    ValueError, TypeError, NonFiniteError, BackendUnavailable, OSError
        As :func:`rnncore.gradients`.

    Examples
    --------
    One number that came 20 steps ago, of which 0.9²⁰ is left: only from k = 21 on does a gradient reach it.

    >>> import numpy as np, rnncore
    >>> cell = rnncore.Linear([[0.9]], [[1.0]])
    >>> found = rnncore.truncated_gradients(cell, np.eye(21, 1), [1.0], at="last", truncations=[10, 20, 21])
    >>> found.by_parameter["weight_ih"]
    array([1., 1., 0.])
    >>> bool((found.relative_errors[:2] > 0).all()), found.relative_errors[2]
    (True, np.float64(0.0))
    """
    options = read_options(memory_limit, checkpoint_path, raise_nonfinite, chunk, backend, threads)
    run = Run(cell, inputs, steps, state, check_finite)
    truncations = _read_truncations(truncations, run.steps)
    request = read_request(
        run, cotangent, at=at, wrt=wrt, final_state_cotangent=final_state_cotangent,
        truncation=None, check_finite=check_finite,
    )  # fmt: skip
    if request.inputs or request.state:
        raise ValueError(f"wrt may name parameters only, got {wrt!r}")
    recording = Recording(run, request.parameters, options, lasting=True)
    total = run.steps + (1 + len(truncations)) * (run.steps + recording.recomputed_steps)
    with progress_reporter(progress, total, "truncated_gradients") as report:
        recording.go_forward(report)

        def go_back(truncation):
            asked = request._replace(cotangent=request.cotangent.copy(), truncation=truncation)
            return recording.go_back(asked, None, report)

        exact = go_back(None)
        return TruncatedGradients.of(exact, truncations, (go_back(int(k)).parameters for k in truncations))


@dataclass(frozen=True, eq=False, repr=False)
class TruncatedGradients(ShownInNotebooks):
    """Result of :func:`rnncore.truncated_gradients`: K truncations beside the exact gradient g of all the parameters.

    Attributes
    ----------
    truncations : (K,) int array
        k, ascending.
    relative_errors : (K,) array
        ‖g_k - g‖₂ / ‖g‖₂ of the gradient g_k truncated at k.
    cosines : (K,) array
        Of the angle between g_k and g: 1 for the same direction; NaN where one of them is zero.
    norm_ratios : (K,) array
        ‖g_k‖₂ / ‖g‖₂.
    by_parameter : dict of str to (K,) array
        Relative errors of each parameter's gradient by itself.
    exact : Gradients
        With nothing cut.
    """

    truncations: np.ndarray
    relative_errors: np.ndarray
    cosines: np.ndarray
    norm_ratios: np.ndarray
    by_parameter: dict
    exact: object

    @classmethod
    def of(cls, exact, truncations, truncated):
        wanted = {name: _flat(array) for name, array in exact.parameters.items()}
        rows, by_parameter = [], {name: [] for name in wanted}
        for parameters in truncated:
            found = {name: _flat(array) for name, array in parameters.items()}
            rows.append(_compare(np.concatenate([*found.values()]), np.concatenate([*wanted.values()])))
            for name, array in found.items():
                by_parameter[name].append(_compare(array, wanted[name])[0])
        columns = np.array(rows, np.float64).reshape(-1, 3).T
        return cls(truncations, *columns, {name: np.array(errors) for name, errors in by_parameter.items()}, exact)

    def to_dict(self):
        """The fields by name; arrays stay arrays, ``exact`` is a dict of its own."""
        return vars(self) | {"exact": self.exact.to_dict()}

    def plot(self, ax=None):
        """Draw the relative errors against the truncation; returns the matplotlib axes."""
        from ..figures.truncation import plot_truncation

        return plot_truncation(self, ax)

    def __repr__(self):
        ends = " … ".join(
            f"{self.relative_errors[end]:.3g} at k = {self.truncations[end]}"
            for end in (0, -1)
            if len(self.truncations)
        )
        return f"TruncatedGradients(relative errors {ends}, steps={self.exact.steps})"


def _read_truncations(truncations, steps):
    """Ascending, each once."""
    if truncations is None:
        return 2 ** np.arange(max(1, steps - 1).bit_length()) if steps > 1 else np.array([1])
    array = as_real_array("truncations", truncations)
    if array.ndim > 1 or array.dtype.kind not in "iu" or not array.size:
        raise ValueError(f"truncations must be an integer or a sequence of integers, got {truncations!r}")
    if array.min() < 1:
        raise ValueError(f"truncations must be at least 1, got {array.min()}")
    return np.unique(array).astype(np.int64)


def _flat(array):
    """All numbers of it in float64, real and imaginary parts in turn."""
    array = np.ascontiguousarray(array.data if is_sparse(array) else array).ravel()
    return array.view(array.real.dtype).astype(np.float64)


def _compare(found, exact):
    """Relative error, cosine and ratio of the norms, of numbers of any magnitude."""
    largest = max(np.abs(found).max(initial=0), np.abs(exact).max(initial=0)) or 1.0
    found, exact = found / largest, exact / largest
    error, norm, length = (float(np.linalg.norm(array)) for array in (found - exact, found, exact))
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = np.float64(found @ exact) / norm / length
        return (np.float64(error) / length if error else 0.0), np.clip(cosine, -1, 1), np.float64(norm) / length
