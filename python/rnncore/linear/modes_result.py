"""What :func:`rnncore.modes` gives back."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..notebook import ShownInNotebooks
from .transient_growth import TransientGrowth
from .words import explain


@dataclass(frozen=True, eq=False, repr=False)
class Modes(ShownInNotebooks):
    """Result of :func:`rnncore.modes`: m modes of a recursion with n states, those of largest magnitude first.

    A mode is a real eigenvalue, a pair of conjugate ones, or several that rounding cannot tell apart; of a Diagonal
    cell a unit.

    Attributes
    ----------
    eigenvalues : (m,) complex128 array
        λ; of a pair the one with positive imaginary part; the mean of those that are one to rounding; the largest of
        those that are not told apart otherwise (index 0). 0 where it is within rounding of it.
    uncertainties : (m,) float64 array
        What ten times the rounding errors of the Schur form move it by, at most about; 0 where it is exact.
    multiplicities : (m,) int64 array
        How many of the n states the mode takes up: 1, 2 for a pair, or more.
    indices : (m,) int64 array
        p, the size of its largest Jordan block to rounding: the mode goes like ``λ^k``, with p > 1 (a defective W) like
        ``k^(p-1) λ^k``. 0 where its eigenvalues are too badly conditioned to tell.
    condition_numbers : (m,) float64 array
        The norm of the projector on the mode, for a simple eigenvalue its condition number: 1 where the mode is
        orthogonal to all others; c where modes c times as large as a state may cancel each other in it.
    shares : (m,) float64 array or None
        Of the response: sums over time of ``y · y_mode`` over those of ``y · y``. They sum to 1, and are between 0 and
        1 where modes are orthogonal. NaN where there is no response.
    relative_sizes : (m,) float64 array or None
        The root mean square of the mode's response over that of all of it: large where modes cancel each other.
    response : {"inputs", "impulses"} or None
        What the shares are of: the inputs given; all impulse responses, as long as they last, or white noise; None for
        neither, where no inputs were given and a mode does not decay, or the cell takes none.
    spectral_radius, norm : float
        The largest ``|λ|``, and the largest singular value of W.
    eigenvector_condition : float
        ‖U‖₂ ‖U⁻¹‖₂ of the matrix of eigenvectors of length 1 in W = U Λ U⁻¹: 1 for a normal W with single eigenvalues,
        1e8 and more, up to infinity, for a defective one.
    departure_from_normality : float
        Henrici's: the Frobenius norm of what is above the diagonal of the Schur form.
    numerical_abscissa, numerical_radius : float
        The largest real part and magnitude of x* W x over vectors of length 1: ``‖W^k‖ ≤ 2 numerical_radius^k``.
    transient : TransientGrowth
        How large ``‖W^k‖`` becomes, when, and the state that grows so much.
    kreiss : float
        A lower bound on Kreiss' constant sup (``|z|`` - 1) ``‖(z - W)⁻¹‖`` and so on transient growth, from the
        pseudospectra; infinite where W^k is unbounded.
    kreiss_point : complex or None
        The z that gives it; None where that is infinity.
    basis, dual : arrays (n, n) or None
        Columns that span the modes, one after the other and orthonormal within each, and the rows that tell a state's
        part in them: ``dual @ basis`` is the identity. None for a Diagonal cell by itself.
    units : (m,) int64 array or None
        The unit that each mode is, of a Diagonal cell by itself.

    Notes
    -----
    States are those of the cell, real numbers: a complex unit is two of them.
    """

    eigenvalues: np.ndarray
    uncertainties: np.ndarray
    multiplicities: np.ndarray
    indices: np.ndarray
    condition_numbers: np.ndarray
    shares: np.ndarray | None
    relative_sizes: np.ndarray | None
    response: str | None
    spectral_radius: float
    norm: float
    eigenvector_condition: float
    departure_from_normality: float
    numerical_abscissa: float
    numerical_radius: float
    transient: TransientGrowth
    kreiss: float
    kreiss_point: complex | None
    basis: np.ndarray | None
    dual: np.ndarray | None
    units: np.ndarray | None

    @property
    def growth_rates(self):
        """``ln |λ|`` in nats per step, (m,): 0 where ``|λ|`` is 1 to rounding, -inf for what is gone after p steps."""
        with np.errstate(divide="ignore"):
            rates = np.log(np.abs(self.eigenvalues))
        return np.where(np.abs(np.abs(self.eigenvalues) - 1) <= self.uncertainties, 0.0, rates)

    @property
    def time_constants(self):
        """Steps in which 1/e is left, (m,): infinite on the unit circle, negative where a mode grows (e times in so
        many steps), 0 where λ is."""
        rates = self.growth_rates
        with np.errstate(divide="ignore"):
            return np.where(rates == 0, np.inf, -1 / rates)

    @property
    def periods(self):
        """Steps of one turn, (m,): infinite for a positive λ, 2 for a negative one, NaN for 0."""
        angles = np.abs(np.angle(self.eigenvalues))
        with np.errstate(divide="ignore"):
            return np.where(self.eigenvalues == 0, np.nan, 2 * np.pi / angles)

    @property
    def dominant(self):
        """Which mode outlasts the others: the one of largest magnitude, the first."""
        return 0

    @property
    def leading(self):
        """Which mode has the largest share of the response; None where there are no shares."""
        if self.shares is None or np.isnan(self.shares).any():
            return None
        return int(np.argmax(self.shares))

    @property
    def is_defective(self):
        """Whether W has fewer eigenvectors than states, to rounding."""
        return bool((self.indices > 1).any())

    @property
    def explanation(self):
        """What all this means for the recursion, in sentences."""
        return explain(self)

    def parts(self):
        """The columns of ``basis`` of each mode, as slices."""
        edges = np.concatenate([[0], np.cumsum(self.multiplicities)]).tolist()
        return [slice(*edge) for edge in pairwise(edges)]

    def to_dict(self):
        """The fields and properties by name; arrays stay arrays, ``transient`` is a dict of its own."""
        names = ("growth_rates", "time_constants", "periods", "dominant", "leading", "is_defective", "explanation")
        return vars(self) | {name: getattr(self, name) for name in names} | {"transient": dict(vars(self.transient))}

    def plot(self, ax=None):
        """Draw the eigenvalues beside the unit circle and, without ``ax``, the norms of the powers of W beside them;
        returns the matplotlib axes of the eigenvalues."""
        from ..figures.modes import plot_modes

        return plot_modes(self, ax)

    def __repr__(self):
        count, size = len(self.eigenvalues), int(self.multiplicities.sum())
        text = f"Modes({count} of {size} states, spectral radius {self.spectral_radius:.6g}"
        text += f", time constant {self.time_constants[0]:.4g} steps, transient growth {self.transient.peak:.4g}"
        if self.shares is not None:
            text += f", share of the dominant mode {self.shares[0]:.3g}"
        return text + (", defective)" if self.is_defective else ")")
