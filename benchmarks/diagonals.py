"""How fast are diagonal recurrences over a million steps, and how near to what the memory allows?

    python benchmarks/diagonals.py [--quick] [--output FILE]

64 units, one sequence, float32, one thread, the trajectory kept in memory that the run was given. "16 inputs": every
contender projects them itself; "projected": the drives (and gates) of all steps were worked out before the clock starts,
the pure recurrence. Bandwidth: the bytes that a run must move, once each, over its time, as a share of what loops of the
same run reach with memory: reads at the rate of loads, writes at the rate of stores.
"""

import argparse
import os
import subprocess
import sys
from dataclasses import asdict, dataclass

import numpy as np
import roofline
from peers import TUNING
from record import add_options, save

import rnncore
from rnncore.backends import BACKENDS, get_backend
from rnncore.benchmark.cases import Case
from rnncore.benchmark.peers import one_thread_environment
from rnncore.benchmark.table import print_table
from rnncore.benchmark.timing import Contender, Ratio, interleave

SIZE = 64
HEADINGS = ["cell", "inputs", "contender", "ns per step", "÷ rnncore native (band)", "share of the memory's rate"]


@dataclass(frozen=True)
class Question:
    cell: str  # "diagonal", "gated diagonal"
    projected: bool
    steps: int

    def build(self):
        return Case(self.cell, SIZE).build()

    def inputs(self):
        return Case(self.cell, SIZE).inputs(self.steps)[:, 0]

    def gates(self, inputs):
        parameters = self.build().parameters
        if self.cell == "diagonal":
            return parameters["weight_hh"]
        return 1 / (1 + np.exp(-(inputs @ parameters["weight_gate"].T + parameters["bias_gate"])))

    def drives(self, inputs):
        parameters = self.build().parameters
        return inputs @ parameters["weight_ih"].T + parameters["bias"]

    def seconds_of_memory(self, limits):
        """What reading the inputs and writing the trajectory takes at the rates of the memory."""
        trajectory = 4 * self.steps * SIZE
        read = 4 * self.steps * 16
        if self.projected:
            read = trajectory * (1 if self.cell == "diagonal" else 2)
        return (read / limits["load_gbs"]["DRAM"] + trajectory / limits["store_gbs"]["DRAM"]) / 1e9


def rnncore_run(backend):
    def prepare(question):
        cell, inputs = question.build(), question.inputs()
        if question.projected:
            return None  # its input is projected as part of the walk
        out = np.zeros((question.steps, SIZE), np.float32)
        return lambda: rnncore.simulate(cell, inputs, out=out, backend=backend, threads=1).outputs

    return prepare


def lfilter(question):
    """A filter for each unit; SciPy has none whose coefficients change."""
    from scipy.signal import lfilter as run_filter

    if question.cell != "diagonal":
        return None
    inputs, decay = question.inputs(), question.gates(None)
    weight, bias = (question.build().parameters[name] for name in ("weight_ih", "bias"))
    out = np.zeros((question.steps, SIZE), np.float32)
    given = question.drives(inputs) if question.projected else None

    def run():
        drives = inputs @ weight.T + bias if given is None else given
        one = np.ones(1, np.float32)
        for unit in range(SIZE):
            out[:, unit] = run_filter(one, np.array([1, -decay[unit]], np.float32), drives[:, unit])
        return out

    return run


def numba_loop(question):
    import numba

    inputs, cell = question.inputs(), question.build()
    out = np.zeros((question.steps, SIZE), np.float32)

    @numba.njit(fastmath=True)
    def diagonal(decay, drives, out):
        h = np.zeros(drives.shape[1], drives.dtype)
        for t in range(len(drives)):
            for u in range(len(h)):
                h[u] = decay[u] * h[u] + drives[t, u]
                out[t, u] = h[u]
        return out

    @numba.njit(fastmath=True)
    def gated(gates, drives, out):
        c = np.zeros(drives.shape[1], drives.dtype)
        for t in range(len(drives)):
            for u in range(len(c)):
                c[u] = gates[t, u] * c[u] + drives[t, u]
                out[t, u] = c[u]
        return out

    loop = diagonal if cell.__class__.__name__ == "Diagonal" else gated
    if question.projected:
        gates, drives = question.gates(inputs), question.drives(inputs)
        return lambda: loop(gates, drives, out)
    return lambda: loop(question.gates(inputs), question.drives(inputs), out)


