"""How often a block of directions is orthonormalised again.

A run is cut into rounds, and within a round the interval is fixed. Where rounds end depends on the numbers of the steps
alone, and what the next interval is on what the round measured, so that neither depends on how a run is cut up.
"""

import numpy as np

LONGEST_INTERVAL = 64
_FEWEST_WINDOWS = 64
_LONGEST_ROUND = 1024  # windows

# Growth that may lie between the first and the last direction from one orthonormalisation to the next, on the mean, in
# nats. Error of the lowest exponent of iid Gaussian 8 × 8 matrices: float64 13 → 2e-11, 16 → 1e-7, 24 → 3e-4; float32
# 3 → 6e-6, 6.5 → 2e-4, 13 → 2e-2.
BOUND = {np.dtype(np.float32): 3.0, np.dtype(np.float64): 12.0}
_TOLERATED = 1.5


def window_length(interval, steps):
    """Steps whose growth is summed up for the statistics; a multiple of the interval.

    About 64, fewer where a run of ``steps`` would not hold 64 windows of that. ``interval`` is None where it adapts: a
    power of two then, which is also the longest interval.
    """
    wanted = max(1, min(LONGEST_INTERVAL, steps // _FEWEST_WINDOWS))
    if interval is None:
        return 1 << wanted.bit_length() - 1
    return interval * (-(-LONGEST_INTERVAL // interval) if wanted == LONGEST_INTERVAL else max(1, wanted // interval))


def round_end(start, burn_in, steps, window):
    """The step at which the round that begins after step ``start`` ends.

    Rounds double from one window to 1024; they end at the burn-in and at the end of the run too. All begin a whole
    number of windows from the burn-in: what is left over is a round of its own, the first.
    """
    first = burn_in % window
    if start < first:
        return min(first, steps)
    done = (start - first) // window
    length = window * min(_LONGEST_ROUND, 1 << max(0, done.bit_length() - 1))
    return min(start + length, burn_in if start < burn_in else steps)


class FixedInterval:
    """The caller's interval; where it annihilates a direction, the round is walked again with 1."""

    def __init__(self, interval):
        self.first = self.longest = interval

    def again(self, interval, gap, lost):
        """The interval with which the round is to be walked again, or None."""
        return 1 if lost else None

    def following(self, interval, gap):
        """The interval of the next round."""
        return self.first


class AdaptiveInterval:
    """The longest power of two that keeps the measured gap under the bound, and annihilates no direction."""

    first = 1

    def __init__(self, dtype, longest, bounds=BOUND):
        self.bound, self.longest = bounds[dtype], longest

    def again(self, interval, gap, lost):
        if lost:
            self.longest = interval // 2
            return 1
        return self._shorter(interval, gap) if interval > 1 and gap > _TOLERATED * self.bound else None

    def following(self, interval, gap):
        if gap > self.bound:
            return self._shorter(interval, gap)
        # A tenth of the bound is kept back, so that the interval does not go up and down for ever.
        while 2 * interval <= self.longest and 2.2 * gap <= self.bound:
            interval, gap = 2 * interval, 2 * gap
        return interval

    def _shorter(self, interval, gap):
        while interval > 1 and gap > self.bound:
            interval, gap = interval // 2, gap / 2
        return interval
