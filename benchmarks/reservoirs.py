"""How much faster than a Python loop over scipy.sparse, and than ReservoirPy, does rnncore run a sparse reservoir?

    python benchmarks/reservoirs.py [--quick] [--output FILE]

Leaky tanh units with ten recurrent connections each, 16 inputs, one sequence, one thread, trajectory kept.
"""

import argparse
import sys
from dataclasses import asdict

import numpy as np
from record import add_options, save

import rnncore
from rnncore.benchmark.cases import Case
from rnncore.benchmark.peers import NumPyLoop, Peer, Rnncore, use_one_thread
from rnncore.benchmark.table import print_table
from rnncore.benchmark.timing import TRIAL_STEPS, Ratio, enter, interleave


class ReservoirPy(Peer):
    """``Reservoir.run`` with the case's own weights."""

    name = "reservoirpy"

    def prepare(self, case, inputs, threads):
        from reservoirpy.nodes import Reservoir

        cell = case.build()
        weight_hh, weight_ih, bias = (cell.parameters[name] for name in ("weight_hh", "weight_ih", "bias_ih"))
        inputs = inputs[:, 0]

        def run():
            reservoir = Reservoir(W=weight_hh, Win=weight_ih, bias=bias, lr=cell.leak, dtype=cell.dtype)
            return reservoir.run(inputs)

        return run


def main():
    use_one_thread()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    arguments = parser.parse_args()
    ours = Rnncore(rnncore.backends.choose_backend().name)
    libraries = [ours, NumPyLoop()] + [library for library in [ReservoirPy()] if library.installed()]
    sizes = (100, 1000) if arguments.quick else (100, 500, 1000, 2000)
    cases = [Case("elman sparse", size, 1, dtype) for dtype in ("float32", "float64") for size in sizes]
    results = [_measure(case, libraries, arguments.quick) for case in cases]
    print("µs per step; in brackets the band that eight in ten rounds lie in")
    print_table(
        ["dtype", "n", ours.name, "scipy loop", "÷ rnncore", "reservoirpy", "÷ rnncore"], map(_row, cases, results)
    )
    save(
        "reservoirs",
        {"cases": [asdict(case) | {"contenders": {c.name: c.to_dict() for c in r}} for case, r in zip(cases, results)]},
        arguments,
    )


def _row(case, contenders):
    ours, *others = contenders
    row = [case.dtype, str(case.size), f"{ours.microseconds_per_step:.3g}"]
    for other in others:
        row += [f"{other.microseconds_per_step:.3g}", str(Ratio.between(other, ours))]
    return row + ["not installed", ""] * (2 - len(others))


def _measure(case, libraries, quick):
    contenders = []
    true = rnncore.simulate(case.build(), case.inputs(TRIAL_STEPS), backend="reference").outputs
    for library in libraries:
        contender, outputs = enter(library, case, 1, 0.005 if quick else 0.02)
        if not np.allclose(outputs.reshape(true.shape), true, atol=1e-4):
            sys.exit(f"reservoirs: {library.name} computes something else at {case}")
        contenders.append(contender)
    interleave(contenders, rounds=3 if quick else 15)
    return contenders


if __name__ == "__main__":
    main()
