"""Calls from several threads at once."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from rnncore import Elman, simulate


def test_one_cell_runs_in_many_threads_at_once(backend, rng):
    inputs = rng.normal(size=(16, 300, 3))
    weights = rng.normal(size=(20, 20)) / 10, rng.normal(size=(20, 3))
    want = [simulate(Elman(*weights), series, backend=backend).outputs for series in inputs]
    shared = Elman(*weights)  # not yet prepared: the threads race for that too
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda series: simulate(shared, series, backend=backend, threads=2).outputs, inputs))
    np.testing.assert_array_equal(got, want)
