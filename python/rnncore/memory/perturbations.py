"""What remains of perturbations along stretches of a run: of infinitesimal ones, tangents, and of finite ones."""

from typing import NamedTuple

import numpy as np

from ..errors import NonFiniteError
from ..nonfinite import is_finite
from .distances import lengths
from .stretches import has_matrices, spread_starts

_SIDE_BY_SIDE = 16  # stretches, where several starts share one
# Starts under way at once from which sharing pays. A column of a block of 64 rows takes 0.85 µs a step where it has
# one other beside it, 0.10 µs where it has a hundred (native backend, AVX-512).
_FEWEST_SHARING = 5


class Directions(NamedTuple):
    """Of perturbations, one for each start.

    Attributes
    ----------
    state : (J, B, n) array
        Of length 1.
    input : (J, B, input_size) array or None
        Of length 1 where every input is divided by its standard deviation.
    """

    state: np.ndarray
    input: np.ndarray | None

    @classmethod
    def draw(cls, generator, starts, width, state_size, input_deviation):
        """``input_deviation`` is (B, input_size) or None."""
        state = _on_sphere(generator.normal(size=(starts, width, state_size)))
        if input_deviation is None:
            return cls(state, None)
        return cls(state, _on_sphere(generator.normal(size=(starts, *input_deviation.shape))) * input_deviation)


