"""How much slower than the native backend is numba?

python benchmarks/backends.py [--quick] [--output FILE]
"""

import argparse
import sys
from dataclasses import asdict

from record import add_options, save

from rnncore.backends import get_backend
from rnncore.benchmark.cases import CELLS, Case
from rnncore.benchmark.peers import Rnncore
from rnncore.benchmark.table import print_table
from rnncore.benchmark.timing import Ratio, enter, interleave


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    arguments = parser.parse_args()
    for name in ("native", "numba"):
        reason = get_backend(name).unavailable()
        if reason:
            sys.exit(f"backends: nothing to compare, {name} does not work: {reason}")
    sizes = (16, 64) if arguments.quick else (16, 64, 128, 256, 512)
    cases = [
        Case(cell, size, batch, dtype)
        for cell in CELLS
        for dtype in ("float32", "float64")
        for size in sizes
        for batch in (1, 16)
    ]
    results = [_measure(case, arguments.quick) for case in cases]
    rows = [
        [case.cell, case.dtype, str(case.size), str(case.batch)]
        + [f"{contender.microseconds_per_step:.3g}" for contender in contenders]
        + [str(Ratio.between(contenders[1], contenders[0]))]
        for case, contenders in results
    ]
    print("µs per step, one thread; numba ÷ native with the band of the rounds")
    print_table(["cell", "dtype", "n", "B", "native", "numba", "numba ÷ native"], rows)
    save(
        "backends",
        {"cases": [asdict(case) | {"contenders": {c.name: c.to_dict() for c in found}} for case, found in results]},
        arguments,
    )


def _measure(case, quick):
    call_seconds = 0.002 if quick else 0.01
    contenders = [enter(Rnncore(name), case, 1, call_seconds)[0] for name in ("native", "numba")]
    interleave(contenders, rounds=3 if quick else 10)
    return case, contenders


if __name__ == "__main__":
    main()
