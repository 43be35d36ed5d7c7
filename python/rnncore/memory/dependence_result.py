"""What :func:`rnncore.long_term_dependence` gives back."""

from dataclasses import dataclass

import numpy as np

from ..notebook import ShownInNotebooks


@dataclass(frozen=True, eq=False, repr=False)
class LongTermDependence(ShownInNotebooks):
    """Result of :func:`rnncore.long_term_dependence`; p outputs.

    Attributes
    ----------
    steps : int or None
        The last lag at which the separation is at or above the threshold; None where it never is.
    explanation : str
    lags : (L,) int64 array
        Steps since the last one of the pattern, ascending from 0.
    separation : (L,) float64 array
        How many standard deviations the means of the outputs with and without the pattern lie apart, along the
        direction that separates them best, corrected for chance; infinite where the distractors move no output.
    standard_errors : (L,) float64 array
    chance : (L,) float64 array
        The separation that chance alone exceeds once in a thousand times.
    by_output : (L, p) float64 array
        Difference of the means of each output over its own standard deviation.
    effect : (L,) float64 array
        Root mean square, over outputs and starts, of the difference that the pattern makes under the same distractors,
        over the outputs' standard deviations: how much still changes, whether a reader can tell it or not.
    threshold : float
    starts : int
        Places of the series at which the pattern was put.
    interval : float
        Time of a step, in ``unit``.
    unit : str
    """

    steps: int | None
    explanation: str
    lags: np.ndarray
    separation: np.ndarray
    standard_errors: np.ndarray
    chance: np.ndarray
    by_output: np.ndarray
    effect: np.ndarray
    threshold: float
    starts: int
    interval: float
    unit: str

    @classmethod
    def of(cls, lags, found, *, threshold, starts, interval, unit):
        """``found`` is a list of what ``separation_of`` tells, lag by lag."""
        separation, errors, chance, by_output, effect = map(np.array, zip(*found))
        apart = np.flatnonzero(separation >= threshold)
        steps = int(lags[apart[-1]]) if len(apart) else None
        if steps is None:
            explanation = f"the outputs are at most {separation.max():.3g} standard deviations apart"
        elif steps == lags[-1]:
            explanation = f"still {separation[-1]:.3g} standard deviations apart at the largest lag, {steps:,}"
        else:
            explanation = f"at least {threshold:.3g} standard deviations apart, last at lag {steps:,}"
        return cls(
            steps, explanation, lags, separation, errors, chance, by_output, effect, threshold, starts, interval, unit
        )

    @property
    def duration(self):
        """``steps`` in ``unit``; None where there is no such lag."""
        return None if self.steps is None else self.steps * self.interval

    def to_dict(self):
        """The fields and properties by name; arrays stay arrays."""
        return vars(self) | {"duration": self.duration}

    def plot(self, ax=None):
        """Draw the separation against the lag; returns the matplotlib axes."""
        from ..figures.long_term_dependence import plot_long_term_dependence

        return plot_long_term_dependence(self, ax)

    def __repr__(self):
        return f"LongTermDependence({self.explanation}; {self.starts} starts, {len(self.lags)} lags)"
