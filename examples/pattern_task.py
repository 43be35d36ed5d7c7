"""
How far gradients reach, and who learns a pattern
=================================================

A marked early pattern decides the output: how far back do gradients reach, and who learns it? ::

    pip install "rnncore[report]"
    python examples/pattern_task.py pattern_task.png

Every input is a value and a mark. A few steps after the start a pattern or its negative goes by, marked; 10 to 10 000
distractors follow, random values without a mark; the sign of the last output is to be that of the pattern. Networks
learn it by Adam on gradients through all steps (rnncore.record), each length from the start.

How far they get is read off their gradients before they learn. Let g_k be the norm of the output's gradient by the
state k steps back (rnncore.gradient_norms). What the pattern, N steps back, does to the gradient of the weights has
the same sign in all M episodes and adds up to M g_N; what distractors do is random and adds up to √(M Σ g_k²), the sum
over k = 0 … N. So the pattern stands out where M g_N² > Σ g_k². The largest such N is called the reach.

Where g_k falls like e^(-λk) the reach is about ln(M) / 2λ: ten times as many episodes move it by a step or so, not to
ten times the length (Hochreiter 1991; Bengio, Simard and Frasconi 1994). Where gates carry the gradient, g_k stays
what it is, and M episodes reach N = M. Two kinds of each network: Elman tanh as torch begins it and with an orthogonal
recurrent matrix (Henaff, Szlam and LeCun 2016); LSTM with its forget gates half open at the start, and LSTM and GRU
with gates that begin open for up to 100 000 steps (Tallec and Ollivier 2018). With --quick: up to 1000 distractors.
"""

# sphinx_gallery_thumbnail_path = "images/pattern_task.png"

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from adam import Adam

import rnncore
from rnncore.progress import progress_reporter
from rnncore.whole_files import whole_file

PATTERN = np.array([1, 1, -1, 1, 1])
BEFORE = 5  # distractors before the pattern
LENGTHS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
QUICK_LENGTHS = (10, 30, 100, 300, 1000)
UNITS, EPISODES, ITERATIONS = 16, 32, 400  # episodes of each iteration
LEARNING_RATE = 0.01
LONGEST_MEMORY = 100_000  # steps, of gates that begin open
SEEDS = (0, 1, 2)
ONE_SEED_FROM = 1000  # steps; longer episodes are learned once
SOLVED, JUDGED = 0.99, 10  # share that is right over so many iterations, whose episodes are always new
MEASURED_EVERY, MEASURED = 20, 4  # iterations between two looks at the gradient; episodes of each


@dataclass(frozen=True)
class Training:
    """What became of one network at one length.

    Attributes
    ----------
    length, seed, iterations : int
    solved : bool
    accuracy : float
        Over the last ten iterations.
    reach : int
        The largest of those measured along the training, none beyond ``length``.
    log2_norms : array
        Of the gradient by the state at the pattern over that by the last state, every 20 iterations.
    """

    length: int
    seed: int
    iterations: int
    solved: bool
    accuracy: float
    reach: int
    log2_norms: np.ndarray


def main(path, quick=False, progress=None):
    lengths, seeds = (QUICK_LENGTHS, SEEDS[:1]) if quick else (LENGTHS, SEEDS)
    runs = [(length, seed) for length in lengths for seed in seeds if seed == seeds[0] or length < ONE_SEED_FROM]
    curves, trainings = {}, {}
    with progress_reporter(progress, len(NETWORKS) * sum(length for length, _ in runs), "trainings") as report:
        for name, build in NETWORKS.items():
            curves[name] = gradient_curve(build(seeds[0]), lengths[-1], np.random.default_rng(0))
            trainings[name] = []
            for length, seed in runs:
                trainings[name].append(train(build(seed), length, seed))
                report(length)
    reaches = {name: reach(curve) for name, curve in curves.items()}
    print_table(reaches, trainings, lengths)
    print("\n" + "\n".join(statement(reaches, trainings, lengths[-1])))
    draw(path, curves, reaches, trainings, lengths)
    return reaches, trainings


def episodes(length, count, random):
    """Inputs (steps, count, 2), value and mark, and the signs of the patterns, (count,)."""
    inputs = np.zeros((BEFORE + len(PATTERN) + length, count, 2), np.float32)
    inputs[..., 0] = random.uniform(-1, 1, inputs.shape[:2])
    signs = random.choice([-1.0, 1.0], count)
    marked = slice(BEFORE, BEFORE + len(PATTERN))
    inputs[marked, :, 0] = PATTERN[:, None] * signs
    inputs[marked, :, 1] = 1
    return inputs, signs


def elman(seed):
    draw = Draws(seed)
    return with_readout(rnncore.Elman(draw(UNITS, UNITS), draw(UNITS, 2), draw(UNITS)), draw)


