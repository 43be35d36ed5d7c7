"""How fast are diagonal recurrences over a million steps, and how near to what the memory allows?

    python benchmarks/diagonals.py [--quick] [--output FILE]

Diagonal and GatedDiagonal, 64 units, one sequence, float32, one thread, the trajectory kept. Given inputs: 16 of them
a step, projected within the clock. Given drives: those (and the gates) of all units and steps were worked out before,
and what is left is the recurrence; rnncore takes them as its inputs, which it multiplies by an identity matrix. Share
of the memory: the time in which this machine could read what is given and write the trajectory, at the rates that
loops of the same run reach for loads and for stores (whose lines are fetched before they are written), over the time
that was taken.
"""

import argparse
import sys
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import roofline
from processes import add_own_process, continue_on_one_thread
from record import add_options, save

import rnncore
from rnncore.backends import BACKENDS, get_backend
from rnncore.benchmark.cases import Case
from rnncore.benchmark.table import markdown_table, print_table
from rnncore.benchmark.timing import Contender, Ratio, interleave

SIZE = 64
CHUNK, JAX_CHUNK = 512, 5000  # steps: the fastest found
GOAL_RATIO, GOAL_SHARE = 3, 0.7
HEADINGS = ["cell", "given", "contender", "ns per step", "÷ rnncore native (band)", "GB/s", "share of the memory"]


@dataclass(frozen=True)
class Question:
    cell: str  # "diagonal", "gated diagonal"
    given: str  # "inputs", "drives"
    steps: int

    @property
    def case(self):
        return Case(self.cell, SIZE)

    @property
    def is_gated(self):
        return self.cell == "gated diagonal"

    def inputs(self):
        return self.case.inputs(self.steps)[:, 0]

    def bytes_moved(self):
        """Read and written, once each."""
        given = self.case.input_size if self.given == "inputs" else SIZE * (2 if self.is_gated else 1)
        return 4 * self.steps * given, 4 * self.steps * SIZE

    def seconds_of_memory(self, limits):
        read, written = self.bytes_moved()
        return (read / limits["load_gbs"]["DRAM"] + written / limits["store_gbs"]["DRAM"]) / 1e9


class Arrays:
    """What every contender is given: parameters, inputs, their drives and gates, memory for the result."""

    def __init__(self, question):
        self.cell, self.inputs = question.case.build(), question.inputs()
        parameters = self.cell.parameters
        self.weight, self.bias = parameters["weight_ih"], parameters["bias"]
        self.drives = self.inputs @ self.weight.T + self.bias
        if question.is_gated:
            self.weight_gate, self.bias_gate = parameters["weight_gate"], parameters["bias_gate"]
            self.gates = 1 / (1 + np.exp(-(self.inputs @ self.weight_gate.T + self.bias_gate)))
        else:
            self.decay = parameters["weight_hh"]
        self.out = np.zeros((question.steps, SIZE), np.float32)


def rnncore_run(backend):
    def prepare(question, arrays):
        cell, inputs, identity = arrays.cell, arrays.inputs, np.eye(SIZE, dtype=np.float32)
        if question.given == "drives" and question.is_gated:
            none = np.zeros_like(identity)
            cell = rnncore.GatedDiagonal(
                np.hstack([identity, none]), np.hstack([none, identity]), gate_nonlinearity="identity"
            )
            inputs = np.hstack([arrays.drives, arrays.gates])
        elif question.given == "drives":
            cell, inputs = rnncore.Diagonal(arrays.decay, identity), arrays.drives
        return lambda: rnncore.simulate(cell, inputs, out=arrays.out, backend=backend, threads=1).outputs

    return prepare


def lfilter(question, arrays):
    """A filter for each unit, which has its steps side by side; SciPy has none whose coefficients change."""
    from scipy.signal import lfilter as run_filter

    if question.is_gated:
        return None
    given = np.ascontiguousarray(arrays.drives.T) if question.given == "drives" else None
    one, denominators = np.ones(1, np.float32), np.stack([np.ones(SIZE), -arrays.decay], axis=1).astype(np.float32)
    out = np.zeros((SIZE, question.steps), np.float32)

    def run():
        drives = arrays.weight @ arrays.inputs.T + arrays.bias[:, None] if given is None else given
        for unit in range(SIZE):
            out[unit] = run_filter(one, denominators[unit], drives[unit])
        return out.T

    return run


