"""What is the most that this machine can do? Multiply-adds, bandwidth by cache level, cost of the nonlinearity.

    python benchmarks/roofline.py [--threads N] [--quick]

The limit of a step is the longest of three times: its operations at the peak rate of multiply-adds, the bytes of its
recurrent weights at the bandwidth of the cache level that holds them, its values of tanh and the like at the cost of a
tanh.
"""

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from rnncore.backends import get_backend
from rnncore.benchmark.machine import cache_bytes, describe
from rnncore.threads import available_threads

TYPICAL_CACHE_BYTES = {"L1": 32 << 10, "L2": 1 << 20, "L3": 32 << 20}
PASS_SECONDS = 0.01


def unavailable():
    """Why the limits cannot be measured here, or None: the probe's loops are part of the native backend."""
    return get_backend("native").unavailable()


def limits(threads=1, quick=False):
    """Rates of all ``threads`` together.

    Returns
    -------
    dict
        ``gflops`` by dtype, ``load_gbs`` and ``store_gbs`` by level, ``tanh_ns`` per element by dtype, ``cache_bytes``
        of one core, ``threads``.
    """
    from rnncore.backends.native import probe

    repeats = 3 if quick else 10
    caches = {**TYPICAL_CACHE_BYTES, **cache_bytes()}
    found = {"threads": threads, "cache_bytes": caches, "gflops": {}, "load_gbs": {}, "store_gbs": {}, "tanh_ns": {}}
    with ThreadPoolExecutor(threads) as pool:
        for dtype in ("float32", "float64"):
            found["gflops"][dtype] = _rate(pool, repeats, probe.fma, [dtype] * threads)
            elements = np.linspace(-2, 2, 1 << 15, dtype=dtype)
            found["tanh_ns"][dtype] = 1 / _rate(pool, repeats, _tanh, [elements]) / threads
        for level, size in _working_sets(caches, threads).items():
            buffers = [_pages(size) for _ in range(threads)]
            found["load_gbs"][level] = _rate(pool, repeats, probe.load, buffers)
            found["store_gbs"][level] = _rate(pool, repeats, probe.store, buffers)
    return found


def step_seconds(case, limits):
    """The least time that one step of ``case`` can take under ``limits``."""
    weights = case.recurrent_weights * np.dtype(case.dtype).itemsize
    held = [level for level, size in limits["cache_bytes"].items() if weights <= size * limits["threads"]]
    return max(
        case.operations / limits["gflops"][case.dtype] / 1e9,
        weights / limits["load_gbs"][held[0] if held else "DRAM"] / 1e9,
        case.functions * limits["tanh_ns"][case.dtype] / 1e9,
    )


def _tanh(elements, count):
    from rnncore.backends.native import vector_function

    for _ in range(count):
        vector_function("tanh", elements)
    return count * elements.size


def _working_sets(caches, threads):
    """Half of each cache, so that nothing else pushes the buffer out; four times the last one for the memory behind."""
    sizes = {level: size // 2 for level, size in caches.items()}
    last = max(sizes, key=lambda level: caches[level])
    return {**sizes, last: sizes[last] // threads, "DRAM": max(256 << 20, 4 * caches[last]) // threads}


def _pages(size):
    """Bytes from the start of a page on, written once so that they exist."""
    memory = np.ones(size + 4096, np.uint8)
    return memory[-memory.ctypes.data % 4096 :][:size]


def _rate(pool, repeats, work, owned):
    """Units of work per nanosecond, of one thread for each of ``owned``.

    ``work(own, count)`` does ``count`` rounds and returns the units done.
    """
    count = 1
    while _pass(pool, work, owned, count)[0] < PASS_SECONDS:
        count *= 2
    return max(units / seconds for seconds, units in (_pass(pool, work, owned, count) for _ in range(repeats))) / 1e9


def _pass(pool, work, owned, count):
    before = time.perf_counter()
    units = sum(pool.map(lambda own: work(own, count), owned))
    return time.perf_counter() - before, units


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1, help=f"1 by default, {available_threads()} at most here")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    if unavailable():
        sys.exit(f"roofline: the loops that measure the limits belong to the native backend: {unavailable()}")
    facts = {"machine": describe(), "limits": limits(arguments.threads, arguments.quick)}
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
