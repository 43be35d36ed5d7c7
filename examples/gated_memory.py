"""
Memory decided by the input
===========================

A gated unit stores a value, holds it and gives it back, beside Elman networks::

    pip install "rnncore[report]" torch
    python examples/gated_memory.py gated_memory.png

Three inputs: a value within ±1 that is new at every step, a flag that says "store this one", a flag that says "give it
back". The network is a GatedDiagonal c_t = σ(gate) c_{t-1} + relu(…) under two Dense layers. The store flag closes the
gate, which lets go of the old value, and opens the way for the new one; between two flags the gate is 1 and nothing
enters. So what is held does not change by a bit in a million steps, and the gradient of what is given back by what was
stored is 1. The weights need not be right for that, only large: with a bias K its time constant is e^K steps.

What of this an Elman network h_t = φ(W h_{t-1} + U x_t + b) can do:

- Linear: nothing, whatever its weights. It adds up responses, g_k to the value of k steps ago, flags or none. To give
  that value back needs g_k = 1, to ignore it when another one was stored g_k = 0.
- ReLU: all of it, for weights set by hand to exactly 1 (``balanced_network``). But as long as the same units are active
  the gradient over N steps is a product of N factors W: (1 + δ) W makes (1 + δ)^N of it. Weights that keep it within a
  factor 2 over a million steps are those within 7e-7 of the right ones, on every ray of weights. Training does not
  find them, and a change of the sixth digit loses them.
- tanh, sigmoid: a unit has slopes below 1, so that a value fades, or settles on one of a few fixed points with its
  gradient gone: a latch, which keeps a bit or so (Bengio, Simard and Frasconi 1994: what is latched robustly has a
  vanishing gradient). Only around 0 slopes come close to 1, and there the case is the one of ReLU.

Random and trained Elman networks are measured below: the share of the stored value that the best linear readout of the
state misses, after so many distractors.
"""

# sphinx_gallery_thumbnail_path = "images/gated_memory.png"

import sys

import numpy as np

import rnncore
from rnncore.figures.classic.value_store import (
    MARGIN,
    OLD_AT,
    STORED_AT,
    elman_networks,
    episode,
    gated_network,
    missed_shares,
    readout,
)
from rnncore.figures.style import BLUE, GREY, ORANGE, dress
from rnncore.whole_files import whole_file

STEPS = 1_000_000
DELAYS = (1, 2, 5, 10, 20, 50, 100, 1000, 10_000)
UNITS = 40
CHANGES = 10.0 ** np.arange(-9, 0)
DRAWS = 5
ITERATIONS, LONGEST_TRAINED = 3000, 20


def main(path, steps=STEPS, iterations=ITERATIONS):
    network = gated_network()
    inputs = episode(steps, np.random.default_rng(0))
    story = tell(network, inputs)
    print(f"stored {story['stored']!r}, given back {story['given_back']!r} after {steps:,} distractors")
    print(
        f"distinct values held on the way: {story['distinct']}; gradient of what is given back: {story['gradient']!r}"
    )
    print(f"log2 of the product of the gates: {story['log2_gates']:.3g}, of the gradient: {story['log2_gradient']:.3g}")
    print("\nwhat a linear readout of the state misses of the stored value, in % of its spread")
    print("  after" + "".join(f"{delay:9}" for delay in DELAYS) + " steps")
    networks = {"gated": network.layers[0], **elman_networks(), "trained ReLU": trained_network(iterations)}
    missed = {name: missed_shares(network, DELAYS) for name, network in networks.items()}
    for name, shares in missed.items():
        print(f"  {name}\n       " + "".join(f"{100 * share:9.2g}" for share in shares))
    print(f"\nwhat becomes of the value in {steps:,} steps where every weight is off by up to this part of itself")
    lost = {name: [loss(network, change, steps) for change in CHANGES] for name, network in contenders().items()}
    for name, shares in lost.items():
        print(f"  {name}: " + ", ".join(f"{change:.0e} {share:.1g}" for change, share in zip(CHANGES, shares)))
    draw(path, network, inputs, missed, lost, steps)


