"""Gradients in deep nets before and after training: where they vanish, and in how few parameters they gather.

    pip install rnncore[report] scikit-learn
    python examples/digits_depth.py digits_depth.png

Nets of ten hidden layers learn the 1797 handwritten digits that come with scikit-learn, by Adam (Kingma and Ba 2015) on
the cross-entropy; gradients come from rnncore.layer_gradients. Weights start uniform within ±1/√n_in, as in
torch.nn.Linear: their variance of 1/(3 n_in) shrinks a gradient by √3 a layer, and the slopes of the nonlinearity
shrink it further (Glorot and Bengio 2010).
"""

import sys
from itertools import pairwise

import numpy as np
from sklearn.datasets import load_digits

import rnncore
from rnncore.whole_files import whole_file

NONLINEARITIES = ("elu", "relu", "sigmoid", "tanh", "identity")
HIDDEN_LAYERS, WIDTH = 10, 32
ITERATIONS, BATCH = 600, 128
SINGLES = 100
LEARNING_RATE = 2e-3
DECAY, SQUARES_DECAY, SMALLEST = 0.9, 0.999, 1e-8  # Adam's


def main(path, iterations=ITERATIONS):
    images, labels = load_digits(return_X_y=True)
    images = images / 16
    found = {}
    for nonlinearity in NONLINEARITIES:
        net = make_net(nonlinearity)
        trained = train(net, images, labels, iterations)
        found[nonlinearity] = [measure(state, images, labels) for state in (net, trained)]
        print(f"\n{nonlinearity}: {100 * accuracy(trained, images, labels):.1f} % of the digits right after training")
        print_table(*found[nonlinearity], concentration_of_singles(trained, images, labels))
    draw(found, path)


def make_net(nonlinearity):
    random = np.random.default_rng(1797)
    widths = [64, *HIDDEN_LAYERS * [WIDTH], 10]
    layers = []
    for inputs, outputs in pairwise(widths):
        bound = 1 / np.sqrt(inputs)
        weight, bias = random.uniform(-bound, bound, (outputs, inputs)), random.uniform(-bound, bound, outputs)
        layers.append(rnncore.Dense(weight, bias, nonlinearity=nonlinearity if outputs == WIDTH else "identity"))
    return rnncore.Chain(layers)


def measure(net, images, labels):
    """Gradients of the mean cross-entropy over all images."""
    cotangent = probabilities(net, images)
    cotangent[np.arange(len(labels)), labels] -= 1
    return rnncore.layer_gradients(net, images, cotangent / len(labels))


def concentration_of_singles(net, images, labels):
    """Shares of the largest 1 % and of the negligible parameters for one digit at a time, the mean over some digits."""
    digits = [measure(net, images[[index]], labels[[index]]).concentration for index in range(SINGLES)]
    return np.mean([[found.of_squares, found.negligible_in_net] for found in digits], axis=0)


def probabilities(net, images):
    logits = rnncore.simulate(net, images).outputs  # without memory each step is an input of its own
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def accuracy(net, images, labels):
    return np.mean(probabilities(net, images).argmax(axis=1) == labels)


def train(net, images, labels, iterations):
    random = np.random.default_rng(0)
    means = {name: np.zeros(array.shape) for name, array in net.parameters.items()}
    squares = {name: np.zeros(array.shape) for name, array in net.parameters.items()}
    for iteration in range(1, iterations + 1):
        chosen = random.choice(len(labels), BATCH, replace=False)
        gradients = measure(net, images[chosen], labels[chosen]).parameters
        parameters = {}
        for name, gradient in gradients.items():
            means[name] += (1 - DECAY) * (gradient - means[name])
            squares[name] += (1 - SQUARES_DECAY) * (gradient**2 - squares[name])
            mean, square = means[name] / (1 - DECAY**iteration), squares[name] / (1 - SQUARES_DECAY**iteration)
            parameters[name] = net.parameters[name] - LEARNING_RATE * mean / (np.sqrt(square) + SMALLEST)
        net = net.replace(**parameters)
    return net


def print_table(before, after, of_singles):
    """Magnitudes as root mean squares over a layer's parameters; shares after training, in per cent."""
    print("         gradient before        gradient after         largest 1 % hold       negligible in net")
    print("  layer  all digits  a single   all digits  a single   all digits  a single   all digits  a single")
    magnitudes = [column for found in (before, after) for column in (found.root_mean_squares, typical_single(found))]
    of_all = after.concentration.of_squares, after.concentration.negligible_in_net
    shares = [100 * column for pair in zip(of_all, of_singles) for column in pair]
    for layer, row in enumerate(zip(*magnitudes, *shares), start=1):
        numbers = [f"{value:11.1e}" for value in row[:4]] + [f"{value:9.0f} %" for value in row[4:]]
        print(f"  {layer:5}" + "".join(numbers))


def typical_single(found):
    """The median over digits, each by itself rather than as a part of the mean."""
    return len(found.single_norms) * np.median(found.single_norms / np.sqrt(found.sizes), axis=0)


def draw(found, path):
    """A row for each nonlinearity: magnitude before and after, concentration after."""
    from matplotlib.figure import Figure

    from rnncore.figures.layer_gradients import plot_concentration

    figure = Figure(figsize=(15, 3.4 * len(found)), layout="constrained")
    for row, (nonlinearity, (before, after)) in zip(figure.subplots(len(found), 3), found.items()):
        for ax, gradients, when in zip(row, (before, after), ("before", "after")):
            gradients.plot(ax).set_title(f"{nonlinearity}, {when} training: gradient by layer", loc="left")
        plot_concentration(after, row[2]).set_title(f"{nonlinearity}, after: how few parameters hold it", loc="left")
    with whole_file(path) as temporary:
        figure.savefig(temporary, format="png", dpi=90)


if __name__ == "__main__":
    main(sys.argv[1])
