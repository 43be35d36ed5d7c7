"""Verdicts on linear layers, h' = A h + B x + d: exact but for matrices that are large and lie on the border."""

import numpy as np

from ..cells.base import is_sparse
from .contraction import smallest_weighted_norm
from .exact_spectrum import exact_spectrum
from .findings import LayerFindings, same_of_all
from .interval import as_interval, nonnegative_product, product
from .linear_bound import diagonal_box, form_box, response_box
from .linear_map import read_linear_map
from .quadratic_form import decaying_form, growing_form, spectral_radius
from .report import StabilityProperty
from .unit_circle import place_of_units
from .weighted_box import weighted_box
from .witness import Witness

LARGEST_DENSE = 1200  # states; forms of larger matrices take too long

LYAPUNOV = "Stein 1952; Lyapunov's second method for x' = A x"
PERRON = "Perron-Frobenius; Horn and Johnson 2013, theorem 8.1.26"
COHN = "Schur 1918, Cohn 1922; Marden 1966, sections 42-45; rational arithmetic"
RESONANCE = "an eigenvalue on the unit circle that the inputs excite: resonance; Antsaklis and Michel 2006, section 4.8"


def linear_layer(layer, inputs):
    """LayerFindings of a Linear or Diagonal layer, or an Elman layer with the identity."""
    system = read_linear_map(layer)
    if system.is_diagonal:
        return _diagonal(system, inputs)
    weighted = smallest_weighted_norm(system.absolute())
    if weighted.rate < 1:
        statement = f"‖A‖ = {weighted.rate:.6g} < 1 in a weighted largest norm; A is W, or (1 - a) I + a W with a leak"
        return _stable(system, inputs, statement, PERRON, weighted.rate, weighted=weighted)
    if system.size > LARGEST_DENSE:
        return _undecided(_sparse_radius(system.transition), f"{system.size} states are too many for a quadratic form")
    transition = system.interval()
    form = decaying_form(transition)
    if form is not None:
        statement = f"P > 0 with AᵀPA < r²P, r = {form.rate:.9g}: all eigenvalues lie inside the unit circle"
        return _stable(system, inputs, statement, LYAPUNOV, form.rate, form=form)
    form = growing_form(transition)
    if form is not None:
        statement = f"xᵀPx < 0 for a state x, with AᵀPA < r²P, r = {form.rate:.9g} >= 1: its run grows as r^t or faster"
        return _unstable(_direction(layer, transition.middle, form.direction), statement, LYAPUNOV)
    spectrum = None if system.slack else exact_spectrum(transition.lower)
    radius = spectral_radius(transition.middle)
    if spectrum is None:
        return _undecided(radius, "the spectral radius is too near to 1 for rounded arithmetic, and n for rational")
    if spectrum.outside:
        statement = f"{spectrum.outside} eigenvalues lie outside the unit circle, counted exactly"
        return _unstable(_direction(layer, transition.middle, None), statement, COHN)
    if spectrum.on == 0:
        statement = f"all {spectrum.inside} eigenvalues lie inside the unit circle, counted exactly"
        return _stable(system, inputs, statement, COHN, None)
    if not spectrum.semisimple:
        unit = spectrum.growing_unit()
        state = np.zeros(system.size)
        state[unit] = 1.0
        statement = (
            f"a defective eigenvalue on the unit circle ({spectrum.on} lie on it): unit {unit} grows as a power of t"
        )
        return _unstable(_pair(layer, state, "the two runs part as a power of t"), statement, COHN)
    return _marginal(
        transition.lower,
        f"{spectrum.on} semisimple eigenvalues on the unit circle, {spectrum.inside} inside, counted exactly",
        spectrum.excites(system.drive[:, inputs.magnitude > 0]),
        spectrum.excites(system.offset.upper[:, None]) or not np.array_equal(system.offset.lower, system.offset.upper),
        inputs,
        system,
    )


def _diagonal(system, inputs):
    place, rate = place_of_units(system.transition)
    complex_units = system.transition.dtype.kind == "c"
    offset = system.offset if not complex_units else np.asarray(system.offset)
    if np.all(place < 0):
        statement = f"every unit by itself: the largest |λ| is {np.abs(system.transition).max():.9g} < 1, exactly"
        box = diagonal_box(system.transition, system.drive, inputs, offset)
        found = same_of_all("stable", statement, "each unit is a scalar recursion", rate=rate)
        return LayerFindings(*found, box if box.is_finite else None, box if box.is_finite else None)
    width = 2 if complex_units else 1
    state = np.zeros(width * system.size)
    unit = int(np.argmax(np.where(place == place.max(), np.abs(system.transition), -1)))
    state[width * unit] = 1.0
    if place.max() > 0:
        statement = f"unit {unit}: |λ| = {abs(system.transition[unit]):.9g} > 1, exactly"
        witness = Witness(
            np.zeros(len(state)), np.zeros((1, system.drive.shape[1])), other_state=state, claim="the two runs part"
        )
        return _unstable(witness, statement, "each unit is a scalar recursion")
    on = place == 0
    reach = np.abs(system.drive[on]) @ inputs.magnitude > 0
    constant = offset[on] if complex_units else np.where(offset[on].magnitude > 0, 1.0, 0.0)
    pushed = (system.transition[on] == 1) & (constant != 0)
    statement = f"{int(on.sum())} units with |λ| = 1, exactly, the others below"
    witness_inputs = None
    if reach.any():
        chosen = np.flatnonzero(on)[np.argmax(reach)]
        pushing = offset[chosen] if complex_units else offset.middle[chosen]
        witness_inputs = (system.transition[chosen], system.drive[chosen], pushing)
    return _marginal_of(statement, witness_inputs, bool(pushed.any()), state, inputs)


