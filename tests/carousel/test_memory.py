"""A series larger than memory: the analysis maps it, and grows by far less than it holds."""

from ..long_runs.test_memory import GROWTH, MEGABYTES
from ..programs import output_of

PROGRAM = """
inputs = np.memmap(f"{folder}/series", np.float32, "w+", shape=(size // 64000, 1000, 16))
cell = rnncore.LSTM(np.ones((4, 1), "f4"), np.ones((4, 16), "f4"), np.ones(4, "f4"))
run = lambda part: rnncore.carousel(cell, part, cotangent=np.ones(2), lags=[1, len(part)], backend=backend)
run(inputs[:64])
print(growth(lambda: run(inputs)))
"""


def test_the_analysis_of_a_mapped_series_grows_little(backend, tmp_path):
    # 4 MB are held at a time; what the allocator keeps beside them, 10 to 130 MB, depends on where its heap begins.
    assert float(output_of(GROWTH + PROGRAM, tmp_path, backend, MEGABYTES)) < 0.6 * MEGABYTES