def balanced_network(dtype=np.float64):
    """The same by an Elman network of ReLUs: what enters, what is held with weight 1 a step later, and the flag."""
    recurrent = np.array(
        [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [1, 0, 1, 0, 0], [0, 1, 0, 1, 0], [0, 0, 0, 0, 0]], dtype
    )  # fmt: skip
    enter = np.array([[1, MARGIN, 0], [-1, MARGIN, 0], [0, -MARGIN, 0], [0, -MARGIN, 0], [0, 0, 1]], dtype)
    memory = rnncore.Elman(
        recurrent, enter, np.array([-MARGIN, -MARGIN, 0, 0, 0], dtype), nonlinearity="relu"
    )  # fmt: skip
    return rnncore.Chain([memory, *readout(np.array([[0, 0, 1, 0, MARGIN], [0, 0, 0, 1, MARGIN]], dtype))])


def contenders():
    return {"gated memory": gated_network(), "ReLU network set by hand": balanced_network()}


def tell(network, inputs, **options):
    """What is stored, held and given back, and what of the gradient."""
    memory = network.layers[0]
    states = rnncore.simulate(memory, inputs, keep="states", **options).states
    held = states[STORED_AT:, :2]
    change = np.zeros_like(inputs)
    change[STORED_AT, 0] = 1
    trajectory, moved = rnncore.jvp(network, inputs, {"inputs": change}, **options)
    stored = inputs[STORED_AT, 0]
    lag = len(inputs) - 1 - STORED_AT
    unit = 0 if stored > 0 else 1
    cotangent = np.eye(3)[unit]
    found = rnncore.carousel(memory, inputs, cotangent=cotangent, lags=[lag, lag + 1], **options)
    return {
        "stored": float(stored),
        "given_back": float(trajectory.outputs[-1, 0]),
        "silent": not trajectory.outputs[:-1].any(),
        "distinct": len(np.unique(held, axis=0)),
        "gradient": float(moved[-1, 0]),
        "log2_gates": float(found.log2_gates[0, unit]),
        "log2_gradient": float(found.log2_gradients[0, unit]),
        "log2_gradient_before_the_store": float(found.log2_gradients[1, unit]),
    }


