"""How much of a response each mode makes: Σ_t y_t · y_t^g over Σ_t ‖y_t‖², with y = Σ_g y^g."""

import math

import numpy as np

from ..cells import Diagonal, Linear
from ..errors import NonFiniteError
from ..simulation import simulate

_HELD_NUMBERS = 1 << 22
_MOST_DOUBLINGS = 60


class ModalSystem:
    """A real recursion beside the same in its modes, z_t = T z_{t-1} + L B x_t, s_t = R z_t.

    Parameters
    ----------
    system : StateSpace
        Real, or of a complex Diagonal cell by itself, whose states are pairs.
    basis, dual : arrays (n, n) or None
        R and L; None: the identity, for units that are modes as they are.
    parts : list of slices
        The components of z that belong to each mode.
    blocks : list of (m, m) arrays
        On T's diagonal.
    """

    def __init__(self, system, basis, dual, parts, blocks=()):
        self.system, self.basis, self.parts, self.blocks = system, basis, parts, blocks
        self.drive = system.drive if dual is None else dual @ system.drive

    def of_inputs(self, inputs, options, report):
        """``(shares, relative sizes)`` of the response to inputs (T, n_in) or (T, B, n_in).

        Raises
        ------
        NonFiniteError
            The response leaves the finite numbers.
        """
        system = self.system
        size = system.size * (2 if system.is_complex else 1)
        cells = [_linear(system.transition, system.drive)]
        if self.basis is not None:
            cells.append(_linear(_block_diagonal(self.blocks), self.drive))
        lead = inputs.shape[1:-1]
        states = [np.zeros((*lead, size)) for _ in cells]
        crossed, squares = np.zeros(size), np.zeros(size) if self._is_plain else np.zeros((size, size))
        length = max(1, _HELD_NUMBERS // max(1, math.prod(lead) * size))
        for start in range(0, len(inputs), length):
            part = inputs[start : start + length]
            try:
                runs = [
                    simulate(cell, part, state=state, raise_nonfinite=True, **options)
                    for cell, state in zip(cells, states)
                ]
            except NonFiniteError as error:
                raise NonFiniteError(start + error.step, error.unit, error.batch, error.what) from None
            states = [run.final_state for run in runs]
            whole, modal = (runs[index].outputs.reshape(-1, size) for index in (0, -1))
            crossed += np.einsum("ti,ti->i", self._onto_modes(whole), modal)
            squares += np.einsum("ti,ti->i", modal, modal) if self._is_plain else modal.T @ modal
            report(len(part))
        return self._result(crossed, squares)

    def of_impulses(self):
        """The same of all impulse responses together, or of white noise. All modes must decay.

        Σ_k A^k B Bᵀ Lᵀ T^kᵀ = X solves X = A X Tᵀ + B Bᵀ Lᵀ: by Smith's method with squares (Smith 1968).
        """
        if self._is_plain:
            sizes = np.abs(self.system.transition)
            energies = np.sum(np.abs(self.drive) ** 2, axis=1) / ((1 - sizes) * (1 + sizes))
            energies = np.stack([energies, 0 * energies], axis=1).ravel() if self.system.is_complex else energies
            return self._result(energies, energies)
        transition = self.system.dense_transition()
        modal = _block_diagonal(self.blocks).toarray()
        squares = _gramian(modal, modal, self.drive @ self.drive.T)
        crossed = _gramian(transition, modal, self.system.drive @ self.drive.T)
        return self._result(np.diag(self._onto_modes(crossed.T)), squares)

    @property
    def _is_plain(self):
        return self.basis is None

    def _onto_modes(self, states):
        """Rᵀ Cᵀ C s of rows s."""
        if self.system.readout is not None:
            states = (states @ self.system.readout.T) @ self.system.readout
        return states if self._is_plain else states @ self.basis

    def _result(self, crossed, squares):
        if self._is_plain:
            own = [squares[part].sum() for part in self.parts]
        else:
            seen = self.basis if self.system.readout is None else self.system.readout @ self.basis
            own = [np.sum((seen[:, part].T @ seen[:, part]) * squares[part, part]) for part in self.parts]
        shares = np.array([crossed[part].sum() for part in self.parts])
        total = shares.sum()
        if not total > 0:
            return np.full(len(shares), np.nan), np.full(len(shares), np.nan)
        return shares / total, np.sqrt(np.maximum(own, 0) / total)


def _linear(transition, drive):
    return Diagonal(transition, drive) if transition.ndim == 1 else Linear(transition, drive)


def _block_diagonal(blocks):
    from scipy.sparse import block_diag

    return block_diag(blocks, format="csr")


def _gramian(left, right, start):
    """Σ_k left^k start right^kᵀ."""
    total = start
    for _ in range(_MOST_DOUBLINGS):
        more = left @ total @ right.T
        if np.abs(more).max() <= np.finfo(np.float64).eps / 8 * np.abs(total).max():
            break
        total = total + more
        left, right = left @ left, right @ right
    return total
