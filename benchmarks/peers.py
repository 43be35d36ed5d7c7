"""Is rnncore faster than torch, onnxruntime and JAX at running Elman networks, LSTM and GRU with the trajectory kept?

    python benchmarks/peers.py [--cells elman lstm gru] [--quick] [--output FILE]

One run on one machine: for one thread, then for all, a process of its own in which every library is limited alike and
all are timed in turn, after their results were seen to agree. Compilation and packing happen before the clock starts
and are reported beside.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import roofline
from plot_results import markdown
from processes import environment
from record import add_options, save

import rnncore
from rnncore.backends import BACKENDS, get_backend
from rnncore.benchmark.cases import Case
from rnncore.benchmark.peers import NumPyLoop, Rnncore, peers
from rnncore.benchmark.timing import TRIAL_STEPS, enter, interleave
from rnncore.threads import available_threads

CELLS = ("elman", "lstm", "gru")
SIZES = (16, 64, 128, 256, 512)
BATCHES = (1, 16)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=CELLS)
    parser.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.threads:
        arguments.output.write_text(json.dumps(measure(arguments.threads, arguments.quick, arguments.cells)))
        return
    runs = [_in_own_process(threads, arguments.quick, arguments.cells) for threads in sorted({1, available_threads()})]
    facts = {"quick": arguments.quick, "runs": runs}
    print(markdown(facts))
    save("peers", facts, arguments)


def _in_own_process(threads, quick, cells):
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "run.json"
        command = [sys.executable, __file__, "--threads", str(threads), "--output", str(output), "--cells", *cells]
        subprocess.run(command + ["--quick"] * quick, env=environment(threads), check=True)
        return json.loads(output.read_text())


def measure(threads, quick, cells):
    """All cases with that many threads, in this process."""
    limits = None if roofline.unavailable() else roofline.limits(threads, quick)
    compiled = [name for name in BACKENDS if name != "reference" and get_backend(name).unavailable() is None]
    libraries = [Rnncore(name) for name in compiled or ["reference"]] + peers() + [NumPyLoop()]
    sizes = SIZES[:2] if quick else SIZES
    cases = [Case(cell, size, batch) for cell in cells for batch in BATCHES for size in sizes]
    return {
        "threads": threads,
        "limits": limits,
        "cases": [_measure(case, libraries, threads, quick, limits) for case in cases],
    }


def _measure(case, libraries, threads, quick, limits):
    print(f"{threads} threads, {case}", file=sys.stderr)
    contenders = []
    for library in libraries:
        if not library.supports(case):
            continue
        contender, outputs = enter(library, case, threads, 0.002 if quick else 0.01)
        _check(library.name, case, outputs)
        contenders.append(contender)
    interleave(contenders, rounds=3 if quick else 20)
    return asdict(case) | {
        "limit_microseconds": limits and 1e6 * roofline.step_seconds(case, limits),
        "contenders": {contender.name: contender.to_dict() for contender in contenders},
    }


def _check(name, case, outputs):
    """A library that computes something else has not taken part."""
    cell = case.build().astype(np.float64)
    true = rnncore.simulate(cell, case.inputs(TRIAL_STEPS), backend="reference").outputs
    worst = np.abs(np.asarray(outputs).reshape(true.shape) - true).max()
    if not worst < 1e-4:
        sys.exit(f"peers: {name} is off by {worst:.2g} at {case}")


if __name__ == "__main__":
    main()
