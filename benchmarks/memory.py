"""How long do memory horizons take, and how much faster than ReservoirPy's is a memory capacity?

    python benchmarks/memory.py [--quick] [--output FILE]

Horizons: an Elman network of 64 units from 10 000 starting points of a series of 100 000 steps, to 1 000 lags and to as
many as it takes; on one thread and on all. Capacities: 200 lags over 100 000 steps of reservoirs of 200 units with
ReservoirPy's own weights, one connection in ten and all of them, in float64, with the surrogates that rnncore takes by
default and without, for ReservoirPy has none. The library under NumPy uses one thread.
"""

import argparse
import sys
from importlib.util import find_spec

import numpy as np
from processes import add_own_process, continue_on_one_thread
from record import add_options, save

import rnncore
from rnncore.benchmark.table import print_table
from rnncore.benchmark.timing import Contender, Ratio, interleave
from rnncore.threads import available_threads

LAGS = 200
UNITS = 200
AGREE = 0.05  # relative: ReservoirPy fits to 80 % of the steps and judges by the rest


def horizons(steps, starts):
    rng = np.random.default_rng(0)
    cell = rnncore.Elman(0.95 * np.linalg.qr(rng.normal(size=(64, 64)))[0], 0.3 * rng.normal(size=(64, 1)))
    inputs = rng.normal(size=(steps, 1))
    for max_lag in (1000, None):
        for threads in sorted({1, available_threads()}):

            def run(max_lag=max_lag, threads=threads):
                return rnncore.memory_horizon(cell, inputs, starts=starts, max_lag=max_lag, threads=threads)

            yield Contender(f"{max_lag or 'as many as it takes'}, {threads} thread{'s' * (threads > 1)}", run, steps)


def capacities(connectivity, steps):
    """Contenders with the same weights, and their totals."""
    from reservoirpy.nodes import Reservoir, Ridge
    from reservoirpy.observables import memory_capacity

    inputs = np.random.default_rng(0).uniform(-0.8, 0.8, size=(steps, 1))
    reservoir = Reservoir(UNITS, sr=0.95, rc_connectivity=connectivity, seed=1)
    model = reservoir >> Ridge(ridge=1e-8)
    reservoir.run(inputs[:2])
    cell = rnncore.Elman(*(np.asarray(getattr(w, "toarray", lambda w=w: w)()) for w in (reservoir.W, reservoir.Win)))
    runs = {"reservoirpy": lambda: float(memory_capacity(model, k_max=LAGS, series=inputs))}
    for threads in sorted({1, available_threads()}):
        for surrogates in (0, 30):
            name = f"rnncore, {surrogates or 'no'} surrogates, {threads} thread{'s' * (threads > 1)}"
            options = {"max_lag": LAGS, "surrogates": surrogates, "threads": threads}
            runs[name] = lambda options=options: rnncore.memory_capacity(cell, inputs, **options).total
    # Without surrogates chance is part of the total: n / T at each lag.
    totals = {name: run() - LAGS * UNITS / steps * ("no surrogates" in name) for name, run in runs.items()}
    if max(totals.values()) > (1 + AGREE) * min(totals.values()):
        sys.exit(f"memory: capacities differ: {totals}")
    return [Contender(name, run, steps) for name, run in runs.items()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    add_own_process(parser)
    arguments = parser.parse_args()
    continue_on_one_thread(arguments)
    steps, rounds = (20_000, 2) if arguments.quick else (100_000, 7)
    found = {"horizons": list(horizons(steps, steps // 10))}
    interleave(found["horizons"], rounds=min(rounds, 3), repeats=1)
    print(f"seconds of a memory horizon from {steps // 10:,} starts of 64 units along {steps:,} steps, by lags")
    print_table(["lags", "s", "cores"], [[c.name, *_row(c)] for c in found["horizons"]])
    for connectivity in (0.1, 1.0) if find_spec("reservoirpy") else ():
        contenders = capacities(connectivity, steps)
        interleave(contenders, rounds=rounds, repeats=1)
        peer, *ours = contenders
        print(f"seconds of {LAGS} lags of {UNITS} units, {connectivity:.0%} of the connections, over {steps:,} steps")
        rows = [[c.name, *_row(c), str(Ratio.between(peer, c)) if c in ours else ""] for c in contenders]
        print_table(["capacity", "s", "cores", "reservoirpy ÷"], rows)
        found[f"capacities, connectivity {connectivity}"] = contenders
    if not find_spec("reservoirpy"):
        print("reservoirpy is not installed: no capacities to compare")
    save("memory", {name: {c.name: c.to_dict() for c in contenders} for name, contenders in found.items()}, arguments)


def _row(contender):
    return f"{min(contender.seconds):.3g}", f"{contender.cores:.1f}"


if __name__ == "__main__":
    main()
