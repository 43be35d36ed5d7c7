"""Gradients by layer, neuron and parameter of deep nets."""

import numpy as np

from ...arrays import as_count
from .classic_figure import ClassicFigure
from .digit_networks import (
    HIDDEN_LAYERS,
    accuracy,
    cross_entropy_gradients,
    make_network,
    read_digits,
    train,
)
from .panels import BLACK, BLUE, ORANGE, SMALL, legend_below, log10, page, panel

NONLINEARITIES = {"elu": "ELU", "relu": "ReLU", "sigmoid": "sigmoid", "tanh": "tanh", "identity": "identity"}
WHEN = ("before", "after")
LARGEST = 0.01
_WORDS = {"held_by_all": "all digits together", "held_by_one": "a single digit"}
_POINTS = 60
_DECADES = 8  # of the colours


def deep_networks(*, iterations=600, singles=100, seed=0):
    """Gradients of deep nets on handwritten digits, by layer, neuron and parameter, before training and after.

    Nets of ten hidden layers of 32 units under a readout. On its way back through a layer a gradient is multiplied by
    diag(φ'(z)) W, as through a step of a recurrence: with weights uniform within ±1/√n_in, of variance 1/(3 n_in), it
    shrinks by √3 a layer, and by the slopes φ' on top (Glorot and Bengio 2010), which are at most 1/4 for the sigmoid.
    What is left gathers in few parameters, for a single digit in fewer than for all.

    Parameters
    ----------
    iterations : int
        Updates of the training, of 128 digits each.
    singles : int
        Digits that are looked at one by one, 1 to 1797.
    seed : int
        Of the weights and of the choice of digits.

    Returns
    -------
    ClassicFigure
        ``numbers``: in ``networks`` by nonlinearity, then by ``"before"`` and ``"after"``: ``accuracy``, the share of
        the digits that is right; ``neurons`` (10, 32), the root mean square over the digits of a digit's gradient by
        each hidden unit; ``of_all`` and ``of_one`` (11,), the root mean square over a layer's parameters of the
        gradient of the mean over all digits, and of a digit by itself, the median; ``held_by_all`` and ``held_by_one``
        (60,), the share of the squared gradient that the largest ``shares`` (60,) of all parameters hold;
        ``largest_of_all`` and ``largest_of_one``, the same of the largest 1 %.

    Raises
    ------
    ImportError
        scikit-learn, whose 1797 digits these are, is missing.
    ValueError, TypeError
        Wrong arguments, by name.

    Notes
    -----
    By :func:`rnncore.layer_gradients` of the mean cross-entropy; trained by Adam (Kingma and Ba 2015).
    """
    iterations, singles = as_count("iterations", iterations, 0), as_count("singles", singles, 1)
    seed, figure = as_count("seed", seed, 0), page(6.6)
    images, labels = read_digits()
    if singles > len(labels):
        raise ValueError(f"singles must be at most the {len(labels)} digits there are, got {singles}")
    shares = np.geomspace(1e-4, 1, _POINTS)
    networks = {}
    for nonlinearity in NONLINEARITIES:
        network = make_network(nonlinearity, seed)
        states = network, train(network, images, labels, iterations, seed)
        networks[nonlinearity] = {
            when: _measure(state, images, labels, singles, shares) for when, state in zip(WHEN, states)
        }
    rows = figure.subplots(4, len(NONLINEARITIES), height_ratios=[1, 1, 1.25, 1.25])
    picture = None
    for column, (nonlinearity, name) in zip(rows.T, NONLINEARITIES.items()):
        found, first = networks[nonlinearity], nonlinearity == next(iter(NONLINEARITIES))
        for ax, when in zip(column, WHEN):
            picture = _draw_neurons(ax, name, when, found[when]["neurons"], first)
        _draw_layers(column[2], found, first)
        _draw_held(column[3], shares, found, first)
    bar = figure.colorbar(picture, ax=rows[:2].ravel().tolist(), pad=0.01, aspect=30)
    bar.set_label("log10 of gradient by neuron", fontsize=SMALL)
    bar.ax.tick_params(labelsize=SMALL)
    for row in rows[2:]:
        for ax in row[1:]:
            ax.sharey(row[0])
            ax.tick_params(labelleft=False)
    legend_below(figure, rows[3, 0])
    return ClassicFigure.of(deep_networks, figure, {"networks": networks, "shares": shares}, _caption(networks))


