"""A long product of Jacobians with all its singular values: the graded factorisation U D T.

A_t ⋯ A_1 = U D T with U orthonormal, D diagonal and kept as logarithms, T well conditioned: however far apart the
entries of D drift, none is lost next to another (Loh et al. 1989; G. W. Stewart, *On graded QR decompositions of
products of matrices*, ETNA 3, 1995). A further factor is taken up by

    A U = Q R,    D' = diag(R) D,    N = D'⁻¹ R D,    T' = N T.

N is unit upper triangular, and small above the diagonal as long as the columns stand in the order of their size: where
it is not, R is orthonormalised once more with its columns pivoted by their size, D_j ‖R e_j‖ (Tomas, Chang, Scalettar,
Bai 2012, who sort them beforehand).

Units deep in saturation make rows of A tiny, or columns of Aᵀ, and Gram-Schmidt loses directions to the rounding errors
of the others. Where it does, steps are taken up as A = M C with C diagonal, C U before M Q: each is tiny in rows only,
which a graded QR copes with.
"""

import numpy as np

from .graded_qr import graded_qr
from .lyapunov.reorthonormalisation import LONGEST_INTERVAL, AdaptiveInterval
from .nonfinite import is_finite, nonfinite_error, nonfinite_error_back
from .scaled_svd import log_singular_values, normalise, scaled_svd

_PIECE_BYTES = 1 << 25
# Growth that may lie between the first and the last direction from one orthonormalisation to the next, in nats: the
# last one's log loses eps times its exponential. Spectra can afford 12; here every digit counts. σ₃ of 10 000 Gaussian
# 3 × 3 matrices: with 12 it is wrong by 1e-9, with 6 by 2e-12, as with single steps.
_BOUND = {np.dtype(np.float32): 2.0, np.dtype(np.float64): 6.0}
# What Gram-Schmidt may leave of a column: the log's rounding errors are eps divided by it. tanh' falls below 2^-20 at
# |z| = 7.6. Graded steps take 50 times (n = 64) to 150 times as long (n = 4).
_LEAST_REST = {np.dtype(np.float32): 2.0**-10, np.dtype(np.float64): 2.0**-20}
_LARGEST = 8.0  # in N; larger ones would leave T ill conditioned
_LARGEST_LOG = 700.0  # of what exp can hold
_NEGLIGIBLE = 2.0**-60  # in N, next to the 1 on the diagonal


