"""Sums over the last steps of a run, whatever their number, to some eps."""

import numpy as np

PIECE = 64


class LogSums:
    """Σ over the steps t + 1 … T of terms that come segment by segment from the end of the run.

    Pieces of 64 steps, counted from the end, are added up one after the other with their rounding errors carried along
    (Knuth's two-sum), so that the sums do not depend on where segments end, and err by a few hundred eps of a piece
    and one of the whole. -∞ once makes -∞ from there on.
    """

    def __init__(self, shape):
        self._high, self._low = np.zeros(shape), np.zeros(shape)
        self._steps = 0
        self._infinite_from = np.full(shape, np.inf)  # steps, counted from the end

    def take(self, terms, counts):
        """Adds the terms of a segment, ``(S, *shape)`` in order of time, and gives back some sums on the way.

        Parameters
        ----------
        terms : array
            S is a multiple of 64 but for the segment that begins the run.
        counts : sequence of int
            The sums over the last 0 ≤ ``count`` ≤ S of these terms and all that came before are wanted.

        Returns
        -------
        (len(counts), *shape) array
        """
        backward = terms[::-1]
        self._note_infinities(backward)
        pieces = -(-len(terms) // PIECE)
        within = np.zeros((pieces * PIECE, *self._high.shape))
        within[: len(terms)] = np.where(np.isneginf(backward), 0, backward)
        within = within.reshape(pieces, PIECE, *self._high.shape)
        np.cumsum(within, axis=1, out=within)
        wanted = {}
        for count in counts:
            wanted.setdefault(count // PIECE, []).append(count)
        sums = {}
        for piece in range(pieces + 1):
            for count in wanted.get(piece, ()):
                rest = count % PIECE
                found = self._high + (self._low + (within[piece, rest - 1] if rest else 0))
                sums[count] = np.where(self._steps + count >= self._infinite_from, -np.inf, found)
            if piece < pieces:
                self._add(within[piece, -1])
        self._steps += len(terms)
        return np.array([sums[count] for count in counts]).reshape(len(counts), *self._high.shape)

    def total(self):
        """Over all that came so far."""
        return np.where(np.isfinite(self._infinite_from), -np.inf, self._high + self._low)

    def _add(self, terms):
        total = self._high + terms
        part = total - self._high
        self._low += (self._high - (total - part)) + (terms - part)
        self._high = total

    def _note_infinities(self, backward):
        infinite = np.isneginf(backward)
        if infinite.any():
            first = np.where(infinite.any(axis=0), self._steps + infinite.argmax(axis=0) + 1, np.inf)
            self._infinite_from = np.minimum(self._infinite_from, first)
