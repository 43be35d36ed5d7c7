"""The native vector functions over every float32 there is, judged by NumPy's float64; prints the largest errors.

Not collected by pytest, for it takes the better part of an hour: ``nox -s exhaustive``, or
``python tests/exhaustive/vector_math.py [--targets x86_v2 …] [--functions tanh …] [--stride 1]``.
"""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from rnncore.backends.native import available_targets, vector_function

PROMISED_ULP = 2
BLOCK = 1 << 20

EXACT = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log1p": np.log1p,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "softplus": lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
}


def exact(name, x):
    """The function's value of float32 ``x`` in float64: not exact, but right to some 2⁻²⁸ of a float32's last place."""
    with np.errstate(all="ignore"):
        return EXACT[name](x.astype(np.float64))


def error_in_ulp(got, exact):
    """|got - exact| in units of float32's last place; inf where a NaN, an infinity or a zero's sign is wrong."""
    with np.errstate(all="ignore"):
        rounded = exact.astype(np.float32)
        last_place = np.ldexp(1.0, np.maximum(np.frexp(exact)[1] - 24, -149))
        error = np.abs(got - exact) / last_place
    special = ~np.isfinite(rounded) | ~np.isfinite(got) | (exact == 0)
    as_it_should = np.where(np.isnan(exact), np.isnan(got), (got == rounded) & (np.signbit(got) == np.signbit(rounded)))
    return np.where(special, np.where(as_it_should, 0.0, np.inf), error)


def largest_errors(name, targets, stride, first):
    """For each target (largest error, its argument), over a block of bit patterns."""
    x = np.arange(first, min(first + BLOCK * stride, 1 << 32), stride).astype(np.uint32).view(np.float32)
    want = exact(name, x)
    errors = [error_in_ulp(vector_function(name, x, target), want) for target in targets]
    return [(error.max(), x[error.argmax()]) for error in errors]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--targets", nargs="+", default=available_targets(), metavar="TARGET")
    parser.add_argument("--functions", nargs="+", default=list(EXACT), choices=list(EXACT), metavar="FUNCTION")
    parser.add_argument("--stride", type=int, default=1, help="look at every stride-th bit pattern only")
    arguments = parser.parse_args()
    kept = True
    print("| level | function | largest error, ULP | at |\n|---|---|---|---|")
    with ThreadPoolExecutor() as pool:
        for name in arguments.functions:
            measure = partial(largest_errors, name, arguments.targets, arguments.stride)
            blocks = pool.map(measure, range(0, 1 << 32, BLOCK * arguments.stride))
            for target, parts in zip(arguments.targets, zip(*blocks)):
                error, at = max(parts, key=lambda part: part[0])
                print(f"| {target} | {name} | {error:.3f} | {float(at).hex()} |", flush=True)
                kept &= bool(error <= PROMISED_ULP)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