class GradedProduct:
    """A_t ⋯ A_1, or going back (A_T ⋯ A_{T-t+1})ᵀ, of a batch of runs; the identity at first.

    Parameters
    ----------
    width : int
        B.
    size : int
        n.
    dtype : numpy.dtype
        Of the walk; D and T are float64.

    Attributes
    ----------
    piece : int
        The most steps that :meth:`multiply` should be given at once.
    frame : (B, n, n) array
        U. A column of zeros where a direction has been annihilated.
    """

    def __init__(self, width, size, dtype):
        largest = _PIECE_BYTES // max(1, 8 * width * size * size)
        self.piece = max(1, min(LONGEST_INTERVAL, 1 << max(0, largest.bit_length() - 1)))
        self.frame = np.tile(np.eye(size, dtype=dtype), (width, 1, 1))
        self._logs = np.zeros((width, size))  # of D
        self._corrections = np.zeros((width, size))  # what rounding took from the logs
        self._right = np.tile(np.eye(size), (width, 1, 1))  # T
        self._above = np.triu_indices(size, 1)
        self._intervals = AdaptiveInterval(np.dtype(dtype), self.piece, _BOUND)
        self._interval = self._intervals.first

    def multiply(self, run, program, start, stop, state, *, back=False, threads=1):
        """Take up the Jacobians of the steps start + 1 … stop; going back, their transposes from the last to the first.

        The same cuts give the same bits. How often the frame is orthonormalised within them adapts to what is measured.

        Parameters
        ----------
        run : Run
        program : Program
        start, stop : int
        state : (B, n) array
            Before step start + 1; going forward it becomes that after step ``stop``.
        back : bool
        threads : int

        Raises
        ------
        NonFiniteError
            The product is then what it was before the call.
        """
        walk = program.orthonormalise_back if back else program.orthonormalise
        inputs, before, frame = run.inputs_between(start, stop), state.copy(), self.frame.copy()
        interval, steps = self._interval, stop - start
        while True:
            count = -(-steps // interval)
            growth = np.empty((count, *self._logs.shape))
            factors = np.empty((count, *self.frame.shape), self.frame.dtype)
            exponents = np.empty(growth.shape, np.int64)
            walk(
                inputs, steps, state, self.frame, start=start, interval=interval,
                growth=growth, factors=factors, exponents=exponents, frames=None, threads=threads,
            )  # fmt: skip
            if not is_finite(state, self.frame) or np.isnan(growth).any():
                self.frame, block = frame, frame.copy()
                if back:
                    raise nonfinite_error_back(run, program, start, stop, before, block, threads=threads)
                raise nonfinite_error(run, program, start, stop, before, block, interval=interval, threads=threads)
            gap, graded = _spread(growth), _is_graded(factors)
            shorter = self._intervals.again(interval, gap, graded and interval > 1)
            if shorter is None:
                break
            interval, state[...], self.frame[...] = shorter, before, frame
        self._interval = self._intervals.following(interval, gap)
        if graded:
            self.frame[...] = frame
            self._take_up_graded(_jacobians(run, program, start, stop, before, back, threads))
        else:
            self._take_up(growth, factors, exponents)

    def log_singular_values(self):
        """Natural logs of the singular values: (B, n), descending, -inf for those that are zero."""
        return np.array([
            log_singular_values(columns, exponent) + base for columns, exponent, base in self._graded_columns()
        ]).reshape(self._logs.shape)  # fmt: skip

    def singular_vectors(self):
        """``(logs, right, left)``: logs as above, right and left singular vectors as columns, (B, n, n).

        Columns of zeros where nothing tells a direction any more: on the left, where a singular value is zero.
        """
        logs, right, left = (np.empty(shape) for shape in (self._logs.shape, self.frame.shape, self.frame.shape))
        for sequence, (columns, exponent, base) in enumerate(self._graded_columns()):
            # Tᵀ D = Y Σ Zᵀ, so that U D T = (U Z) Σ Yᵀ
            values, right[sequence], rotations = scaled_svd(columns, exponent, rotations=True)
            logs[sequence] = values + base
            left[sequence] = self.frame[sequence] @ rotations
        return logs, right, left

    def _graded_columns(self):
        """Tᵀ D of each sequence: columns, their exponents, and the log of a factor of them all."""
        for logs, corrections, right in zip(self._logs, self._corrections, self._right):
            first = np.argmax(logs)
            base = logs[first] if np.isfinite(logs[first]) else 0.0
            relative = (logs - base) + (corrections - corrections[first])
            present = np.isfinite(relative)
            exponent = np.rint(np.where(present, relative, 0) / np.log(2)).astype(np.int64)
            scale = np.where(present, np.exp(np.where(present, relative, 0) - np.log(2) * exponent), 0)
            yield right.T * scale, exponent, base + corrections[first]

    def _take_up(self, growth, factors, exponents):
        changes = self._changes(growth, factors, exponents)
        largest = np.abs(changes).max(axis=(1, 2), initial=0)
        disordered = np.flatnonzero(~(largest <= _LARGEST))
        ordered = disordered[0] if len(disordered) else len(growth)
        for change in changes[:ordered][largest[:ordered] > _NEGLIGIBLE]:
            self._change_right(change)
        self._grow(growth[:ordered].sum(axis=0))
        if ordered < len(growth):
            self._reorder(factors[ordered:], exponents[ordered:])

    def _changes(self, growth, factors, exponents):
        """N of each factor above its diagonal, row after row: ``(Q, B, n (n - 1) / 2)``."""
        row, column = self._above
        grown = np.zeros_like(growth)
        np.cumsum(growth[:-1], axis=0, out=grown[1:])
        # Nothing is left of an annihilated direction: its row is free, its column zero.
        before, after = grown + self._logs, grown + growth + self._logs
        rows = np.where(np.isfinite(after), grown + growth, np.inf)
        columns = np.where(np.isfinite(before), np.log(2) * exponents + grown, -np.inf)
        logs = np.where(np.isfinite(self._logs), self._logs, 0)
        changes = (logs[:, column] - logs[:, row]) + (self._corrections[:, column] - self._corrections[:, row])
        changes = changes + columns[..., column]
        changes -= rows[..., row]
        np.minimum(changes, _LARGEST_LOG, out=changes)
        np.exp(changes, out=changes)
        changes *= factors[..., row, column]
        return changes

    def _change_right(self, change):
        """T ← N T"""
        matrices = np.tile(np.eye(self._right.shape[1]), (len(change), 1, 1))
        row, column = self._above
        matrices[:, row, column] = change
        self._right = matrices @ self._right

    def _grow(self, growth):
        """D ← exp(growth) D; the logs are summed with compensation."""
        with np.errstate(invalid="ignore"):
            added = growth + self._corrections
            total = self._logs + added
            lost = added - (total - self._logs)
        self._corrections = np.where(np.isfinite(total), lost, 0)
        self._logs = total

    def _reorder(self, factors, exponents):
        """Take up factors whose columns are not in the order of their size: U V in the place of U, V orthonormal."""
        turns = np.tile(np.eye(self.frame.shape[1]), (len(self.frame), 1, 1))
        for factor, exponent in zip(factors, exponents):
            turns = self._orthonormalise_pivoted(*_scaled_product(factor, exponent, turns))
        self.frame[...] = self.frame @ turns

    def _take_up_graded(self, jacobians):
        """Take up Jacobians A = M C, columns ``(B, n, n)`` with exponents ``(B, n)``; columns of M have one size."""
        frame = self.frame.astype(np.float64)
        for columns, exponents in jacobians:
            columns, exponents = normalise(columns, exponents)
            present = columns.any(axis=1)
            largest = np.where(present, exponents, -(2**62)).max(axis=1, keepdims=True)
            scales = np.where(present, np.ldexp(1.0, np.where(present, exponents - largest, 0)), 0)
            frame = self._orthonormalise_pivoted(scales[:, :, None] * frame, np.broadcast_to(largest, scales.shape))
            frame = self._orthonormalise_pivoted((columns @ frame).astype(columns.dtype), np.zeros_like(exponents))
        self.frame[...] = frame

    def _orthonormalise_pivoted(self, block, exponents):
        """Take up R of block · 2**exponents, the image of the frame, columns in the order of their size; returns Q."""
        block, exponents = normalise(block, exponents)
        logs = np.log(2) * exponents + self._logs + self._corrections
        order, frames, factors = map(np.array, zip(*map(graded_qr, block, logs)))
        exponents, self._logs, self._corrections = (
            np.take_along_axis(array, order, axis=1) for array in (exponents, self._logs, self._corrections)
        )
        self._right = np.take_along_axis(self._right, order[:, :, None], axis=1)
        with np.errstate(divide="ignore"):
            growth = np.log(np.diagonal(factors, axis1=1, axis2=2)) + np.log(2) * exponents
        self._change_right(self._changes(growth[None], factors[None], exponents[None])[0])
        self._grow(growth)
        return frames


def _jacobians(run, program, start, stop, state, back, threads):
    """Jacobians, or going back their transposes, step by step in the order of the walk: columns and their exponents."""
    states = np.empty((stop - start + 1, *state.shape), state.dtype)
    states[0] = state
    program.advance(
        run.inputs_between(start, stop), stop - start, state.copy(),
        start=start, every=1, outputs=None, states=states[1:], threads=threads,
    )  # fmt: skip
    found = []
    for step in range(stop - 1, start - 1, -1) if back else range(start, stop):
        inputs, before = run.inputs_between(step, step + 1), states[step - start].copy()
        columns = np.tile(np.eye(state.shape[1], dtype=state.dtype), (len(state), 1, 1))
        exponents = np.zeros(state.shape, np.int64)
        if back:
            program.pull_back(
                inputs, 1, before, columns, exponents,
                start=step, labels=None, groups=1, norms=None, threads=threads,
            )  # fmt: skip
        else:
            program.multiply(inputs, 1, before, columns, exponents, start=step, every=1, norms=None, threads=threads)
        found.append((columns, exponents))
    return found


def _spread(growth):
    """Growth between the first and the last direction from one orthonormalisation to the next, in nats: the largest."""
    grown = np.isfinite(growth)
    highest = np.max(growth, axis=2, initial=-np.inf, where=grown)
    lowest = np.min(growth, axis=2, initial=np.inf, where=grown)
    return max(0.0, float(np.max(highest - lowest, initial=0.0)))


def _is_graded(factors):
    """Whether Gram-Schmidt has left so little of a column that rounding errors show."""
    rest = np.diagonal(factors, axis1=-2, axis2=-1)
    return bool(np.any(rest < _LEAST_REST[factors.dtype] * np.linalg.norm(factors, axis=-2)))


def _scaled_product(factor, exponent, turns):
    """(factor · 2**exponent) @ turns as columns with exponents of their own: ``(B, n, n)`` and ``(B, n)``."""
    magnitude = np.frexp(turns)[1] + exponent[:, :, None]
    scale = np.max(magnitude, axis=1, initial=-(2**62), where=turns != 0)
    scale = np.where(turns.any(axis=1), scale, 0)
    shift = np.maximum(exponent[:, :, None] - scale[:, None, :], -2000)
    return factor @ np.ldexp(turns, np.where(turns != 0, shift, 0)), scale
