"""
A linear recursion in closed form
=================================

Responses that add up, modes, and growth on the way to nothing::

    pip install "rnncore[report]"
    python examples/linear_recursions.py linear_recursions.png

Forty units in a row pass their state on. By itself each keeps 0.6 of it a step, but what enters at one end has grown
some hundred thousandfold when it leaves at the other. Beside them are two units that turn once in 40 steps. All are
driven by a noisy series with a jump, from a state that is not zero.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from scipy.linalg import block_diag

import rnncore
from rnncore.figures.modes import plot_eigenvalues_of_modes, plot_powers
from rnncore.whole_files import whole_file

STEPS, PERIOD = 300, 40


def main(path=None):
    cell = network()
    inputs = series(np.random.default_rng(0))
    found = rnncore.superpose(cell, inputs, state=start(cell))
    run = rnncore.simulate(cell, inputs, state=start(cell))
    print(
        f"largest difference from the run: {np.abs(found.outputs - run.outputs).max() / np.abs(run.outputs).max():.1e}"
    )
    modes = rnncore.modes(cell, inputs)
    print(modes.explanation)
    draw(path, found, modes)


def network():
    """The output is what the two turning units and the last of the forty hold."""
    relay = 0.6 * np.eye(40) + 0.45 * np.eye(40, k=-1) + 0.2 * np.eye(40, k=-2)
    angle = 2 * np.pi / PERIOD
    turning = 0.98 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    drive = np.zeros((42, 1))
    drive[[0, 40]] = 1
    readout = np.zeros((1, 42))
    readout[0, [39, 40]] = 2e-6, 1
    return rnncore.Chain([rnncore.Linear(block_diag(relay, turning), drive), rnncore.Dense(readout, [1.0])])


def start(cell):
    state = np.zeros(cell.state_size)
    state[40] = 10
    return state


def series(random):
    inputs = random.normal(size=(STEPS, 1))
    inputs[100:140] += 2
    return inputs


def draw(path, found, modes):
    figure, axes = plt.subplots(1, 3, figsize=(15, 4.2), layout="constrained", width_ratios=[1.5, 1, 1.4])
    found.plot(axes[0])
    plot_eigenvalues_of_modes(modes, axes[1])
    plot_powers(modes, axes[2])
    if path is None:
        plt.show()
        return
    with whole_file(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)


if __name__ == "__main__":
    main(*sys.argv[1:])