def jax_run(associative):
    def prepare(question):
        import jax
        import jax.numpy as jnp

        inputs, parameters = question.inputs(), question.build().parameters
        is_gated = question.cell == "gated diagonal"

        def projections(inputs):
            drives = inputs @ parameters["weight_ih"].T + parameters["bias"]
            if not is_gated:
                return jnp.broadcast_to(parameters["weight_hh"], drives.shape), drives
            return jax.nn.sigmoid(inputs @ parameters["weight_gate"].T + parameters["bias_gate"]), drives

        def scan(gates, drives):
            if associative:
                return jax.lax.associative_scan(lambda a, b: (a[0] * b[0], b[0] * a[1] + b[1]), (gates, drives))[1]

            def step(c, now):
                c = now[0] * c + now[1]
                return c, c

            return jax.lax.scan(step, jnp.zeros(SIZE, jnp.float32), (gates, drives), unroll=8)[1]

        if question.projected:
            given = tuple(map(jnp.asarray, jax.jit(projections)(inputs)))
            compiled = jax.jit(scan).lower(*given).compile()
            return lambda: compiled(*given).block_until_ready()
        given = jnp.asarray(inputs)
        compiled = jax.jit(lambda x: scan(*projections(x))).lower(given).compile()
        return lambda: compiled(given).block_until_ready()

    return prepare


def contenders_of(question):
    found = {
        f"rnncore {name}": rnncore_run(name)
        for name in BACKENDS
        if name != "reference" and get_backend(name).unavailable() is None
    }
    found |= {"scipy lfilter": lfilter, "numba loop": numba_loop}
    return found | {"jax scan": jax_run(False), "jax associative scan": jax_run(True)}


def measure(question, quick):
    print(question, file=sys.stderr)
    entered, true = [], None
    for name, prepare in contenders_of(question).items():
        run = prepare(question)
        if run is None:
            continue
        outputs = np.asarray(run())
        true = outputs if true is None else true
        if not np.allclose(outputs, true, rtol=1e-3, atol=1e-3):
            sys.exit(f"diagonals: {name} computes something else at {question}")
        entered.append(Contender(name, run, question.steps))
    interleave(entered, rounds=3 if quick else 7, repeats=1)
    return entered


def rows_of(question, entered, limits):
    least = question.seconds_of_memory(limits)
    ours = next((c for c in entered if c.name == "rnncore native"), None)
    for contender in entered:
        ratio = str(Ratio.between(contender, ours)) if ours and contender is not ours else ""
        share = f"{least / min(contender.seconds):.0%}"
        inputs = "projected" if question.projected else "16 inputs"
        yield [question.cell, inputs, contender.name, f"{1e3 * contender.microseconds_per_step:.3g}", ratio, share]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    parser.add_argument("--in-this-process", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.in_this_process:
        environment = {name: value for name, value in os.environ.items() if name not in TUNING}
        command = [sys.executable, __file__, "--in-this-process", *sys.argv[1:]]
        sys.exit(subprocess.run(command, env=environment | one_thread_environment()).returncode)
    limits = roofline.limits(1, arguments.quick)
    steps = 100_000 if arguments.quick else 1_000_000
    questions = [Question(cell, projected, steps) for cell in ("diagonal", "gated diagonal") for projected in (False, True)]
    results = [(question, measure(question, arguments.quick)) for question in questions]
    rates = {name: round(limits[f"{name}_gbs"]["DRAM"], 1) for name in ("load", "store")}
    print(f"one thread, float32, {SIZE} units, {steps:.0e} steps; memory of this run, GB/s: {rates}")
    print_table(HEADINGS, [row for question, entered in results for row in rows_of(question, entered, limits)])
    save(
        "diagonals",
        {
            "limits": limits,
            "cases": [asdict(q) | {"contenders": {c.name: c.to_dict() for c in found}} for q, found in results],
        },
        arguments,
    )


if __name__ == "__main__":
    main()
