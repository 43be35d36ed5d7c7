"""The modes of a linear recursion, W = U Λ U⁻¹, and what W does beside them."""

from dataclasses import replace

import numpy as np

from ..progress import progress_reporter
from ..runs import Run
from .kreiss import kreiss_lower_bound
from .modes_result import Modes
from .numerical_range import numerical_abscissa, numerical_radius
from .shares import ModalSystem
from .spectral_decomposition import decompose
from .state_space import read_state_space
from .transient_growth import growth_of_units, operator_norm, transient_growth
from .words import is_bounded, is_decaying

_NO_RESPONSE = {"shares": None, "relative_sizes": None, "response": None}
_UNKNOWN_POWERS = {"transient": None, "kreiss": None, "kreiss_point": None}


def modes(cell, inputs=None, *, backend=None, threads=None, progress=None):
    """The modes of a linear recursion: how fast each decays or grows, how it turns, and its share of a response.

    In coordinates of eigenvectors, W = U Λ U⁻¹, the recursion h_t = W h_{t-1} + W_x x_t falls apart into scalar ones:
    each mode changes by ``|λ|`` a step and turns once in 2π / ``|arg λ|`` steps. That tells all in the long run, and
    from the start where the eigenvectors are orthogonal (W is normal). Where they are not, W^k may first grow, whatever
    the λ; and where W is defective they do not span the space. Both are measured, and told by ``explanation``.

    Parameters
    ----------
    cell : Linear, Diagonal, DelayLine, Elman with ``nonlinearity="identity"``, or a Chain of them and linear Dense ones
        W is ``weight_hh``; with a leak a it is (1 - a) I + a ``weight_hh``, of a DelayLine the shift by one input
        (nilpotent), of a chain the matrix of the whole state.
    inputs : array, (T, input_size) or (T, B, input_size), optional
        Finite. The response to them, from a state of zero and without biases, is taken apart into modes. None: all
        impulse responses, where W decays.
    backend, threads, progress
        As for :func:`rnncore.simulate`; of the run under the inputs.

    Returns
    -------
    Modes
        ``eigenvalues``, ``growth_rates``, ``time_constants``, ``periods``, ``shares``, …, an entry for each mode;
        ``transient``, ``kreiss``, ``numerical_radius``, … of W; and an ``explanation``.

    Raises
    ------
    ValueError, TypeError
        A layer that is not linear with constant coefficients, by its number; a cell without state; wrong inputs.
    NonFiniteError
        The response to the inputs leaves the finite numbers.

    Notes
    -----
    By the Schur form, whose error is measured, and its eigenvectors (LAPACK; Golub and Van Loan 2013, ch. 7).
    Eigenvalues that lie closer than rounding moves them, ten times the error of the Schur form times their condition
    number (Wilkinson 1965), are taken together with their nearest until all groups lie apart, as are modes of condition
    above 1e10. So a defective eigenvalue is found, which a general matrix has only to rounding: the mean of the cluster
    it falls apart into is accurate where the single ones are not, and which power of T - λ vanishes tells its index.

    Transient growth is searched for among powers of W: when one has norm 1 at most, no later power is larger than those
    before it. Bounds on it are the eigenvector condition, 2 for a numerical radius of 1 (Berger 1965), and Kreiss'
    constant from below (Trefethen and Embree 2005). These are floating-point results, not certificates.

    Time and memory go as n³ and n² for n states, those of sparse matrices too; Diagonal cells by themselves take n.

    Examples
    --------
    >>> import numpy as np, rnncore
    >>> found = rnncore.modes(rnncore.Linear([[0.9, 1.0], [0.0, 0.5]], np.ones((2, 1))))
    >>> found.eigenvalues.real, found.time_constants.round(2), found.shares.round(3)
    (array([0.9, 0.5]), array([9.49, 1.44]), array([ 1.147, -0.147]))
    >>> found.transient.step, round(found.transient.peak, 4)
    (3, 1.6805)
    >>> rnncore.modes(rnncore.Linear([[0.0, 1.0], [0.0, 0.0]])).explanation
    'Nilpotent: nothing is left of a state after 2 steps, to rounding.'
    """
    system = read_state_space(cell)
    if cell.state_size == 0:
        raise ValueError("the cell has no state: there are no modes")
    run = None if inputs is None else Run(cell, inputs, None, None, True)
    find = _of_units if system.is_diagonal and system.readout is None else _of_matrix
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        found, modal = find(system)
    if not cell.input_size:
        return found
    if run is not None:
        values = run.inputs.astype(cell.dtype).astype(np.float64)
        with progress_reporter(progress, run.steps, "modes") as report:
            shares, sizes = modal.of_inputs(values, {"backend": backend, "threads": threads}, report)
        return replace(found, shares=shares, relative_sizes=sizes, response="inputs")
    if not is_decaying(found).all():
        return found
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        shares, sizes = modal.of_impulses()
    return replace(found, shares=shares, relative_sizes=sizes, response="impulses")