def orthogonal_elman(seed):
    draw = Draws(seed)
    weight = np.linalg.qr(draw.random.normal(size=(UNITS, UNITS)))[0].astype(np.float32)
    return with_readout(rnncore.Elman(weight, draw(UNITS, 2)), draw)


def lstm(seed, longest_memory=LONGEST_MEMORY):
    """Forget gates that leave 1/e after 1 to ``longest_memory`` steps, and input gates that let in as little."""
    draw = Draws(seed)
    opening = draw.opening(longest_memory)
    bias = np.concatenate([-opening, opening, np.zeros(2 * UNITS, np.float32)])
    return with_readout(rnncore.LSTM(draw(4 * UNITS, UNITS), draw(4 * UNITS, 2), bias), draw)


def half_open_lstm(seed):
    return lstm(seed, 1)


def gru(seed):
    draw = Draws(seed)
    bias = np.zeros(3 * UNITS, np.float32)
    bias[UNITS : 2 * UNITS] = draw.opening(LONGEST_MEMORY)
    return with_readout(rnncore.GRU(draw(3 * UNITS, UNITS), draw(3 * UNITS, 2), bias), draw)


NETWORKS = {
    "Elman tanh": elman,
    "Elman tanh, orthogonal": orthogonal_elman,
    "LSTM, gates half open": half_open_lstm,
    "LSTM": lstm,
    "GRU": gru,
}


class Draws:
    """Weights uniform within ±1/√units, as in torch."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def __call__(self, *shape):
        return self.random.uniform(-(UNITS**-0.5), UNITS**-0.5, shape).astype(np.float32)

    def opening(self, longest):
        """Biases of gates: σ(b) = 1 - 1/τ for τ - 1 of up to ``longest`` steps."""
        return np.log(self.random.uniform(1, longest, UNITS)).astype(np.float32)


def with_readout(layer, draw):
    return rnncore.Chain([layer, rnncore.Dense(draw(1, UNITS), np.zeros(1, np.float32))])


def train(network, length, seed):
    """Until it is solved, or the iterations end."""
    random = np.random.default_rng([seed, length])
    optimiser, right, reached, norms = Adam(network.parameters), [], [], []
    for iteration in range(ITERATIONS):
        if iteration % MEASURED_EVERY == 0:
            curve = gradient_curve(network, length, np.random.default_rng([seed, length, iteration]))
            reached.append(reach(curve))
            norms.append(curve[length] - curve[0])
        inputs, signs = episodes(length, EPISODES, random)
        run = rnncore.record(network, inputs, keep="last", threads=1)
        margins = signs * run.trajectory.outputs[:, 0]
        right.append(np.mean(margins > 0))
        if len(right) >= JUDGED and np.mean(right[-JUDGED:]) >= SOLVED:
            break
        # Of the mean of ln(1 + e^-margin), the logistic loss.
        cotangent = -signs / (1 + np.exp(np.minimum(margins, 80))) / EPISODES
        found = run.gradients(cotangent[:, None].astype(np.float32), at="last", wrt="parameters")
        optimiser.update(found.parameters, LEARNING_RATE)
        network = network.replace(**{name: array.astype(np.float32) for name, array in optimiser.values.items()})
    accuracy = float(np.mean(right[-JUDGED:]))
    return Training(length, seed, len(right), accuracy >= SOLVED, accuracy, max(reached), np.array(norms))


def gradient_curve(network, length, random):
    """log2 g_k at k = 0 … ``length``, of the output by the layer's state; the median of some episodes."""
    layer, readout = network.layers
    inputs, _ = episodes(length, MEASURED, random)
    cotangent = np.repeat(readout.parameters["weight"], MEASURED, axis=0)
    lags = np.arange(length + 1)
    found = rnncore.gradient_norms(layer, inputs, cotangent=cotangent, lags=lags, threads=1)
    return np.median(found.log2_norms, axis=1)


def reach(curve, count=EPISODES * ITERATIONS):
    """The largest k with M g_k² above the sum of the squares up to there; M = ``count`` episodes."""
    squares = np.exp2(2 * (curve - curve.max()))
    return int(np.flatnonzero(count * squares >= np.cumsum(squares))[-1])


def longest_solved(trainings):
    """The largest length that most trainings solve, and so all shorter ones; 0 if none."""
    longest = 0
    for length in sorted({training.length for training in trainings}):
        solved = [training.solved for training in trainings if training.length == length]
        if np.mean(solved) <= 0.5:
            break
        longest = length
    return longest