def _measure(network, images, labels, singles, shares):
    found = cross_entropy_gradients(network, images, labels)
    neurons = [np.sqrt(np.mean((len(labels) * part) ** 2, axis=0)) for part in found.neurons[:HIDDEN_LAYERS]]
    ones = [cross_entropy_gradients(network, images[[index]], labels[[index]]) for index in range(singles)]
    held = np.nanmean([_held_by(one.parameters, [LARGEST, *shares]) for one in ones], axis=0)
    held_by_all = _held_by(found.parameters, [LARGEST, *shares])
    return {
        "accuracy": accuracy(network, images, labels),
        "neurons": np.array(neurons),
        "of_all": found.root_mean_squares,
        "of_one": np.median([one.root_mean_squares for one in ones], axis=0),
        "held_by_all": held_by_all[1:],
        "held_by_one": held[1:],
        "largest_of_all": float(held_by_all[0]),
        "largest_of_one": float(held[0]),
    }


def _held_by(parameters, shares):
    """Share of the sum of squares in so large a part of the components, the largest of them."""
    magnitudes = np.sort(np.concatenate([np.abs(array).ravel() for array in parameters.values()]))[::-1]
    if magnitudes[0] == 0:  # a digit that the net is certain of
        return np.full(len(shares), np.nan)
    squares = np.cumsum((magnitudes / magnitudes[0]) ** 2)
    return squares[np.ceil(np.array(shares) * len(squares)).astype(int) - 1] / squares[-1]


def _draw_neurons(ax, name, when, neurons, first):
    picture = ax.imshow(
        log10(neurons).T, aspect="auto", origin="lower", cmap="cividis", vmin=-_DECADES, vmax=0,
        extent=(0.5, len(neurons) + 0.5, 0.5, neurons.shape[1] + 0.5),
    )  # fmt: skip
    panel(ax, f"{name}, {when}", "", "neuron" if first else "")
    ax.grid(False)
    if not first:
        ax.tick_params(labelleft=False)
    return picture


def _draw_layers(ax, found, first):
    for when, fill in zip(WHEN, ("none", None)):
        for kind, colour, marker in (("of_all", BLUE, "o"), ("of_one", ORANGE, "s")):
            curve = log10(found[when][kind])
            ax.plot(
                np.arange(1, len(curve) + 1), curve, color=colour, marker=marker, markersize=2.5, linewidth=0.9,
                linestyle="--" if when == "before" else "-", markerfacecolor=fill,
            )  # fmt: skip
    panel(ax, "", "layer", "log10 of gradient" if first else "")


def _draw_held(ax, shares, found, first):
    for when in WHEN:
        for kind, colour in (("held_by_all", BLUE), ("held_by_one", ORANGE)):
            ax.plot(
                100 * shares, 100 * found[when][kind], color=colour, linewidth=1.1,
                linestyle="--" if when == "before" else "-", label=f"{_WORDS[kind]}, {when}",
            )  # fmt: skip
    ax.axvline(100 * LARGEST, color=BLACK, linewidth=0.5, linestyle=":")
    ax.set_xscale("log")
    ax.set_xticks([0.01, 1, 100], ["0.01", "1", "100"])
    panel(ax, "", "largest % of\nparameters", "% of squared gradient" if first else "")


def _caption(networks):
    ratios = {
        n: [states[when]["of_all"][0] / states[when]["of_all"][-1] for when in WHEN] for n, states in networks.items()
    }
    fading = ", ".join(f"{name} {ratios[n][0]:.1e} / {ratios[n][1]:.1e}" for n, name in NONLINEARITIES.items())
    held = ", ".join(
        f"{name} {100 * networks[n]['after']['largest_of_all']:.0f} / "
        f"{100 * networks[n]['after']['largest_of_one']:.0f} %"
        for n, name in NONLINEARITIES.items()
    )
    right = ", ".join(f"{name} {100 * networks[n]['after']['accuracy']:.0f} %" for n, name in NONLINEARITIES.items())
    return (
        f"Gradient in the first layer over that in the last, before / after training: {fading}. Of the squared "
        f"gradient after training the largest 1 % of the parameters hold, for all digits / for a single one: {held}. "
        f"Digits that are right after training: {right}."
    )