def trained_network(iterations):
    """ReLUs trained to give back after 1 to 20 distractors: Adam (Kingma and Ba 2015), W = I at the start."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # matrices of 40 × 40
    generator = torch.Generator().manual_seed(0)
    recurrent = torch.eye(UNITS).requires_grad_()
    enter = (0.1 * torch.randn(UNITS, 3, generator=generator)).requires_grad_()
    bias = torch.zeros(UNITS, requires_grad=True)
    read = (torch.randn(UNITS, generator=generator) / UNITS**0.5).requires_grad_()
    weights = [recurrent, enter, bias, read]
    optimiser = torch.optim.Adam(weights, lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, iterations)
    for _ in range(iterations):
        delay = int(torch.randint(1, LONGEST_TRAINED + 1, (), generator=generator))
        inputs = torch.zeros(delay + 1, 64, 3)
        inputs[..., 0] = 2 * torch.rand(delay + 1, 64, generator=generator) - 1
        inputs[0, :, 1] = inputs[-1, :, 2] = 1
        h = torch.zeros(64, UNITS)
        for x in inputs:
            h = torch.relu(h @ recurrent.T + x @ enter.T + bias)
        optimiser.zero_grad()
        (h @ read - inputs[0, :, 0]).square().mean().backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        schedule.step()
    torch.set_num_threads(threads)
    recurrent, enter, bias = (weight.detach().double().numpy() for weight in (recurrent, enter, bias))
    return rnncore.Elman(recurrent, enter, bias, nonlinearity="relu")


def loss(network, change, steps, draws=DRAWS, **options):
    """|value given back late / value given back soon - 1|, the median over changes of all weights; 1 at most."""
    random = np.random.default_rng(3)
    inputs = episode(steps, random)
    inputs[STORED_AT, 0] = 0.5
    inputs[STORED_AT + 2, 2] = 1
    found = []
    for _ in range(draws):
        outputs = rnncore.simulate(perturbed(network, change, random), inputs, **options).outputs[:, 0]
        ratio = outputs[-1] / outputs[STORED_AT + 2]
        found.append(min(1.0, abs(ratio - 1)) if np.isfinite(ratio) else 1.0)
    return float(np.median(found))


def perturbed(network, change, random):
    """Every weight times 1 plus at most ``change``."""
    factors = {name: 1 + change * random.uniform(-1, 1, a.shape) for name, a in network.parameters.items()}
    return network.replace(**{name: factors[name] * array for name, array in network.parameters.items()})


def draw(path, network, inputs, missed, lost, steps):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 8.5), layout="constrained")
    run, recall, weights, gradient = figure.subplots(2, 2).ravel()
    draw_run(run, network, inputs)
    for name, shares in missed.items():
        recall.semilogx(DELAYS, 100 * np.array(shares), "o-", linewidth=3 if name == "gated" else 1.4, label=name)
    recall.legend(frameon=False, fontsize=9)
    dress(
        recall, "What a linear readout of the state misses", "distractors since the value was stored", "% of its spread"
    )
    for name, shares in lost.items():
        weights.semilogx(CHANGES, 100 * np.array(shares), "o-", label=name)
    weights.legend(frameon=False)
    dress(weights, f"What is lost in {steps:,} steps by weights a little off", "relative change of every weight", "%")
    draw_gradients(gradient, inputs)
    with whole_file(path) as temporary:
        figure.savefig(temporary, format="png", dpi=90)


def draw_run(ax, network, inputs):
    """The first steps and the last ones."""
    states = rnncore.simulate(network.layers[0], inputs).outputs
    outputs = rnncore.simulate(network, inputs).outputs[:, 0]
    shown = np.r_[0 : STORED_AT + 20, len(inputs) - 12 : len(inputs)]
    at = np.arange(len(shown)) + np.where(np.arange(len(shown)) < STORED_AT + 20, 0, 4)
    for part in (slice(0, STORED_AT + 20), slice(STORED_AT + 20, None)):
        steps, where = shown[part], at[part]
        ax.plot(where, inputs[steps, 0], ".", color=GREY, label="value at the input")
        ax.plot(where, states[steps, 0] - states[steps, 1], color=BLUE, linewidth=2, label="held")
        ax.plot(where, outputs[steps], color=ORANGE, linewidth=1.6, label="given back")
    for flag, word in ((OLD_AT, "store"), (STORED_AT, "store"), (len(inputs) - 1, "release")):
        ax.axvline(at[shown == flag][0], color=GREY, linewidth=0.9, linestyle=":")
        ax.annotate(word, (at[shown == flag][0], 1.08), ha="center", fontsize=9)
    ax.set_xticks([OLD_AT, STORED_AT, at[-1]], [f"{OLD_AT:,}", f"{STORED_AT:,}", f"{len(inputs) - 1:,}"])
    handles, labels = ax.get_legend_handles_labels()
    ax.legend(handles[:3], labels[:3], frameon=False, ncols=3, loc="lower center")
    ax.set_ylim(-1.5, 1.25)
    dress(ax, "A value that overwrites another, is held, and is given back", "step", "")


def draw_gradients(ax, inputs):
    """Of what is held at the end by what was held so many steps before."""
    after = inputs[STORED_AT + 1 : -1]
    lags = np.unique(np.geomspace(1, len(after), 300).astype(int))
    networks = {name: (network, change) for network, change, name in (
        (gated_network(), 0.1, "gated memory, weights off by 10 %"),
        (balanced_network(), 0.0, "ReLU network set by hand"),
        (balanced_network(), 1e-4, "the same, weights off by 0.01 %"),
    )}  # fmt: skip
    for name, (network, change) in networks.items():
        memory = perturbed(network, change, np.random.default_rng(4)).layers[0]
        cotangent = (network.layers[1].parameters["weight"][0] == 1).astype(float)
        state = cotangent / 2
        norms = rnncore.gradient_norms(memory, after, state=state, cotangent=cotangent, lags=lags)
        ax.plot(norms.lags, norms.log2_norms * np.log10(2), linewidth=2, label=name)
    ax.legend(frameon=False)
    dress(ax, "A gradient by what is held", "steps back", "log10 of its norm")


if __name__ == "__main__":
    main(sys.argv[1])
