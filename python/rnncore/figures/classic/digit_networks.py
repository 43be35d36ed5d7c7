"""Deep feed-forward nets that learn scikit-learn's handwritten digits."""

from itertools import pairwise

import numpy as np

from ...backpropagation import record
from ...cells import Chain, Dense
from ...gradient_flow import layer_gradients
from ...simulation import simulate

HIDDEN_LAYERS, WIDTH = 10, 32
BATCH, LEARNING_RATE = 128, 2e-3
DECAY, SQUARES_DECAY, SMALLEST = 0.9, 0.999, 1e-8  # Adam's


def read_digits():
    """Images (1797, 64) with values from 0 to 1, and labels (1797,) from 0 to 9."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ImportError(
            "deep_networks draws scikit-learn's handwritten digits: pip install 'rnncore[figures]'"
        ) from None
    images, labels = load_digits(return_X_y=True)
    return images / 16, labels


def make_network(nonlinearity, seed=0):
    """Weights and biases uniform within ±1/√n_in, as in torch.nn.Linear."""
    random = np.random.default_rng(seed)
    layers = []
    for inputs, outputs in pairwise([64, *HIDDEN_LAYERS * [WIDTH], 10]):
        bound = 1 / np.sqrt(inputs)
        weight, bias = random.uniform(-bound, bound, (outputs, inputs)), random.uniform(-bound, bound, outputs)
        layers.append(Dense(weight, bias, nonlinearity=nonlinearity if outputs == WIDTH else "identity"))
    return Chain(layers)


def train(network, images, labels, iterations, seed=0):
    """By Adam (Kingma and Ba 2015) on the cross-entropy of random batches."""
    random = np.random.default_rng(seed)
    means = {name: np.zeros(array.shape) for name, array in network.parameters.items()}
    squares = {name: np.zeros(array.shape) for name, array in network.parameters.items()}
    for iteration in range(1, iterations + 1):
        chosen = random.choice(len(labels), BATCH, replace=False)
        run = record(network, images[chosen], threads=1)  # without memory each step is an input of its own
        cotangent = _cotangent(run.trajectory.outputs, labels[chosen])
        gradients = run.gradients(cotangent, wrt="parameters").parameters
        parameters = {}
        for name, gradient in gradients.items():
            means[name] += (1 - DECAY) * (gradient - means[name])
            squares[name] += (1 - SQUARES_DECAY) * (gradient**2 - squares[name])
            mean, square = means[name] / (1 - DECAY**iteration), squares[name] / (1 - SQUARES_DECAY**iteration)
            parameters[name] = network.parameters[name] - LEARNING_RATE * mean / (np.sqrt(square) + SMALLEST)
        network = network.replace(**parameters)
    return network


def cross_entropy_gradients(network, images, labels):
    """:class:`rnncore.LayerGradients` of the mean cross-entropy."""
    return layer_gradients(network, images, _cotangent(simulate(network, images).outputs, labels))


def accuracy(network, images, labels):
    return float(np.mean(simulate(network, images).outputs.argmax(axis=1) == labels))


def _cotangent(logits, labels):
    """Of the mean cross-entropy, by the logits: probabilities less what is right."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    probabilities[np.arange(len(labels)), labels] -= 1
    return probabilities / len(labels)