def _marginal(transition, statement, excited, pushed, inputs, system):
    from scipy.linalg import eig

    eigenvalues, left = eig(transition, left=True, right=False)
    on = np.abs(np.abs(eigenvalues) - 1) < 1e-6
    gains = left.conj().T @ system.drive  # of each eigenvalue's mode
    where = np.argmax(np.where(on, np.abs(gains).max(axis=1, initial=0), -1))
    witness_inputs = (
        (eigenvalues[where], gains[where], left[:, where].conj() @ system.offset.middle) if excited else None
    )
    kept = np.argmax(np.where(on, 1, 0))
    state = left[:, kept].real if np.linalg.norm(left[:, kept].real) > 1e-6 else left[:, kept].imag
    return _marginal_of(statement, witness_inputs, pushed, state, inputs)


def _marginal_of(statement, witness_inputs, pushed, state, inputs):
    """Semisimple eigenvalues on the circle: bounded, but what lies there is kept, and inputs may resonate."""
    zeros = np.zeros(len(state))
    quiet = np.zeros((1, len(inputs)))
    difference = Witness(zeros, quiet, other_state=state, claim="the difference of the two runs neither grows nor dies")
    held = StabilityProperty(
        "incremental",
        "unstable",
        f"marginal: {statement}; differences of states there are kept",
        COHN,
        witness=difference,
    )
    kept = StabilityProperty(
        "gradients",
        "unstable",
        f"marginal: {statement}; gradients along them neither shrink nor grow",
        COHN,
        witness=difference,
    )
    if witness_inputs is not None:
        witness = Witness(
            zeros,
            _phased(*witness_inputs[1:])[None],
            angle=float(np.angle(witness_inputs[0])),
            size=inputs.magnitude,
            claim="the state grows in proportion to t",
        )
        bounded = StabilityProperty(
            "bounded", "unstable", f"{statement}, and inputs excite it", RESONANCE, witness=witness
        )
        return LayerFindings(bounded, held, kept, None, None)
    if pushed:
        bounded = StabilityProperty(
            "bounded", "undecided", f"{statement}; whether the bias excites it was not decided", COHN
        )
        return LayerFindings(bounded, held, kept, None, None)
    bounded = StabilityProperty("bounded", "stable", f"marginal: {statement}, and nothing excites it", COHN)
    return LayerFindings(bounded, held, kept, None, None)


def _phased(gain, constant):
    """The gains turned so that the largest is real and the constant does not push against it."""
    largest = gain[np.argmax(np.abs(gain))]
    turn = np.conj(largest) / np.abs(largest)
    return gain * (-turn if (turn * constant).real < 0 else turn)


def _stable(system, inputs, statement, source, rate, weighted=None, form=None):
    box = None
    radius = inputs.radius
    if form is None and system.size <= LARGEST_DENSE:
        form = decaying_form(system.interval())
    offset = system.offset
    if form is not None and not system.slack:
        transition = system.interval().lower
        offset = product(system.drive, as_interval(inputs.middle)) + offset
        box = response_box(transition, form, system.drive, radius, offset)
    if weighted is not None:  # where the form is nearly singular, narrower than what its norm leaves to rounding
        other = weighted_box(system.absolute(), weighted, _drive_magnitude(system, inputs))
        box = box.meet(other) if box is not None and other is not None else box or other
    if box is None and form is not None:
        box = form_box(form, _drive_magnitude(system, inputs))
    return LayerFindings(*same_of_all("stable", statement, source, rate=rate), box, box)


def _drive_magnitude(system, inputs):
    return np.nextafter(nonnegative_product(np.abs(system.drive), inputs.magnitude) + system.offset.magnitude, np.inf)


def _unstable(witness, statement, source):
    return LayerFindings(*same_of_all("unstable", statement, source, witness=witness), None, None)


def _undecided(estimate, why):
    statement = why if estimate is None else f"{why}; the spectral radius is about {estimate:.12g}"
    return LayerFindings(*same_of_all("undecided", statement, estimate=estimate), None, None)


def _direction(layer, transition, direction):
    if direction is None:
        eigenvalues, vectors = np.linalg.eig(transition)
        vector = vectors[:, np.argmax(np.abs(eigenvalues))]
        direction = vector.real if np.linalg.norm(vector.real) > 1e-6 else vector.imag
    return _pair(layer, direction / np.abs(direction).max(), "the two runs part, so that one of them at least grows")


def _pair(layer, state, claim):
    return Witness(np.zeros(len(state)), np.zeros((1, layer.input_size)), other_state=state, claim=claim)


def _sparse_radius(matrix):
    if not is_sparse(matrix):
        return spectral_radius(matrix)
    from scipy.sparse.linalg import ArpackError, eigs

    try:
        found = eigs(matrix, k=1, return_eigenvectors=False, v0=np.ones(matrix.shape[0]), maxiter=300)
        return float(np.abs(found).max())
    except ArpackError:  # where many eigenvalues are as large
        return None