def numba_loop(chunk=None):
    """A loop over the steps, the drives of all of them, or of a chunk at a time, as one matrix product before it."""
    return partial(_numba_loop, chunk)


def _numba_loop(chunk, question, arrays):
    import numba

    @numba.njit(fastmath=True)
    def diagonal(decay, drives, h, out):
        for t in range(len(drives)):
            for u in range(len(h)):
                h[u] = decay[u] * h[u] + drives[t, u]
                out[t, u] = h[u]

    @numba.njit(fastmath=True)
    def gated(gates, drives, c, out):
        for t in range(len(drives)):
            for u in range(len(c)):
                c[u] = gates[t, u] * c[u] + drives[t, u]
                out[t, u] = c[u]

    @numba.njit(fastmath=True)
    def shift(rows, bias):
        for t in range(len(rows)):
            for u in range(len(bias)):
                rows[t, u] += bias[u]

    @numba.njit(fastmath=True)
    def open_gates(rows, bias):
        for t in range(len(rows)):
            for u in range(len(bias)):
                rows[t, u] = 1 / (1 + np.exp(-(rows[t, u] + bias[u])))

    chunk = chunk or question.steps
    memory = np.zeros((2, chunk, SIZE), np.float32)
    transposed = np.ascontiguousarray(arrays.weight.T)
    transposed_gate = np.ascontiguousarray(arrays.weight_gate.T) if question.is_gated else None

    def run():
        h = np.zeros(SIZE, np.float32)
        for start in range(0, question.steps, chunk):
            part = slice(start, min(start + chunk, question.steps))
            gates, drives = memory[:, : part.stop - start]
            np.matmul(arrays.inputs[part], transposed, out=drives)
            shift(drives, arrays.bias)
            if question.is_gated:
                np.matmul(arrays.inputs[part], transposed_gate, out=gates)
                open_gates(gates, arrays.bias_gate)
                gated(gates, drives, h, arrays.out[part])
            else:
                diagonal(arrays.decay, drives, h, arrays.out[part])
        return arrays.out

    def recurrence():
        h = np.zeros(SIZE, np.float32)
        if question.is_gated:
            gated(arrays.gates, arrays.drives, h, arrays.out)
        else:
            diagonal(arrays.decay, arrays.drives, h, arrays.out)
        return arrays.out

    if question.given == "inputs":
        return run
    return recurrence if chunk == question.steps else None


def jax_run(associative, chunk=None):
    """Over all steps in one call, or a chunk at a time: results of that size need no fresh pages of memory."""

    def prepare(question, arrays):
        import jax
        import jax.numpy as jnp

        def project(inputs):
            drives = inputs @ arrays.weight.T + arrays.bias
            if not question.is_gated:
                return drives, jnp.asarray(arrays.decay)
            return drives, 0.5 * jnp.tanh(0.5 * (inputs @ arrays.weight_gate.T + arrays.bias_gate)) + 0.5

        def compose(first, second):
            return first[0] * second[0], second[0] * first[1] + second[1]

        def step(c, now):
            c = (now[1] if question.is_gated else arrays.decay) * c + now[0]
            return c, c

        def scan(c, drives, gates):
            if not associative:
                return jax.lax.scan(step, c, (drives, gates) if question.is_gated else (drives,))
            drives = drives.at[0].add((gates[0] if question.is_gated else gates) * c)
            outputs = jax.lax.associative_scan(compose, (jnp.broadcast_to(gates, drives.shape), drives))[1]
            return outputs[-1], outputs

        if question.given == "inputs":
            given, run = (arrays.inputs,), lambda c, inputs: scan(c, *project(inputs))
        else:
            given, run = (arrays.drives, arrays.gates if question.is_gated else arrays.decay), scan
        start, run = jnp.zeros(SIZE, jnp.float32), jax.jit(run)
        if chunk is None:
            given = tuple(map(jnp.asarray, given))
            return lambda: run(start, *given)[1].block_until_ready()

        def run_chunks():
            c = start
            for first in range(0, question.steps, chunk):
                part = slice(first, first + chunk)
                c, outputs = run(c, *(array[part] if len(array) == question.steps else array for array in given))
                arrays.out[part] = outputs
            return arrays.out

        return run_chunks

    return prepare


