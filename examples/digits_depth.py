"""
Gradients in deep nets before and after training
================================================

Where they vanish, and in how few parameters they gather::

    pip install "rnncore[figures]"
    python examples/digits_depth.py digits_depth.png

Nets of ten hidden layers learn the 1797 handwritten digits that come with scikit-learn, by Adam (Kingma and Ba 2015) on
the cross-entropy; gradients come from rnncore.layer_gradients. Weights start uniform within ±1/√n_in, as in
torch.nn.Linear: their variance of 1/(3 n_in) shrinks a gradient by √3 a layer, and the slopes of the nonlinearity
shrink it further (Glorot and Bengio 2010). The picture is that of rnncore.figures.deep_networks, whose numbers are
printed here.
"""

import sys

from rnncore.figures import deep_networks
from rnncore.whole_files import whole_file

ITERATIONS = 600


def main(path, iterations=ITERATIONS):
    found = deep_networks(iterations=iterations)
    for nonlinearity, states in found.numbers["networks"].items():
        right = 100 * states["after"]["accuracy"]
        print(f"\n{nonlinearity}: {right:.1f} % of the digits right after training")
        print_table(states["before"], states["after"])
    with whole_file(path) as temporary:
        found.figure.savefig(temporary, format="png", dpi=150)


def print_table(before, after):
    """Root mean squares of the gradient over a layer's parameters, all digits together and a single one."""
    print("         gradient before        gradient after")
    print("  layer  all digits  a single   all digits  a single")
    columns = (state[kind] for state in (before, after) for kind in ("of_all", "of_one"))
    for layer, row in enumerate(zip(*columns), start=1):
        print(f"  {layer:5}" + "".join(f"{value:11.1e}" for value in row))
    for kind, words in (("largest_of_all", "all digits together"), ("largest_of_one", "a single digit")):
        shares = " before, ".join(f"{100 * state[kind]:.0f} %" for state in (before, after))
        print(f"  of the squared gradient the largest 1 % of the parameters hold {shares} after: {words}")


if __name__ == "__main__":
    main(sys.argv[1])
