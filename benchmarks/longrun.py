"""How much memory does a run of ten million steps take, its input a memory map and only the last output kept?

python benchmarks/longrun.py [--steps N] [--units N] [--folder FOLDER] [--quick] [--output FILE]
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from record import add_options, save

import rnncore
from rnncore.benchmark.cases import Case

MIB = 1 << 20
BLOCK_STEPS = 1 << 16


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    parser.add_argument("--steps", type=int, help="10 million by default, 300 000 with --quick")
    parser.add_argument("--units", type=int, default=64)
    parser.add_argument("--folder", help="where the input file goes, 64 bytes a step; a temporary folder by default")
    arguments = parser.parse_args()
    steps = arguments.steps or (300_000 if arguments.quick else 10_000_000)
    case = Case("elman", arguments.units)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        path = Path(folder) / "inputs.npy"
        write_inputs(path, steps, case)
        facts = {"steps": steps, "units": case.size, "input_bytes": path.stat().st_size, **_measure(path, case)}
    print(
        f"{steps:,} steps of {case.size} units with backend {facts['backend']}: "
        f"{facts['steps_per_second']:,.0f} steps/s, resident memory grew by {facts['growth_mib']:.1f} MiB "
        f"(the input file has {facts['input_bytes'] / MIB:.0f})"
    )
    save("longrun", facts, arguments)


def write_inputs(path, steps, case):
    inputs = np.lib.format.open_memmap(path, "w+", case.dtype, (steps, case.input_size))
    rng = np.random.default_rng(1)
    for start in range(0, steps, BLOCK_STEPS):
        block = inputs[start : start + BLOCK_STEPS]
        block[...] = rng.standard_normal(block.shape, block.dtype)
    inputs.flush()


def _measure(path, case):
    cell = case.build()
    rnncore.simulate(cell, case.inputs(1000)[:, 0], keep="last")  # what is loaded and compiled once is not growth
    inputs = np.load(path, mmap_mode="r")
    process = psutil.Process()
    before = peak = process.memory_info().rss

    def watch(done, total):
        nonlocal peak
        peak = max(peak, process.memory_info().rss)

    start = time.perf_counter()
    trajectory = rnncore.simulate(cell, inputs, keep="last", progress=watch)
    seconds = time.perf_counter() - start
    watch(len(inputs), len(inputs))
    return {
        "backend": trajectory.backend,
        "seconds": seconds,
        "steps_per_second": len(inputs) / seconds,
        "growth_mib": (peak - before) / MIB,
    }


if __name__ == "__main__":
    main()