CONTENDERS = {
    "scipy lfilter": lfilter,
    "numba loop": numba_loop(),
    "numba loop in chunks": numba_loop(CHUNK),
    "jax scan": jax_run(False),
    "jax scan in chunks": jax_run(False, JAX_CHUNK),
    "jax associative scan": jax_run(True),
    "jax associative scan in chunks": jax_run(True, JAX_CHUNK),
}


def measure(question, quick):
    print(question, file=sys.stderr)
    own = [name for name in BACKENDS if name != "reference" and get_backend(name).unavailable() is None]
    contenders = {f"rnncore {name}": rnncore_run(name) for name in own} | CONTENDERS
    entered, arrays, true = [], Arrays(question), None
    for name, prepare in contenders.items():
        run = prepare(question, arrays)
        if run is None:
            continue
        outputs = np.array(run())
        true = outputs if true is None else true
        # float32 over recurrences of which the slowest remember a hundred steps
        if not np.allclose(outputs, true, rtol=1e-3, atol=1e-3):
            sys.exit(f"diagonals: {name} computes something else at {question}")
        entered.append(Contender(name, run, question.steps))
    interleave(entered, rounds=3 if quick else 9, repeats=1)
    return entered


def rows_of(question, entered, limits):
    ours = entered[0]
    for contender in entered:
        ratio = "" if contender is ours else str(Ratio.between(contender, ours))
        seconds = min(contender.seconds)
        rate = f"{sum(question.bytes_moved()) / seconds / 1e9:.3g}"
        share = f"{question.seconds_of_memory(limits) / seconds:.0%}"
        time = f"{1e9 * seconds / question.steps:.3g}"
        yield [question.cell, question.given, contender.name, time, ratio, rate, share]


def verdicts(question, entered, limits):
    """Whether the figures that this is measured for are reached."""
    ours, least = entered[0], question.seconds_of_memory(limits)
    others = [contender for contender in entered if not contender.name.startswith("rnncore")]
    whole = [contender for contender in others if "chunks" not in contender.name]
    found = []
    for which, contenders in (("best in one piece", whole), ("best", others)):
        best = min(contenders, key=lambda contender: contender.microseconds_per_step)
        ratio = Ratio.between(best, ours)
        found.append((f"{which}, {best.name}, ÷ {ours.name}: {ratio}", ratio.value, GOAL_RATIO))
    share = least / min(ours.seconds)
    found.append((f"share of the memory: {share:.0%}", share, GOAL_SHARE))
    for what, value, goal in found:
        verdict = "reached" if value >= goal else "missed"
        yield f"{question.cell}; {what}; goal {goal} {verdict}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    add_own_process(parser)
    arguments = parser.parse_args()
    if roofline.unavailable():
        sys.exit(f"diagonals: the loops that measure the memory belong to the native backend: {roofline.unavailable()}")
    continue_on_one_thread(arguments)
    limits = roofline.limits(1, arguments.quick)
    steps = 100_000 if arguments.quick else 1_000_000
    questions = [
        Question(cell, given, steps) for cell in ("diagonal", "gated diagonal") for given in ("inputs", "drives")
    ]
    results = [(question, measure(question, arguments.quick)) for question in questions]
    rates = ", ".join(f"{what}s {limits[f'{what}_gbs']['DRAM']:.1f} GB/s" for what in ("load", "store"))
    print(f"One thread, float32, {SIZE} units, {steps:,} steps; memory of this run: {rates}")
    rows = [row for question, entered in results for row in rows_of(question, entered, limits)]
    print_table(HEADINGS, rows)
    # A loop over given drives is bound by the memory: no one can be three times as fast.
    asked = [(question, entered) for question, entered in results if question.given == "inputs"]
    lines = [line for question, entered in asked for line in verdicts(question, entered, limits)]
    print("\n".join(lines))
    cases = [asdict(q) | {"contenders": {c.name: c.to_dict() for c in found}} for q, found in results]
    path = save("diagonals", {"limits": limits, "cases": cases}, arguments)
    if path is not None:
        path.with_suffix(".md").write_text(f"Memory: {rates}\n\n{markdown_table(HEADINGS, rows)}")


if __name__ == "__main__":
    main()
