"""The memory of a linear network in closed form, x_t = A x_{t-1} + B u_t with inputs independent in time.

Cov(x_t, u_{t-k}) = A^k B and Cov(x_t) = G = Σ A^k B Bᵀ A^kᵀ, the controllability Gramian: the capacity for an input k
steps ago is MC_k = bᵀ A^kᵀ G⁻¹ A^k b (Jaeger 2001; White, Lee, Sompolinsky 2004). G is singular to rounding for nearly
all networks of more than some ten units, which makes this formula useless as it stands (Ballarin, Grigoryeva, Ortega
2024). But MC_k does not depend on coordinates. In those in which G is the identity, MC_k = ‖A^k B‖² column by column;
they are found state by state without G: each state of the triangular form of A is divided into a normalised one and a
rest that white noise drives, the residue of an all-pass filter (Hammarling 1982 for the factor of G; with one input the
cascade is the basis of Takenaka and Malmquist). All that is put together is unitary: capacities of one input are as
accurate as the eigenvalues of A, and the sum over all lags is the number of controllable states.
"""

import numpy as np

from ..jacobians import jacobian


def exact_capacities(cell, lags, backend):
    """``(capacities, rank)``: ``(lags + 1, m)`` for the lags 0 … of each input alone, all inputs independent; and the
    number of controllable states, the sum over all lags.

    Raises
    ------
    ValueError
        A controllable mode does not fade.
    """
    cell = cell.astype(np.float64)
    zero = np.zeros(cell.state_size)
    transition = jacobian(cell, zero, backend=backend)
    drive = jacobian(cell, zero, wrt="input", backend=backend)
    normal, entry = input_normal(*controllable_part(transition, drive))
    found, response = np.empty((lags + 1, drive.shape[1])), entry
    for lag in range(lags + 1):
        found[lag] = np.sum(np.abs(response) ** 2, axis=0)
        response = normal @ response
    return found, len(normal)


def controllable_part(transition, drive):
    """``(A, B)`` of the states that the inputs reach, in orthonormal coordinates: the staircase form (Van Dooren 1981).

    What is within rounding of zero counts as zero.
    """
    size = len(transition)
    tolerance = size * np.finfo(np.float64).eps
    # Neither scale matters for the space; squares of the smallest numbers would be zero.
    step, fresh = (matrix / (np.abs(matrix).max() or 1.0) for matrix in (transition, drive))
    basis, level = np.zeros((size, 0)), np.linalg.norm(fresh)
    while basis.shape[1] < size:
        fresh = _independent(basis, fresh, tolerance * level)
        if not fresh.shape[1]:
            break
        basis = np.concatenate([basis, fresh], axis=1)
        fresh, level = step @ fresh, np.linalg.norm(step)
    return basis.T @ transition @ basis, basis.T @ drive


def _independent(basis, vectors, tolerance):
    """Orthonormal columns for what vectors have beyond the basis."""
    for _ in range(2):
        vectors = vectors - basis @ (basis.T @ vectors)
    left, sizes, _ = np.linalg.svd(vectors, full_matrices=False)
    found = left[:, sizes > tolerance]
    found = found - basis @ (basis.T @ found)
    return np.linalg.qr(found)[0]


def input_normal(transition, drive):
    """``(A, B)``, complex, of the same responses but for coordinates, with A Aᴴ + B Bᴴ = 1: white inputs of variance 1
    make states of variance 1, uncorrelated."""
    from scipy.linalg import schur, solve_triangular

    size, inputs = drive.shape
    if not size:
        return np.empty((0, 0)), np.empty((0, inputs))
    triangle, vectors = schur(transition, output="complex")
    radius = float(np.abs(np.diag(triangle)).max())
    if radius >= 1:
        raise ValueError(
            f"the cell must forget for a capacity in closed form: a mode that the inputs reach has a multiplier of "
            f"magnitude {radius:.6g}, at least 1"
        )
    drive = vectors.conj().T @ drive
    normal, entry = np.zeros((size, size), complex), np.zeros((size, inputs), complex)
    # What drives the states that are left: white, as rows over the normalised states so far and the inputs.
    white_states, white_inputs = np.zeros((inputs, size), complex), np.eye(inputs, dtype=complex)
    for state in reversed(range(size)):
        multiplier = triangle[state, state]
        largest = np.abs(drive[state]).max()
        # Real and imaginary parts by themselves: complex quotients of the smallest numbers overflow.
        row = (drive[state].view(float) / largest).view(complex) if largest > 0 else np.eye(inputs)[0]
        row, strength = row / np.linalg.norm(row), largest * np.linalg.norm(row)
        scale = np.sqrt((1 - abs(multiplier)) * (1 + abs(multiplier)))
        row, amplitude = row * scale, strength / scale
        place = size - 1 - state
        normal[place] = row @ white_states
        normal[place, place] += multiplier
        entry[place] = row @ white_inputs
        # (y', w') = [[λ, row], [rest]] (y, w) is unitary; w' is what drives the states above.
        unitary = np.linalg.qr(np.concatenate([[multiplier], row])[:, None].conj(), mode="complete")[0]
        rest = unitary[:, 1:].conj().T
        above = triangle[:state, :state]
        coupling = triangle[:state, state] * amplitude
        right = np.conj(multiplier) * coupling + drive[:state] @ row.conj()
        shared = solve_triangular(np.eye(state) - np.conj(multiplier) * above, right) if state else right
        of_state = above @ shared + coupling - multiplier * shared
        of_input = drive[:state] - np.outer(shared, row)
        drive = np.zeros_like(drive)
        drive[:state] = np.concatenate([of_state[:, None], of_input], axis=1) @ rest.conj().T
        white_states, white_inputs = rest[:, 1:] @ white_states, rest[:, 1:] @ white_inputs
        white_states[:, place] += rest[:, 0]
    return normal, entry
