"""One network of each kind, to be compared under the same input."""

import numpy as np

from ...cells import GRU, LSTM, Diagonal, Elman, GatedDiagonal, Linear

LONGEST_MEMORY = 10_000  # steps, of gates that begin open
_CHAOTIC = 4.0  # a spectral radius of tanhs at which two starts stay apart
_SLOWEST = 0.999  # of the linear units, whose magnitudes lie between 0.9 and this


def gaussian_matrix(units, random):
    """Independent normal entries, scaled to a spectral radius of 1."""
    weight = random.normal(size=(units, units))
    return weight / np.abs(np.linalg.eigvals(weight)).max()


def networks(units, inputs, seed=0):
    """Untrained cells by name; recurrent weights as they are commonly drawn, those from the input standard normal.

    Elman networks have a Gaussian matrix of spectral radius 1, or 4 where that is said, that of the ReLUs has norm 1,
    by which their states stay bounded for any seed, and the linear one is orthogonal.
    LSTM and GRU begin as in torch, uniform within ±1/√units; gates that begin open keep a memory for 1 to 10 000 steps
    (Tallec and Ollivier 2018), those of the gated memory as well. Linear units turn and keep 0.9 to 0.999 a step
    (Orvieto et al. 2023).
    """
    random = np.random.default_rng(seed)
    weight, enter = gaussian_matrix(units, random), random.normal(size=(units, inputs))
    contracting = weight / np.linalg.norm(weight, 2)
    orthogonal = np.linalg.qr(random.normal(size=(units, units)))[0]
    bound = units**-0.5
    recurrent, gate_inputs = random.uniform(-bound, bound, (4 * units, units)), random.normal(size=(4 * units, inputs))
    opening = np.log(random.uniform(1, LONGEST_MEMORY, units))
    opened = np.concatenate([-opening, opening, np.zeros(2 * units)])
    turning = random.uniform(0.9, _SLOWEST, units) * np.exp(1j * random.uniform(0, np.pi, units))
    return {
        "linear, orthogonal": Linear(orthogonal, enter),
        "sigmoid": Elman(weight, enter, nonlinearity="sigmoid"),
        "tanh": Elman(weight, enter),
        "tanh, radius 4": Elman(_CHAOTIC * weight, enter),
        "ReLU": Elman(contracting, enter, nonlinearity="relu"),
        "GRU": GRU(recurrent[: 3 * units], gate_inputs[: 3 * units]),
        "LSTM": LSTM(recurrent, gate_inputs),
        "LSTM, open gates": LSTM(recurrent, gate_inputs, opened),
        "linear units": Diagonal(turning, enter),
        "gated memory": GatedDiagonal(enter, 0.1 * gate_inputs[:units], bias_gate=opening),
    }
