"""The task of storing a value on a flag and giving it back on another, and networks that try it.

Three inputs: a value within ±1 that is new at every step, a flag that says "store this one", a flag that says "give it
back".
"""

import numpy as np

from ...cells import Chain, Dense, Elman, GatedDiagonal
from ...simulation import simulate
from .networks import gaussian_matrix

SATURATION = 1000.0  # K: σ(K) is 1 and σ(-K) is 0 in floating point
MARGIN = 2.0  # what a flag weighs against values within ±1
STORED_AT, OLD_AT = 20, 5
INPUT_SCALES = (1e-3, 0.1, 1.0)
_STRETCH = 500  # steps that are simulated at a time


def gated_network(saturation=SATURATION, dtype=np.float64):
    """Units: the value where it is positive, where it is negative, and the release flag on its way to the readout.

    The store flag closes the gate, which lets go of the old value, and opens the way for the new one; between two flags
    the gate is 1 and nothing enters.
    """
    enter = np.array([[1, MARGIN, 0], [-1, MARGIN, 0], [0, 0, 1]], dtype)
    close = np.array([[0, -2 * saturation, 0], [0, -2 * saturation, 0], [0, 0, 0]], dtype)
    memory = GatedDiagonal(
        enter, close, np.array([-MARGIN, -MARGIN, 0], dtype), np.array([saturation, saturation, -saturation], dtype),
        nonlinearity="relu",
    )  # fmt: skip
    return Chain([memory, *readout(np.array([[1, 0, MARGIN], [0, 1, MARGIN]], dtype))])


def readout(release):
    """Nothing but where the flag is up, then the positive part less the negative one."""
    released = Dense(release, np.full(2, -MARGIN, release.dtype), nonlinearity="relu")
    return released, Dense(np.array([[1, -1]], release.dtype))


def elman_networks(units=40, episodes=600):
    """Networks as they are drawn or initialised, in each family the scale of input weights that recalls best."""
    random = np.random.default_rng(1)
    gaussian = gaussian_matrix(units, random)
    orthogonal = np.linalg.qr(random.normal(size=(units, units)))[0]
    enter = random.normal(size=(units, 3))
    families = {"linear, orthogonal": (orthogonal, "identity"), "tanh, orthogonal": (orthogonal, "tanh")}
    families |= {f"tanh, spectral radius {radius}": (radius * gaussian, "tanh") for radius in (0.9, 1.1, 1.5)}
    families["ReLU, identity (Le, Jaitly and Hinton 2015)"] = (np.eye(units), "relu")
    found = {}
    for name, (weight, nonlinearity) in families.items():
        scaled = [Elman(weight, scale * enter, nonlinearity=nonlinearity) for scale in INPUT_SCALES]
        found[name] = min(scaled, key=lambda network: missed_shares(network, (100,), episodes)[0])
    return found


def episode(steps, random, dtype=np.float64):
    """Inputs: a value stored, another one stored over it, ``steps`` distractors, release. (STORED_AT + steps + 2, 3)"""
    inputs = np.zeros((STORED_AT + steps + 2, 3), dtype)
    # Multiples of 2^-20: sums with the flags' weights are exact in whatever order, even in float32.
    inputs[:, 0] = random.integers(-(2**20), 2**20, len(inputs), endpoint=True) / 2.0**20
    inputs[[OLD_AT, STORED_AT], 1] = 1
    inputs[-1, 2] = 1
    return inputs


def missed_shares(network, delays, episodes=600, **options):
    """Share of the stored values' spread that a linear readout of the state misses after so many distractors.

    Half of the episodes fit the readout, for every delay its own, the other half judges it; 1 where the state left the
    finite numbers. What is lost stays lost: distractors do not depend on the value, so that no readout of a later state
    tells more of it than the best readout of an earlier one (data processing inequality).
    """
    random = np.random.default_rng(2)
    inputs = np.zeros((1, episodes, 3))
    stored = inputs[0, :, 0] = random.uniform(-1, 1, episodes)
    inputs[0, :, 1] = 1
    state, done, shares = None, 0, []
    for delay in delays:
        while done <= delay:
            run = simulate(network, inputs, state=state, keep="last", check_finite=False, **options)
            state, done = run.final_state, done + len(inputs)
            inputs = np.zeros((min(_STRETCH, max(1, delay + 1 - done)), episodes, 3))
            inputs[..., 0] = random.uniform(-1, 1, inputs.shape[:2])
        shares.append(_missed_share(run.outputs, stored))
    return shares


def _missed_share(states, stored):
    if not np.isfinite(states).all():
        return 1.0
    half = len(stored) // 2
    means, middle = states[:half].mean(axis=0), stored[:half].mean()
    left, values, right = np.linalg.svd(states[:half] - means, full_matrices=False)
    errors = []
    for ridge in 10.0 ** np.arange(-14, 1, 2) * max(values[0], 1e-300):
        weights = right.T @ (values / (values**2 + ridge**2 + 1e-300) * (left.T @ (stored[:half] - middle)))
        guess = (states[half:] - means) @ weights + middle
        errors.append(np.sqrt(np.mean((guess - stored[half:]) ** 2)))
    return float(min(1.0, min(errors) / np.std(stored[half:])))