def print_table(reaches, trainings, lengths):
    print("iterations until solved, the median; of several trainings the share that is solved; – where none is")
    print(f"{'distractors':24}{'reach':>9}" + "".join(f"{length:>9,}" for length in lengths))
    for name, found in trainings.items():
        within = f"{reaches[name]:,}" if reaches[name] < lengths[-1] else f"≥ {lengths[-1]:,}"
        cells = [table_cell([training for training in found if training.length == length]) for length in lengths]
        print(f"{name:24}{within:>9}" + "".join(f"{cell:>9}" for cell in cells))


def table_cell(trainings):
    solved = [training.iterations for training in trainings if training.solved]
    if not solved:
        return "–"
    share = f" {len(solved)}/{len(trainings)}" if len(solved) < len(trainings) else ""
    return f"{np.median(solved):.0f}{share}"


def statement(reaches, trainings, longest):
    """What the trainings say of the reach that was measured before them, in words."""
    for name, found in trainings.items():
        got = longest_solved(found)
        beyond = [training for training in found if training.length > reaches[name]]
        solved = [training.length / reaches[name] for training in beyond if training.solved]
        if reaches[name] >= longest:
            yield f"{name}: gradients reach {longest:,} distractors and more; it learns up to {got:,}."
        else:
            most = f", at up to {max(solved):.1f} times the reach" if solved else ""
            yield (
                f"{name}: gradients reach {reaches[name]:,} distractors; it learns up to {got:,}. "
                f"Trainings that succeed beyond the reach: {len(solved)} of {len(beyond)}{most}."
            )
    every = [(training, name) for name, found in trainings.items() for training in found]
    told = sum(training.solved == (training.length <= reaches[name]) for training, name in every)
    yield f"Solved up to the reach measured before, and not beyond: true of {told} of {len(every)} trainings."
    for came, where in ((True, "came at least half of the way to the pattern"), (False, "never came so far")):
        chosen = [training.solved for training, _ in every if came == (2 * training.reach >= training.length)]
        yield f"Where gradients {where}, at the start or later, {sum(chosen)} of {len(chosen)} trainings succeed."


def draw(path, curves, reaches, trainings, lengths):
    from matplotlib.figure import Figure

    from rnncore.figures.style import LINES, dress

    colours = dict(zip(curves, LINES))
    figure = Figure(figsize=(14, 8.5), layout="constrained")
    before, outcome, along, iterations = figure.subplots(2, 2).ravel()
    middle = min(lengths, key=lambda length: abs(np.log(length / 200)))
    for name, colour in colours.items():
        curve, found = curves[name][1:] - curves[name][0], trainings[name]
        lags = np.arange(1, len(curve) + 1)
        before.semilogx(lags, curve * np.log10(2), color=colour, linewidth=2, label=name)
        if reaches[name] < lengths[-1]:
            before.plot(reaches[name], curve[reaches[name] - 1] * np.log10(2), "o", color=colour, markersize=8)
            outcome.axvline(reaches[name], color=colour, linestyle=":", linewidth=1.6)
        solved = {n: [training for training in found if training.length == n and training.solved] for n in lengths}
        tried = [sum(training.length == length for training in found) for length in lengths]
        outcome.semilogx(
            lengths, [100 * len(solved[n]) / k for n, k in zip(lengths, tried)], "o-", color=colour, label=name
        )
        needed = {n: np.median([training.iterations for training in some]) for n, some in solved.items() if some}
        iterations.semilogx(list(needed), list(needed.values()), "o-", color=colour, label=name)
        first = next(training for training in found if training.length == middle)
        norms = first.log2_norms * np.log10(2)
        along.plot(MEASURED_EVERY * np.arange(len(norms)), norms, color=colour, label=name, linewidth=2)
        if first.solved:
            along.plot(MEASURED_EVERY * (len(norms) - 1), norms[-1], "*", color=colour, markersize=13)
    before.set_ylim(-12, 2)
    before.legend(frameon=False)
    dress(before, "Before learning: the gradient, and its reach (dots)", "steps back", "log10 of its norm")
    dress(outcome, "Trainings that solve the task; dotted: the reach before", "distractors", "%")
    dress(
        along, f"While learning {middle:,} distractors (star: solved)", "iterations",
        "log10 of the gradient by the pattern's state",
    )  # fmt: skip
    dress(iterations, "Iterations until solved", "distractors", "")
    iterations.set_ylim(0, ITERATIONS)
    iterations.set_xlim(outcome.get_xlim())
    with whole_file(path) as temporary:
        figure.savefig(temporary, format="png", dpi=90)


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[1])
    parser.add_argument("path", type=Path, help="of the figure, a .png")
    parser.add_argument("--quick", action="store_true", help=f"up to {QUICK_LENGTHS[-1]:,} distractors")
    return parser.parse_args()


if __name__ == "__main__":
    main(**vars(read_arguments()), progress=True)