def _of_units(system):
    """Of a diagonal W, which is normal: units are modes."""
    magnitudes = np.abs(system.transition)
    order = np.argsort(-magnitudes, kind="stable")
    width = 2 if system.is_complex else 1
    rounding = np.finfo(np.float64).eps * magnitudes[order] if system.is_complex else np.zeros(len(order))
    radius = float(magnitudes.max())
    found = Modes(
        eigenvalues=system.transition[order].astype(complex),
        uncertainties=rounding,
        multiplicities=np.full(len(order), width),
        indices=np.ones(len(order), int),
        condition_numbers=np.ones(len(order)),
        **_NO_RESPONSE,
        spectral_radius=radius,
        norm=radius,
        eigenvector_condition=1.0,
        departure_from_normality=0.0,
        numerical_abscissa=float(system.transition.real.max()),
        numerical_radius=radius,
        **_UNKNOWN_POWERS,
        basis=None,
        dual=None,
        units=order,
    )
    bounded = is_bounded(found)
    found = replace(found, transient=growth_of_units(radius, bounded), kreiss=1.0 if bounded else np.inf)
    return found, ModalSystem(system, None, None, [slice(width * unit, width * (unit + 1)) for unit in order.tolist()])


def _of_matrix(system):
    system = system.real()
    matrix = system.dense_transition()
    decomposition = decompose(matrix)
    spaces = decomposition.subspaces
    basis = np.concatenate([space.basis for space in spaces], axis=1)
    dual = np.concatenate([space.dual for space in spaces])
    eigenvalues = np.array([space.eigenvalue for space in spaces])
    found = Modes(
        eigenvalues=eigenvalues,
        uncertainties=np.array([space.uncertainty for space in spaces]),
        multiplicities=np.array([space.basis.shape[1] for space in spaces]),
        indices=np.array([space.index for space in spaces]),
        condition_numbers=np.array([space.projector_norm for space in spaces]),
        **_NO_RESPONSE,
        spectral_radius=float(np.abs(eigenvalues).max()),
        norm=operator_norm(matrix),
        eigenvector_condition=float(np.linalg.cond(decomposition.eigenvectors)),
        departure_from_normality=float(np.linalg.norm(np.triu(decomposition.triangle, 1))),
        numerical_abscissa=numerical_abscissa(matrix),
        numerical_radius=numerical_radius(matrix),
        **_UNKNOWN_POWERS,
        basis=basis,
        dual=dual,
        units=None,
    )
    bounded = is_bounded(found)
    kreiss, point = kreiss_lower_bound(decomposition.triangle) if bounded else (np.inf, None)
    found = replace(found, transient=transient_growth(matrix, bounded), kreiss=kreiss, kreiss_point=point)
    return found, ModalSystem(system, basis, dual, found.parts(), [space.block for space in spaces])
