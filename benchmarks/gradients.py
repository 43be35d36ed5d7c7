"""Is rnncore faster than torch and JAX at exact gradients, forward and backward together?

    python benchmarks/gradients.py [--what frameworks long] [--quick] [--output FILE]

Frameworks: Elman networks, LSTM and GRU, float32, 16 inputs, one thread, the cotangents of all outputs given: gradients
of the parameters and of the inputs, by ``rnncore.gradients``, ``torch.autograd`` on ``torch.nn.RNN``, ``LSTM`` and
``GRU``, and JAX's gradient of a jitted ``lax.scan``, its input projection hoisted, unrolled 1, 2, 4 or 8 times,
whichever is fastest. Beside them the way back alone (``Recording.gradients``) against the way forward (``simulate``).

Long: ten million steps of 64 units within a memory limit of 500 MB, their inputs a memory map: peak resident memory of
a process of its own, and the time of a step against that of a short run without a limit.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
from longrun import write_inputs
from processes import add_own_process, continue_on_one_thread, environment
from record import add_options, save

import rnncore
from rnncore.backends import BACKENDS, get_backend
from rnncore.benchmark.cases import Case
from rnncore.benchmark.peers import jax_step
from rnncore.benchmark.table import markdown_table, print_table
from rnncore.benchmark.timing import Contender, Ratio, best_seconds, interleave

WHAT = ("frameworks", "long")
SHAPES = [(16, 1), (64, 1), (256, 1), (16, 16), (64, 16), (256, 16)]  # units, sequences
# How many times as long the best of the others should take.
GOALS = {
    ("elman", 16, 1): 3, ("elman", 64, 1): 3, ("elman", 16, 16): 1.5, ("elman", 64, 16): 1.5,
    ("elman", 256, 1): 1.5, ("elman", 256, 16): 1,
    ("lstm", 16, 1): 1.5, ("lstm", 64, 1): 1.5, ("lstm", 256, 1): 1.5,
    ("lstm", 16, 16): 1, ("lstm", 64, 16): 1, ("lstm", 256, 16): 1,
}  # fmt: skip
MOST_BACK = 2.5  # times the way forward, from 64 units on
LIMIT, MOST_RESIDENT, MOST_LONGER = 500e6, 700e6, 2.2
TRIAL_STEPS = 300
HEADINGS = [
    "cell", "n", "B", "native", "numba", "torch", "jax", "best other ÷ rnncore native (band)", "goal", "back ÷ forward",
]  # fmt: skip


def cotangents(case, steps):
    return np.random.default_rng(7).standard_normal((steps, case.batch, case.size)).astype(np.float32)


def of_case(case, array):
    """Without the batch axis where there is one sequence."""
    return array[:, 0] if case.batch == 1 else array


def rnncore_run(backend):
    def prepare(case, steps):
        cell, inputs = case.build(), of_case(case, case.inputs(steps))
        cotangent = of_case(case, cotangents(case, steps))

        def run():
            found = rnncore.gradients(cell, inputs, cotangent, wrt=("parameters", "inputs"), backend=backend, threads=1)
            return found.parameters["weight_hh"], found.inputs

        return run

    return prepare


def forward_run(case, steps):
    cell, inputs = case.build(), of_case(case, case.inputs(steps))
    return lambda: rnncore.simulate(cell, inputs, backend="native", threads=1)


def backward_run(case, steps):
    recording = rnncore.record(case.build(), of_case(case, case.inputs(steps)), backend="native", threads=1)
    cotangent = of_case(case, cotangents(case, steps))
    return lambda: recording.gradients(cotangent, wrt=("parameters", "inputs"))


def torch_run(case, steps):
    import torch

    torch.set_num_threads(1)
    sizes, weights = (case.input_size, case.size), case.build().parameters
    network = torch.nn.RNN(*sizes) if case.cell == "elman" else getattr(torch.nn, case.cell.upper())(*sizes)
    weights = {"bias_hh": np.zeros_like(weights["bias_ih"])} | weights
    network.load_state_dict({f"{name}_l0": torch.tensor(array) for name, array in weights.items()})
    inputs = torch.from_numpy(case.inputs(steps)).requires_grad_()
    cotangent = torch.from_numpy(cotangents(case, steps))
    wanted = [*network.parameters(), inputs]

    def run():
        found = torch.autograd.grad(network(inputs)[0], wanted, cotangent)
        return found[1].numpy(), of_case(case, found[-1].numpy())

    return run


def jax_run(unroll):
    def prepare(case, steps):
        import jax
        import jax.numpy as jnp

        inputs, cotangent = of_case(case, case.inputs(steps)), of_case(case, cotangents(case, steps))
        weights = {name: jnp.asarray(array) for name, array in case.build().parameters.items()}
        weights.setdefault("bias_hh", jnp.zeros_like(weights["bias_ih"]))
        start = jnp.zeros((*inputs.shape[1:-1], case.size), inputs.dtype)
        start = (start, start) if case.cell == "lstm" else (start,)
        step = jax_step(case, transposed=False)

        def outputs(weights, inputs):
            projected = inputs @ weights["weight_ih"].T + weights["bias_ih"]
            return jax.lax.scan(lambda state, x: step(weights, state, x), start, projected, unroll=unroll)[1]

        @jax.jit
        def gradients(weights, inputs, cotangent):
            return jax.vjp(outputs, weights, inputs)[1](cotangent)

        arguments = weights, jnp.asarray(inputs), jnp.asarray(cotangent)
        compiled = gradients.lower(*arguments).compile()

        def run():
            of_weights, of_inputs = jax.block_until_ready(compiled(*arguments))
            return np.asarray(of_weights["weight_hh"]), np.asarray(of_inputs)

        return run

    return prepare


def libraries():
    for name in BACKENDS:
        if name != "reference" and get_backend(name).unavailable() is None:
            yield f"rnncore {name}", [rnncore_run(name)]
    yield "torch", [torch_run]
    yield "jax", [jax_run(unroll) for unroll in (1, 2, 4, 8)]


def enter(name, ways, case, seconds, expected):
    """The fastest of the ways, seen to be right, with as many steps as a call of so many seconds takes."""
    times = []
    for way in ways:
        run = way(case, TRIAL_STEPS)
        found = run()
        for array, true in zip(found, expected) if expected is not None else ():
            error = np.abs(array.reshape(true.shape) - true).max() / np.abs(true).max()
            if not error < 1e-3:
                sys.exit(f"gradients: {name} is off by {error:.2g} at {case}")
        times.append(best_seconds(run, 5))
    steps = int(np.clip(TRIAL_STEPS * seconds / min(times), TRIAL_STEPS, 20_000))
    run = ways[int(np.argmin(times))](case, steps)
    run()
    return Contender(name, run, steps)


def measure(case, quick):
    print(case, file=sys.stderr)
    seconds = 0.005 if quick else 0.03
    cell = case.build().astype(np.float64)
    inputs, cotangent = of_case(case, case.inputs(TRIAL_STEPS)), of_case(case, cotangents(case, TRIAL_STEPS))
    true = rnncore.gradients(cell, inputs.astype(np.float64), cotangent.astype(np.float64), backend="reference")
    expected = true.parameters["weight_hh"], true.inputs
    entered = [enter(name, ways, case, seconds, expected) for name, ways in libraries()]
    entered += [
        enter("forward", [forward_run], case, seconds, None), enter("backward", [backward_run], case, seconds, None),
    ]  # fmt: skip
    interleave(entered, rounds=3 if quick else 15, repeats=2)
    return {contender.name: contender for contender in entered}


def row_of(case, entered):
    ours = entered["rnncore native"]
    best = min((entered[name] for name in ("torch", "jax")), key=lambda other: other.microseconds_per_step)
    ratio, goal = Ratio.between(best, ours), GOALS.get((case.cell, case.size, case.batch))
    reached = "" if goal is None else f"{goal}: {'reached' if ratio.value >= goal else 'missed'}"
    back = entered["backward"].microseconds_per_step / entered["forward"].microseconds_per_step
    verdict = f" ({'under' if back < MOST_BACK else 'over'} {MOST_BACK})" if case.size >= 64 else ""
    names = ["rnncore native", "rnncore numba", "torch", "jax"]
    times = [f"{entered[name].microseconds_per_step:.3g}" if name in entered else "" for name in names]
    return [case.cell, str(case.size), str(case.batch), *times, f"{best.name} {ratio}", reached, f"{back:.2f}{verdict}"]


def most_resident_bytes():
    """What ``getrusage`` says may be the memory of the process that started this one."""
    return 1024 * int(re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[1])


def long_run(path, steps):
    """In a process of its own: the most that it held would else be the frameworks'."""
    cell, cotangent = Case("elman", 64).build(), np.full(64, 1e-3, np.float32)
    inputs = np.load(path, mmap_mode="r")
    short = np.array(inputs[:5000])
    options = {"wrt": ("parameters", "state"), "threads": 1}
    times = []
    for _ in range(5):
        before = time.perf_counter()
        rnncore.gradients(cell, short, np.broadcast_to(cotangent, (len(short), 64)), **options)
        times.append((time.perf_counter() - before) / len(short))
    before = time.perf_counter()
    found = rnncore.gradients(cell, inputs, np.broadcast_to(cotangent, (steps, 64)), memory_limit=int(LIMIT), **options)
    return {
        "steps": steps,
        "short_microseconds_per_step": 1e6 * min(times),
        "microseconds_per_step": 1e6 * (time.perf_counter() - before) / steps,
        "resident_bytes": most_resident_bytes(),
        "peak_bytes": found.peak_bytes,
        "recomputed_steps": found.recomputed_steps,
    }


