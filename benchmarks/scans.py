"""When does ``simulate(scan="associative")`` pay?

    python benchmarks/scans.py [--quick] [--output FILE]

One sequence, float32, 16 inputs, on the native backend where there is one; step by step, and by blocks of steps on one
thread and on all. The first run, which works out the power of a matrix, is not timed; its seconds stand beside.
"""

import argparse
import sys
from dataclasses import asdict

import numpy as np
from record import add_options, save

import rnncore
from rnncore.backends import choose_backend
from rnncore.benchmark.cases import Case
from rnncore.benchmark.table import markdown_table, print_table
from rnncore.benchmark.timing import Contender, Ratio, interleave
from rnncore.threads import available_threads

SIZES = {
    "linear": (16, 64, 128, 256, 512, 1024),
    "diagonal": (4, 16, 64, 256),
    "diagonal complex": (16,),
    "gated diagonal": (16, 64, 256),
}
STEP_BYTES = 1 << 27  # of a trajectory: beyond the caches
MOST_STEPS, MOST_WEIGHTS = 1_000_000, 1 << 34  # read in a run


def steps_of(case, quick):
    rows = STEP_BYTES // (4 * case.size)
    return min(rows, MOST_STEPS, MOST_WEIGHTS // (case.recurrent_weights + 16 * case.size)) // (16 if quick else 1)


def measure(case, keep, quick):
    print(case, keep, file=sys.stderr)
    cell, steps = case.build(), steps_of(case, quick)
    inputs = case.inputs(steps)[:, 0]
    out = None if keep == "last" else np.zeros((steps, cell.output_size), np.float32)
    contenders, outputs = [], []
    for name, scan, threads in _ways():

        def run(scan=scan, threads=threads):
            return rnncore.simulate(cell, inputs, keep=keep, out=out, scan=scan, threads=threads).outputs

        contender = Contender(name, run, steps)
        contender.time_round(1)
        outputs.append(np.array(run()))
        first = contender.seconds.pop()
        contender.time_round(3)
        contender.preparation = first - contender.seconds.pop()
        contenders.append(contender)
    for other in outputs[1:]:
        # Cells that forget within some hundred steps: sums in another order differ by some roundings of them.
        if not np.allclose(other, outputs[0], rtol=0, atol=1e-4 * np.abs(outputs[0]).max()):
            sys.exit(f"scans: results differ at {case}")
    interleave(contenders, rounds=3 if quick else 9, repeats=1)
    return contenders


def _ways():
    ways = [("sequential", "sequential", 1), ("associative, 1 thread", "associative", 1)]
    several = available_threads()
    return ways + [(f"associative, {several} threads", "associative", several)] * (several > 1)


def row_of(case, keep, contenders):
    times = [f"{1e3 * contender.microseconds_per_step:.3g}" for contender in contenders]
    ratios = [str(Ratio.between(contenders[0], other)) for other in contenders[1:]]
    return [case.cell, keep, str(case.size), *times, *ratios, *_beside(contenders)]


def _beside(contenders):
    """How many cores the last one kept busy, and what its first run took beyond the later ones."""
    return f"{contenders[-1].cores:.1f}", f"{contenders[1].preparation:.2g}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    arguments = parser.parse_args()
    cases = [Case(cell, size) for cell, sizes in SIZES.items() for size in (sizes[-2:] if arguments.quick else sizes)]
    results = [(case, keep, measure(case, keep, arguments.quick)) for case in cases for keep in ("outputs", "last")]
    names = [name for name, _, _ in _ways()]
    headings = ["cell", "keep", "n", *names, *(f"sequential ÷ {name}" for name in names[1:]), "cores", "preparation, s"]
    rows = [row_of(*result) for result in results]
    print(f"ns per step, backend {choose_backend().name}, one sequence, float32, 16 inputs")
    print_table(headings, rows)
    found = [
        asdict(case) | {"keep": keep, "contenders": {c.name: c.to_dict() for c in contenders}}
        for case, keep, contenders in results
    ]
    path = save("scans", {"backend": choose_backend().name, "cases": found}, arguments)
    if path is not None:
        path.with_suffix(".md").write_text(markdown_table(headings, rows))


if __name__ == "__main__":
    main()
