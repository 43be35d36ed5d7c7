"""How long does a step take, by cell, size, batch, dtype and backend?

    pytest benchmarks --benchmark-enable [--quick] [--benchmark-json FILE]

Times are per call; ``microseconds_per_step`` of each benchmark's extra_info is the least of them per step.
"""

import pytest

from rnncore.benchmark.cases import CELLS, Case
from rnncore.benchmark.peers import NumPyLoop, Rnncore

STEPS = 500
CASES = [
    Case(cell, size, batch, dtype)
    for cell in CELLS
    for size in (16, 64, 128, 256, 512)
    for batch in (1, 16)
    for dtype in ("float32", "float64")
]
RESERVOIRS = [Case("elman sparse", 1000, 1, dtype) for dtype in ("float32", "float64")]


@pytest.mark.parametrize("case", CASES + RESERVOIRS, ids=str)
def test_simulate(benchmark, case, backend):
    time_steps(benchmark, Rnncore(backend), case)


@pytest.mark.parametrize("case", RESERVOIRS, ids=str)
def test_python_loop_over_scipy_sparse(benchmark, case):
    time_steps(benchmark, NumPyLoop(), case)


def time_steps(benchmark, library, case):
    benchmark.group = str(case)
    run = library.prepare(case, case.inputs(STEPS), threads=1)
    benchmark.pedantic(run, rounds=10, warmup_rounds=2)
    if benchmark.stats:
        benchmark.extra_info["microseconds_per_step"] = 1e6 * benchmark.stats.stats.min / STEPS
