"""All singular values of a long product of Jacobians."""

from dataclasses import dataclass

import numpy as np

from .arrays import as_count
from .backends import choose_backend, prepare
from .errors import NonFiniteError
from .graded_product import GradedProduct
from .notebook import ShownInNotebooks
from .progress import progress_reporter
from .runs import Run
from .threads import resolve_threads


@dataclass(frozen=True, eq=False, repr=False)
class SingularSpectrum(ShownInNotebooks):
    """Singular values of A_T ⋯ A_1 and the directions they belong to.

    Result of :func:`rnncore.singular_spectrum` with ``directions=True``.

    Attributes
    ----------
    log_singular_values : float64 array, (k,) or (B, k)
        Natural logs, descending; -inf for those that are zero.
    first_directions : float64 array, (n, k) or (B, n, k)
        Right singular vectors, as columns: the changes of the first state that grow by so much; for long runs the
        forward Oseledets directions at step 0.
    last_directions : float64 array, (n, k) or (B, n, k)
        Left singular vectors: what becomes of them, each of norm 1; for long runs the backward Oseledets directions at
        step T.
    steps : int
        T.

    Notes
    -----
    Directions of singular values that are zero are columns of zeros.
    """

    log_singular_values: np.ndarray
    first_directions: np.ndarray
    last_directions: np.ndarray
    steps: int

    def to_dict(self):
        """The fields by name; arrays stay arrays."""
        return dict(vars(self))

    def plot(self, ax=None):
        """Draw the logs of the singular values against their index; returns the matplotlib axes."""
        from .figures.singular_spectrum import plot_singular_spectrum

        return plot_singular_spectrum(self, ax)

    def __repr__(self):
        logs = np.array2string(self.log_singular_values, precision=6, threshold=6, separator=", ")
        return f"SingularSpectrum({self.steps} steps, log_singular_values={logs})"


def singular_spectrum(
    cell,
    inputs=None,
    *,
    steps=None,
    k=None,
    state=None,
    directions=False,
    check_finite=True,
    chunk=None,
    backend=None,
    threads=None,
    progress=None,
):
    """Natural logs of the singular values of A_T ⋯ A_1, all to high relative accuracy at any T.

    By the graded factorisation U D T (G. W. Stewart 1995; Tomas, Chang, Scalettar, Bai 2012), whose D holds logarithms,
    and one-sided Jacobi rotations (Demmel and Veselić 1992) at the end: σ_n is as accurate as σ_1, whatever lies
    between them. All n are worked out, for smaller k too.

    Units deep in saturation only make small singular values, at the cost of slower steps. -inf is left to Jacobians
    that are singular to rounding, about 4 n eps, whatever the scale of their rows and columns: a unit without slope, a
    weight matrix without full rank.

    Parameters
    ----------
    cell : Cell
    inputs : array, (T, input_size) or (T, B, input_size), optional
        None: the autonomous system.
    steps : int, optional
        T, where there are no inputs. With T = 0 the product is the identity.
    k : int, optional
        Only the k largest; all by default.
    state : array, (state_size,) or (B, state_size), optional
        Where to start; zeros by default.
    directions : bool
        True: also the singular vectors.
    check_finite : bool
        True: NaN and infinities in inputs or state are an error before work starts.
    chunk : int, optional
        Steps between two looks at Ctrl-C and the progress; the result does not depend on it, bit for bit.
    backend : {"native", "numba", "reference"}, optional
    threads : int, optional
        All cores by default; the result does not depend on it, bit for bit.
    progress : bool or callable, optional
        As in :func:`simulate`.

    Returns
    -------
    float64 array, (k,) or (B, k), or SingularSpectrum
        Descending; -inf for singular values that are zero.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name, before work starts.
    NonFiniteError
        The state or the product left the finite numbers; ``partial`` is the spectrum some steps before.
    BackendUnavailable
        The backend asked for cannot run here.

    Examples
    --------
    >>> import numpy as np, rnncore
    >>> rnncore.singular_spectrum(rnncore.Linear(np.diag(np.exp([-2.0, 1.0]))), steps=1_000)
    array([ 1000., -2000.])
    """
    chunk = None if chunk is None else as_count("chunk", chunk, 1)
    if not isinstance(directions, bool):
        raise TypeError(f"directions must be True or False, got {directions!r}")
    threads = resolve_threads(threads)
    backend = choose_backend(backend)
    run = Run(cell, inputs, steps, state, check_finite)
    k = run.directions(k)
    product = GradedProduct(run.width, cell.state_size, cell.dtype)
    program = prepare(cell, backend)
    columns, kept = cell.state_size, 3 * cell.state_size**2
    with progress_reporter(progress, run.steps, "singular_spectrum") as report:
        for start, stop in run.segments(chunk, report, columns=columns, kept=kept, multiple=product.piece):
            for first in range(start, stop, product.piece):
                last = min(stop, first + product.piece)
                try:
                    product.multiply(run, program, first, last, run.state, threads=threads)
                except NonFiniteError as error:
                    error.partial = _result(run, product, first, k, directions)
                    raise
    return _result(run, product, run.steps, k, directions)


def _result(run, product, steps, k, directions):
    if directions:
        logs, first, last = product.singular_vectors()
        parts = [logs[:, :k], first[:, :, :k], last[:, :, :k]]
    else:
        parts = [product.log_singular_values()[:, :k]]
    if run.batch is None:
        parts = [part[0] for part in parts]
    return SingularSpectrum(*parts, steps) if directions else parts[0]
