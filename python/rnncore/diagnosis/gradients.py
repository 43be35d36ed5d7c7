"""What becomes of a gradient, and of a small difference, along the run."""

from dataclasses import dataclass, field

import numpy as np

from ..errors import NonFiniteError
from ..gradient_flow import GradientNorms, gradient_norms
from ..lyapunov import lyapunov_spectrum
from ..notebook import ShownInNotebooks

_EXPONENTS = 8
_MOST_STEPS = 20_000
_MOST_OPERATIONS = 2e10  # multiplications of weights: seconds
_MOST_INPUT_BYTES = 1 << 26
_ROUNDING = 1e-13  # nats per step: what rounding errors make of an orthogonal matrix stays below it


@dataclass(frozen=True)
class Gradients(ShownInNotebooks):
    """Measured on the first sequence, in float64, over the first ``steps`` of the run.

    Attributes
    ----------
    verdict : {"vanish", "explode", "are carried", "cannot say", "no memory"}
    explanation : str
        Of "cannot say" and "no memory".
    steps : int
    exponents, standard_errors : tuple of float
        The largest Lyapunov exponents, 8 at most, and their standard errors, in nats per step; -inf where directions
        are annihilated.
    rate, rate_error : float or None
        Slope of the logarithm of the norm of a gradient that begins in a random direction, in nats per step back.
    zero_from : int or None
        The lag from which on that norm is exactly zero.
    interval : float
        Time of a step.
    unit : str
    norms : GradientNorms or None
        The curve.
    """

    verdict: str
    explanation: str
    steps: int
    exponents: tuple[float, ...]
    standard_errors: tuple[float, ...]
    rate: float | None
    rate_error: float | None
    zero_from: int | None
    interval: float
    unit: str
    norms: GradientNorms | None = field(repr=False, metadata={"figure": True})

    @property
    def factor_two(self):
        """Time in which a gradient halves or doubles; None where it is carried, or zero."""
        moves = self.verdict in ("vanish", "explode") and np.isfinite(self.rate)
        return self.interval * np.log(2) / abs(self.rate) if moves else None

    @property
    def difference_factor_two(self):
        """Time in which a small difference halves or doubles by the largest exponent; None where it does neither."""
        if not self.exponents or not np.isfinite(self.exponents[0]) or abs(self.exponents[0]) < _ROUNDING:
            return None
        return self.interval * np.log(2) / abs(self.exponents[0])


_VERDICTS = {"vanishing": "vanish", "exploding": "explode", "carried": "are carried"}


def measure_gradients(task, start, *, seed, backend, threads):
    """``start`` is the run's first state, (B, n)."""
    if task.cell.state_size == 0:
        return _unknown(task, "no memory", "the model has no state: no gradient goes back in time")
    double, steps = task.in_double(), _measured_steps(task)
    options = {"state": start[0], "check_finite": False, "backend": backend, "threads": threads}
    try:
        spectrum, norms = _measure(double, steps, seed, options)
    except NonFiniteError as error:
        if error.step < 3:
            return _unknown(task, "cannot say", f"the {error.what} is not finite after step {error.step}")
        steps = error.step - 1
        spectrum, norms = _measure(double, steps, seed, options)
    zero = np.flatnonzero(np.isneginf(norms.log2_norms))
    verdict, explanation = _judge(norms)
    return Gradients(
        verdict=verdict,
        explanation=explanation,
        steps=steps,
        exponents=tuple(map(float, spectrum.exponents)),
        standard_errors=tuple(map(float, spectrum.standard_errors)),
        rate=norms.rate,
        rate_error=norms.rate_error,
        zero_from=int(zero[0]) if len(zero) else None,
        interval=task.interval,
        unit=task.unit,
        norms=norms,
    )


def _judge(norms):
    """The page's verdict, and of "cannot say" why."""
    if norms.verdict == "too short":
        return "cannot say", "the run is too short"
    if norms.verdict == "carried" and abs(norms.rate) * norms.lags[-1] >= np.log(2):
        return "cannot say", "its size comes and goes, and its rate is within two standard errors of zero"
    return _VERDICTS[norms.verdict], ""


def _measure(task, steps, seed, options):
    size, inputs = task.cell.state_size, task.first_inputs(steps)
    spectrum = lyapunov_spectrum(task.cell, inputs, steps=steps, k=min(_EXPONENTS, size), seed=seed, **options)
    cotangent = np.random.default_rng(seed).normal(size=size)
    cotangent /= np.linalg.norm(cotangent)
    return spectrum, gradient_norms(task.cell, inputs, steps=steps, cotangent=cotangent, **options)


def _measured_steps(task):
    weights = sum(getattr(array, "nnz", array.size) for array in task.cell.parameters.values())
    most = min(_MOST_STEPS, int(_MOST_OPERATIONS / (_EXPONENTS * max(1, weights))))
    if task.series is not None:
        most = min(most, _MOST_INPUT_BYTES // task.series.values[:1].nbytes)
    return min(task.steps, max(_EXPONENTS, most))


def _unknown(task, verdict, explanation):
    return Gradients(verdict, explanation, 0, (), (), None, None, None, task.interval, task.unit, None)
