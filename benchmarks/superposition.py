"""When does the closed form of a linear recursion, ``superpose``, pay beside running it?

    python benchmarks/superposition.py [--quick] [--output FILE]

One sequence of one input, float64, spectral radius 0.9: all n states kept, and a Chain with a single output read out of
them. What ``superpose`` takes includes the responses. Outputs are compared before any clock starts.
"""

import argparse
import sys

import numpy as np
from record import add_options, save

import rnncore
from rnncore.benchmark.table import markdown_table, print_table
from rnncore.benchmark.timing import Contender, Ratio, interleave

SIZES = (10, 100, 500)
MOST_STEPS, STEP_NUMBERS = 200_000, 1 << 25  # of a run that keeps all states: 256 MB
CONTENDERS = ("simulate", 'simulate, scan="associative"', "superpose")


def cell_of(kind, size):
    random = np.random.default_rng(0)
    matrix = random.normal(size=(size, size))
    matrix *= 0.9 / np.abs(np.linalg.eigvals(matrix)).max()
    drive = random.normal(size=(size, 1))
    if kind == "diagonal":
        return rnncore.Diagonal(random.uniform(-0.9, 0.9, size), drive)
    cell = rnncore.Linear(matrix, drive)
    return cell if kind == "linear" else rnncore.Chain([cell, rnncore.Dense(random.normal(size=(1, size)))])


def measure(kind, size, quick):
    print(kind, size, file=sys.stderr)
    cell = cell_of(kind, size)
    steps = min(MOST_STEPS, STEP_NUMBERS // cell.output_size) // (16 if quick else 1)
    inputs = np.random.default_rng(1).normal(size=(steps, 1))
    runs = [
        lambda: rnncore.simulate(cell, inputs),
        lambda: rnncore.simulate(cell, inputs, scan="associative"),
        lambda: rnncore.superpose(cell, inputs),
    ]
    found = [run() for run in runs]
    for other in found[1:]:
        if not np.allclose(other.outputs, found[0].outputs, rtol=0, atol=1e-11 * np.abs(found[0].outputs).max()):
            sys.exit(f"superposition: results differ at {kind} {size}")
    contenders = [Contender(name, run, steps) for name, run in zip(CONTENDERS, runs)]
    interleave(contenders, rounds=3 if quick else 7, repeats=1)
    return contenders, found[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    arguments = parser.parse_args()
    rows, cases = [], []
    for kind in ("linear", "linear, one output", "diagonal"):
        for size in SIZES[: 2 if arguments.quick else None]:
            contenders, found = measure(kind, size, arguments.quick)
            times = [f"{contender.microseconds_per_step:.3g}" for contender in contenders]
            rows.append([kind, str(size), *times, str(Ratio.between(contenders[0], contenders[-1])), str(found.lags)])
            cases.append(
                {"kind": kind, "size": size, "lags": found.lags, "method": found.method}
                | {"operations": found.operations, "contenders": {c.name: c.to_dict() for c in contenders}}
            )
    headings = ["cell", "n", *CONTENDERS, "simulate ÷ superpose", "lags"]
    print("µs per step, one sequence, float64, one input")
    print_table(headings, rows)
    path = save("superposition", {"cases": cases}, arguments)
    if path is not None:
        path.with_suffix(".md").write_text(markdown_table(headings, rows))


if __name__ == "__main__":
    main()