def _on_sphere(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def plan_tangents(cell, first, last, starts, lags, generator):
    """``(offsets, relative)``: the starts offsets[g] + relative[q], some ``starts`` of them from ``first`` to ``last``.

    Where many are under way at once, several share a stretch: their tangents are columns of one block.
    """
    room = last - first + 1
    if has_matrices(cell):
        return np.array([first]), spread_starts(first, last, starts, generator) - first
    if min(starts, room) * (lags + 1) < _FEWEST_SHARING * room or room < 2 * _SIDE_BY_SIDE:
        return spread_starts(first, last, starts, generator), np.array([0])
    length = room // _SIDE_BY_SIDE
    offsets = first + length * np.arange(_SIDE_BY_SIDE)
    return offsets, spread_starts(0, length - 1, -(-starts // _SIDE_BY_SIDE), generator)


def tangent_curves(stretches, relative, lags, directions, report):
    """ln of what remains of infinitesimal perturbations of the state at each start, and of the input after it.

    Parameters
    ----------
    stretches : Stretches
        G stretches of B sequences.
    relative : (Q,) int array
        Steps from the beginning of each stretch to its starts, ascending.
    lags : int
    directions : Directions
        J = G Q of them, in the order of time.
    report : function of the steps done

    Returns
    -------
    state, input : (lags + 1, G Q, B) arrays
        Relative to the length at lag 0; -inf where that is zero. The perturbed input is that of the step after the
        start, and lag 0 is after this step. ``input`` is None where there are no directions of it.
    """
    walk = _TangentWalk(stretches, relative, lags, directions)
    for first, stop in _pieces(relative, lags + 1, stretches.longest_piece(walk.block.shape[2])):
        walk.go_on(first, stop)
        report(stop - first)
    return walk.curves()


def _pieces(relative, length, most):
    """``(first, stop)`` up to the end of the last start's lags; the step after a start is a piece by itself, for there
    the perturbation of the input enters."""
    edges = np.unique(np.concatenate([relative, relative + 1, [relative[-1] + length]]))
    for start, stop in zip(edges[:-1].tolist(), edges[1:].tolist()):
        for first in range(start, stop, most):
            yield first, min(stop, first + most)


class _TangentWalk:
    """Columns of a block that begin anew with each start; those of inputs stand behind those of states."""

    def __init__(self, stretches, relative, lags, directions):
        self.stretches, self.relative, self.lags = stretches, relative, lags
        self.groups, self.shared = stretches.groups, len(relative)
        self.directions = [None if d is None else self._by_start(d) for d in directions]
        self.kinds = 1 if directions.input is None else 2
        # So many starts are under way at once; a start takes the column of the one so many before it, which is done.
        self.slots = int(np.max(np.arange(self.shared) - np.searchsorted(relative, relative - lags - 1, "right"))) + 1
        shape = stretches.rows, self.kinds * self.slots
        self.block = np.zeros((shape[0], stretches.cell.state_size, shape[1]), stretches.cell.dtype)
        self.exponents = np.zeros(shape, np.int64)
        # One lag more receives what is not asked for: the steps of a piece after the last lag of some of its starts.
        self.logs = np.full((self.kinds, lags + 2, self.shared, self.groups, stretches.width), -np.inf)
        self.at_zero = np.zeros((self.kinds, self.shared, self.groups, stretches.width))

    def _by_start(self, directions):
        return directions.reshape(self.groups, self.shared, self.stretches.width, -1).swapaxes(0, 1)

    def go_on(self, first, stop):
        stretches, steps = self.stretches, stop - first
        inputs = stretches.inputs(first, steps)
        begins = int(np.searchsorted(self.relative, first))
        begins = begins if begins < self.shared and self.relative[begins] == first else None
        entering = None if begins is None else self._begin(begins, inputs, first)
        norms = np.empty((steps, *self.exponents.shape))
        stretches.multiply(inputs, first, steps, self.block, self.exponents, norms)
        if entering is not None:
            column = self.slots + begins % self.slots
            self.block[:, :, column], self.exponents[:, column] = entering, 0
        if not is_finite(stretches.state, self.block):
            row = int(np.argmin(np.isfinite(self.block).all(axis=(1, 2))))
            raise NonFiniteError(stretches.step_of(row, stop), 0, None, "tangent")
        self._keep(norms, first)

    def _begin(self, start, inputs, first):
        """New columns; returns what the perturbation of the input will be after the step, for it enters there."""
        column, stretches = start % self.slots, self.stretches
        self.block[:, :, column] = self.directions[0][start].reshape(stretches.rows, -1)
        self.exponents[:, column] = 0
        self.logs[0, 0, start] = 0
        if self.kinds == 1:
            return None
        self.block[:, :, self.slots + column] = 0
        entering = stretches.input_tangent(inputs, first, self.directions[1][start].reshape(stretches.rows, -1))
        with np.errstate(divide="ignore"):
            at_zero = np.log(lengths(entering)).reshape(self.groups, -1)
        self.at_zero[1, start] = at_zero
        self.logs[1, 0, start] = np.where(np.isneginf(at_zero), -np.inf, 0)
        return entering

    def _keep(self, norms, first):
        under_way = slice(*np.searchsorted(self.relative, (first - self.lags, first), "right"))
        starts = np.arange(self.shared)[under_way]
        steps = np.arange(len(norms))[:, None]
        for kind in range(self.kinds):
            lags = steps + first + 1 - kind - self.relative[starts]
            found = norms[:, :, kind * self.slots + starts % self.slots] * np.log(2)
            found = found.swapaxes(1, 2).reshape(*lags.shape, self.groups, -1)
            at_zero = self.at_zero[kind, starts]
            with np.errstate(invalid="ignore"):
                found = np.where(np.isneginf(at_zero), -np.inf, found - at_zero)
            lags = np.where(lags > 0, np.minimum(lags, self.lags + 1), self.lags + 1)  # at lag 0 it stands already
            self.logs[kind][lags, starts] = found

    def curves(self):
        found = self.logs[:, :-1].swapaxes(2, 3).reshape(self.kinds, self.lags + 1, -1, self.stretches.width)
        return found[0], found[1] if self.kinds == 2 else None


def finite_curves(stretches, lags, directions, sizes, report):
    """The same of finite perturbations: a run from each start, one from the perturbed state, and one whose first input
    is perturbed, as three copies of the stretches in one batch.

    Parameters
    ----------
    sizes : (B,) array, float
        By what to multiply the directions of the state, and those of the input.
    """
    kinds, rows = stretches.copies - 1, stretches.rows // stretches.copies
    of_state, of_input = sizes
    stretches.state[rows : 2 * rows] += (directions.state * of_state[:, None]).reshape(rows, -1)
    states, first = stretches.state[None].copy(), 0
    logs = np.full((kinds, lags + 1, rows), -np.inf)
    at_zero = [None] * kinds
    while True:
        for kind in range(min(kinds, 1 + first)):
            at = first - kind  # the lag of the first of these states
            distances = lengths(states[:, (kind + 1) * rows : (kind + 2) * rows] - states[:, :rows])
            if at_zero[kind] is None:
                at_zero[kind] = distances[0]
            kept = distances[: lags + 1 - at]
            with np.errstate(divide="ignore"):
                logs[kind, at : at + len(kept)] = np.log(kept / np.where(at_zero[kind] > 0, at_zero[kind], 1))
        done = max(0, first + len(states) - 1)
        if done >= lags + kinds - 1:
            break
        steps = 1 if done == 0 else min(stretches.longest_piece(stretches.cell.state_size), lags + kinds - 1 - done)
        inputs = stretches.inputs(done, steps)
        if done == 0 and kinds == 2:
            inputs[0, 2 * rows :] += (of_input * directions.input).reshape(rows, -1)
        states, first = np.empty((steps, *stretches.state.shape), stretches.cell.dtype), done + 1
        stretches.advance(inputs, done, steps, states=states)
        report(steps)
    logs = logs.reshape(kinds, lags + 1, -1, stretches.width)
    return logs[0], logs[1] if kinds == 2 else None
