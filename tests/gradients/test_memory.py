"""Memory that a whole process takes for gradients, beside what it says that they take."""

import pytest

from ..long_runs.test_memory import GROWTH
from ..programs import output_of

STEPS = 30_000  # of 1 024 numbers in float32: 123 MB a series

SERIES = """
steps, size, batch = int(sys.argv[3]), 16, 64
def series(name, mode="w+"):
    return np.memmap(f"{folder}/{name}", np.float32, mode, shape=(steps, batch, size))
weights = np.random.default_rng(0).normal(size=(2, size, size)).astype("f4") / 16
cell = rnncore.Elman(*weights)
"""

LIMITED = """
arrays = series("inputs"), series("cotangent"), series("out")
for array in arrays:
    array[:] = 1
    rnncore.memory_maps.release(array)
def run(part, limit):
    mapped = [array[:part] for array in arrays]
    return rnncore.gradients(
        cell, *mapped[:2], out=mapped[2], memory_limit=limit, backend=backend, threads=1, {more}
    )
run(600, None)
found = []
print(growth(lambda: found.append(run(steps, "30 MB"))), found[0].peak_bytes / 1e6, found[0].recomputed_steps)
"""


@pytest.mark.parametrize("more", ["", "checkpoint_path=folder + '/states'"])
def test_a_memory_limit_is_kept_by_the_process(more, backend, tmp_path):
    program = GROWTH.replace("* 1_000_000", "") + SERIES + LIMITED.format(more=more)
    grown, peak, recomputed = map(float, output_of(program, tmp_path, backend, STEPS).split())
    assert peak <= 30
    # Beside the limit there are mapped pages of three series, some MB of each, between being used and given back.
    assert grown < 30 + 60
    assert 0 < recomputed <= STEPS


WHOLE = """
inputs, cotangent = np.ones((2, steps, batch, size), "f4")
run = lambda part: rnncore.gradients(
    cell, inputs[:part], cotangent[:part], wrt="parameters", memory_limit="2 GB", backend=backend, threads=1
)
run(600)
found = []
print(growth(lambda: found.append(run(steps))), found[0].peak_bytes / 1e6, found[0].recomputed_steps)
"""


def test_what_is_said_to_be_taken_is_taken(backend, tmp_path):
    program = GROWTH.replace("* 1_000_000", "") + SERIES + WHOLE
    grown, peak, recomputed = map(float, output_of(program, tmp_path, backend, STEPS).split())
    assert recomputed == 0 and peak > 100
    # Up to work memory that a backend keeps between calls, and freed memory that the process keeps.
    assert grown < 1.1 * peak + 40
