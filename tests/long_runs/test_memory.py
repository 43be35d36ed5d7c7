"""Series larger than memory: a run maps them, and grows by far less than they hold."""

import pytest

from ..programs import output_of

MEGABYTES = 320

# The peak counts, so it is sampled while the run goes on. A short run before it loads and compiles everything.
GROWTH = """
import sys, threading
import numpy as np, psutil, rnncore

def growth(run):
    process, stop, seen = psutil.Process(), threading.Event(), []
    start = process.memory_info().rss
    def sample():
        while not stop.wait(0.001):
            seen.append(process.memory_info().rss)
    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    run()
    stop.set()
    thread.join()
    return (max(seen) - start) / 1e6

folder, backend, size = sys.argv[1], sys.argv[2], int(sys.argv[3]) * 1_000_000
"""

SERIES = """
inputs = np.memmap(f"{folder}/series", np.float32, "w+", shape=(size // 16000, 4000))
cell = rnncore.Elman(np.eye(8, dtype="f4") / 2, np.ones((8, 4000), "f4"))
run = lambda part: rnncore.simulate(cell, part, keep="last", backend=backend)
"""

BACKWARDS = """
inputs = np.memmap(f"{folder}/series", np.float64, "w+", shape=(size // 35000, 4000))[::-1]
cell = rnncore.Dense(np.ones((1, 4000), "f4"))
run = lambda part: rnncore.simulate(cell, part, keep="last", backend=backend)
"""

MATRICES = """
inputs = np.memmap(f"{folder}/matrices", np.float64, "w+", shape=(size // 80000, 100, 100))
run = lambda part: rnncore.simulate(rnncore.MatrixSequence(part), state=np.ones(100), keep="last", backend=backend)
"""

MAPPED_OUT = """
inputs = np.zeros((size // 35000, 1), bool)
out = np.memmap(f"{folder}/out", np.float64, "w+", shape=(len(inputs), 4000))
cell = rnncore.Dense(np.ones((4000, 1)))
run = lambda part: rnncore.simulate(cell, part, out=out[:len(part)], backend=backend)
"""

FILE_OUT = """
inputs = np.zeros((size // 35000, 1), bool)
cell = rnncore.Dense(np.ones((4000, 1)))
run = lambda part: rnncore.simulate(cell, part, out=f"{folder}/out.npy", backend=backend)
"""


@pytest.mark.parametrize(
    "case", [SERIES, BACKWARDS, MATRICES, MAPPED_OUT, FILE_OUT], ids=["series", "backwards", "matrices", "map", "file"]
)
def test_a_run_over_memory_maps_grows_little(case, backend, tmp_path):
    program = GROWTH + case + "\nrun(inputs[:64])\nprint(growth(lambda: run(inputs)))"
    assert float(output_of(program, tmp_path, backend, MEGABYTES)) < 100


def test_the_last_output_needs_no_memory_for_the_others(backend, tmp_path):
    # 8 000 steps of 5 000 units would be 320 MB; the sparse ring of one entry a row makes them quick.
    case = """
import scipy.sparse
ring = scipy.sparse.csr_array((np.full(5000, 0.5), np.roll(np.arange(5000), 1), np.arange(5001)), shape=(5000, 5000))
run = lambda steps: rnncore.simulate(rnncore.Linear(ring), steps=steps, keep="last", backend=backend)
run(64)
print(growth(lambda: run(8_000)))
"""
    assert float(output_of(GROWTH + case, tmp_path, backend, MEGABYTES)) < 50
