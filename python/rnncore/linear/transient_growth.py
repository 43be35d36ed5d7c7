"""How far a linear recursion may carry a state away before it decays: the norms of W^k."""

from dataclasses import dataclass

import numpy as np

from ..notebook import ShownInNotebooks

_ROUNDING = 16  # times n eps: by so much a norm may exceed 1 that is 1
_MOST_DOUBLINGS = 48
_MOST_POWERS = 2000  # that are looked at one by one
_OPERATIONS = 1e10  # that this may take
_A_POWER = 8  # n³ operations: a product and the norm of some of them
_IN_AN_OCTAVE = 8  # powers looked at, where one by one is too many
_MOST_PASSES = 100
_SHOWN = 33  # powers at least, for a plot


@dataclass(frozen=True, eq=False, repr=False)
class TransientGrowth(ShownInNotebooks):
    """The largest of the norms of W^k, k = 0, 1, …, by which some state grows in k steps.

    Attributes
    ----------
    peak : float
        The largest 2-norm found; 1 at least, that of W^0. Infinite where the powers are unbounded.
    step : int or None
        The k at which it occurs; None where there is none.
    exact : bool
        True: no power of W has a larger norm, but for rounding. False: some were left out; the peak is a lower bound.
    start, end : (n,) arrays or None
        The state of length 1 that grows most, and what has become of it at the step of the peak; None where there is no
        growth, or no end of it.
    steps, norms : (P,) arrays
        Some k and the norm of W^k, for a plot.
    """

    peak: float
    step: int | None
    exact: bool
    start: np.ndarray | None
    end: np.ndarray | None
    steps: np.ndarray
    norms: np.ndarray

    def __repr__(self):
        found = f"peak={self.peak:.6g}, step={self.step}"
        return f"TransientGrowth({found}{'' if self.exact else ', at least'})"


def transient_growth(matrix, is_bounded):
    """Of a real matrix; ``is_bounded`` says whether the powers are, by the eigenvalues.

    Once ‖W^m‖ ≤ 1, no later power exceeds those before: k = q m + r has ‖W^k‖ ≤ ‖W^m‖^q ‖W^r‖. Such an m is looked for
    among powers of two. All powers before it are looked at where they are not too many, otherwise 8 an octave, and then
    those beside the largest.
    """
    return _Powers(matrix).search(is_bounded)


def growth_of_units(radius, is_bounded):
    """Of a diagonal matrix, whose powers have the norms of those of its spectral radius."""
    steps = np.arange(_SHOWN)
    with np.errstate(over="ignore", under="ignore"):
        norms = float(radius) ** steps
    peak, step = (1.0, 0) if is_bounded else (np.inf, None)
    return TransientGrowth(peak, step, True, None, None, steps, norms)


class _Powers:
    def __init__(self, matrix):
        self.matrix, self.size = matrix, len(matrix)
        self.limit = 1 + _ROUNDING * self.size * np.finfo(np.float64).eps
        self.budget = int(np.clip(_OPERATIONS / (_A_POWER * self.size**3), 64, _MOST_POWERS))
        self.norms = {0: 1.0}
        self.squares = [matrix]

    def search(self, is_bounded):
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            if not is_bounded:
                self._look_one_by_one(self.budget)
                return self._result(np.inf, None, True)
            horizon, is_contraction = self._horizon()
            self._look_one_by_one(min(max(horizon, _SHOWN), self.budget))
            exact = is_contraction and horizon <= self.budget + 1
            if horizon > self.budget + 1:
                self._look_in_octaves(horizon)
                self._refine()
            step = max(self.norms, key=lambda k: (self.norms[k], -k))
            if self.norms[step] <= self.limit:
                step = 0
            return self._result(self.norms[step], step, exact)

    def _horizon(self):
        """``(m, True)`` with ‖W^m‖ ≤ 1, or a long time and False."""
        for doublings in range(_MOST_DOUBLINGS):
            if self._note(1 << doublings, self._square(doublings)) <= self.limit:
                return 1 << doublings, True
        return 1 << _MOST_DOUBLINGS, False

    def _square(self, doublings):
        """W to the power of 2^doublings."""
        while len(self.squares) <= doublings:
            self.squares.append(self.squares[-1] @ self.squares[-1])
        return self.squares[doublings]

    def _power(self, exponent):
        power = None
        for doublings in range(exponent.bit_length()):
            if exponent >> doublings & 1:
                square = self._square(doublings)
                power = square if power is None else square @ power
        return np.eye(self.size) if power is None else power

    def _note(self, step, power):
        norm = operator_norm(power)
        self.norms[step] = norm if np.isfinite(norm) else np.inf
        return self.norms[step]

    def _look_one_by_one(self, steps):
        """Norms are worked out where the Frobenius norm, which is no smaller, leaves a chance of a new largest; and at
        times, for the plot."""
        power, largest, shown = (
            self.matrix,
            1.0,
            set(np.unique(np.geomspace(1, max(2, steps), 60).astype(int)).tolist()),
        )
        for step in range(1, steps):
            if step in shown or np.linalg.norm(power) > largest:
                largest = max(largest, self._note(step, power))
            if not np.isfinite(largest) or not power.any():
                break
            power = self.matrix @ power

    def _look_in_octaves(self, horizon):
        fine = _IN_AN_OCTAVE.bit_length() - 1
        for doublings in range(self.budget.bit_length() - 1, horizon.bit_length() - 1):
            power, stride = self._square(doublings), 1 << doublings - fine
            for step in range(1 << doublings, 2 << doublings, stride):
                self._note(step, power)
                power = self._square(doublings - fine) @ power
            if self.norms[1 << doublings] == 0:
                break

    def _refine(self):
        """Up the hill from the largest, by ever smaller steps."""
        best = max(self.norms, key=self.norms.get)
        stride = max(1, 1 << max(0, best.bit_length() - 2 - _IN_AN_OCTAVE.bit_length() + 1))
        for _ in range(_MOST_PASSES):
            for step in (best - stride, best + stride):
                if step > 0 and step not in self.norms:
                    self._note(step, self._power(step))
            around = max((best - stride, best, best + stride), key=lambda k: self.norms.get(k, 0.0))
            if around == best and stride == 1:
                return
            best, stride = around, max(1, stride // 2) if around == best else stride

    def _result(self, peak, step, exact):
        start = end = None
        if step:
            left, sizes, right = np.linalg.svd(self._power(step))
            start, end = right[0], sizes[0] * left[:, 0]
        steps = np.array(sorted(k for k, norm in self.norms.items() if np.isfinite(norm)))
        return TransientGrowth(peak, step, exact, start, end, steps, np.array([self.norms[k] for k in steps.tolist()]))


def operator_norm(matrix):
    """The largest singular value, at any scale."""
    scale = np.abs(matrix).max()
    if not (scale > 0 and np.isfinite(scale)):
        return float(scale)
    scaled = matrix / scale
    return float(scale * np.sqrt(np.linalg.eigvalsh(scaled.T @ scaled)[-1]))