def measure_long(steps):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inputs.npy"
        write_inputs(path, steps, Case("elman", 64))
        command = [sys.executable, __file__, "--in-this-process", "--long-run", str(path)]
        return json.loads(subprocess.run(command, env=environment(1), check=True, stdout=subprocess.PIPE).stdout)


def long_lines(found):
    longer = found["microseconds_per_step"] / found["short_microseconds_per_step"]
    yield (
        f"{found['steps']:,} steps of 64 units, memory limit {LIMIT / 1e6:.0f} MB: at most "
        f"{found['resident_bytes'] / 1e6:.0f} MB resident, {found['recomputed_steps']:,} steps recomputed, "
        f"{longer:.2f} times as long a step as {found['short_microseconds_per_step']:.3f} µs of a short run"
    )
    reached = found["resident_bytes"] < MOST_RESIDENT and longer <= MOST_LONGER
    yield f"goal: under {MOST_RESIDENT / 1e6:.0f} MB and at most {MOST_LONGER}: {'reached' if reached else 'missed'}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    parser.add_argument("--what", nargs="+", choices=WHAT, default=WHAT)
    parser.add_argument("--cells", nargs="+", choices=("elman", "lstm", "gru"), default=("elman", "lstm", "gru"))
    parser.add_argument("--long-run", help=argparse.SUPPRESS)
    add_own_process(parser)
    arguments = parser.parse_args()
    continue_on_one_thread(arguments)
    if arguments.long_run:
        print(json.dumps(long_run(arguments.long_run, len(np.load(arguments.long_run, mmap_mode="r")))))
        return
    facts, rows, lines = {}, [], []
    if "frameworks" in arguments.what:
        shapes = SHAPES[:2] if arguments.quick else SHAPES
        cases = [Case(cell, size, batch) for cell in arguments.cells for size, batch in shapes]
        results = [(case, measure(case, arguments.quick)) for case in cases]
        rows = [row_of(case, entered) for case, entered in results]
        print("µs per step, forward and backward, one thread, float32")
        print_table(HEADINGS, rows)
        facts["cases"] = [
            asdict(case) | {"contenders": {name: c.to_dict() for name, c in entered.items()}}
            for case, entered in results
        ]
    if "long" in arguments.what:
        facts["long"] = measure_long(300_000 if arguments.quick else 10_000_000)
        lines = list(long_lines(facts["long"]))
        print("\n".join(lines))
    path = save("gradients", facts, arguments)
    if path is not None:
        text = (markdown_table(HEADINGS, rows) if rows else "") + "".join(f"\n{line}\n" for line in lines)
        path.with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
