"""Is rnncore faster than NumPy, torch and JAX at Lyapunov spectra, Jacobian products and gradient norms?

    python benchmarks/spectra.py [--what spectrum product gradients "lstm spectrum"] [--quick] [--output FILE]

Autonomous tanh networks with 1.5 times an orthogonal matrix, and LSTMs, in float64, all exponents of the whole state, one
thread, in turn in one process. The others run the same algorithm with the same re-orthonormalisation interval, each as its documentation would
have it; their results are seen to agree before any clock starts. Without an interval rnncore chooses its own.
"""

import argparse
import os
import subprocess
import sys
from dataclasses import asdict, dataclass

import numpy as np
from peers import TUNING
from record import add_options, save

import rnncore
from rnncore.backends import BACKENDS, get_backend
from rnncore.benchmark.peers import one_thread_environment
from rnncore.benchmark.table import print_table
from rnncore.benchmark.timing import Contender, Ratio, interleave

WHAT = ("spectrum", "product", "gradients", "lstm spectrum")
SIZES = (8, 16, 32, 64, 128, 256)
INTERVALS = (1, 10)
LSTM_INTERVALS = (1, 2)  # directions part by some e^5 a step: float64 can bear two
TRIAL_STEPS = 60
HEADINGS = ["what", "interval", "n", "native", "numba", "numpy", "torch", "jax", "best other ÷ rnncore native (band)"]


@dataclass(frozen=True)
class Case:
    """What is measured ("spectrum", "product", "gradients", "lstm spectrum"), the size, a spectrum's interval; None:
    automatic."""

    what: str
    size: int
    interval: int | None = None

    def weights(self):
        """1.5 times an orthogonal matrix: in ten steps directions part by e^12 to e^15, which float64 can bear."""
        normal = np.random.default_rng(self.size).normal(size=(self.size, self.size))
        return 1.5 * np.linalg.qr(normal)[0]

    def gates(self):
        """Of an LSTM: 3 times an orthogonal matrix for each gate, and the biases."""
        rng = np.random.default_rng(self.size)
        parts = [np.linalg.qr(part)[0] for part in rng.normal(size=(4, self.size, self.size))]
        return 3 * np.concatenate(parts), rng.normal(size=4 * self.size)

    @property
    def state_size(self):
        return 2 * self.size if self.what == "lstm spectrum" else self.size

    def state(self):
        return np.random.default_rng(1).uniform(-1, 1, self.state_size)

    def directions(self):
        """Those rnncore begins with: what differs between libraries is then rounding."""
        normal = np.random.default_rng(0).standard_normal((self.state_size, self.state_size))
        return np.eye(self.size) if self.what == "product" else np.linalg.qr(normal)[0]


def rnncore_run(backend):
    def prepare(case, steps):
        cell = rnncore.LSTM(case.gates()[0], bias_ih=case.gates()[1]) if case.what == "lstm spectrum" else rnncore.Elman(case.weights())
        options = {"steps": steps, "state": case.state(), "backend": backend, "threads": 1}
        if case.what.endswith("spectrum"):
            interval = "auto" if case.interval is None else case.interval
            return lambda: rnncore.lyapunov_spectrum(cell, burn_in=0, qr_interval=interval, **options).exponents
        if case.what == "product":
            return lambda: rnncore.jacobian_product(cell, **options).log2_norm()
        cotangent = np.ones(case.size)
        return lambda: rnncore.gradient_norms(cell, cotangent=cotangent, **options).log2_norms[-1]

    return prepare


def lstm_spectrum(case, steps, np, qr):
    """In NumPy, or whatever takes its place as ``np``: the Jacobian applied by its structure."""
    (weights, bias), size = map(np.asarray, case.gates()), case.size
    state, block, logs = np.asarray(case.state()), np.asarray(case.directions()), np.zeros(2 * size, dtype=np.float64)
    for step in range(1, steps + 1):
        state, block = lstm_step(np, weights, bias, state, block)
        if step % case.interval == 0 or step == steps:
            block, factor = qr(block)
            logs += np.log(np.abs(np.diag(factor)))
    return logs / steps


def lstm_step(np, weights, bias, state, block):
    size = weights.shape[1]
    h, c, dh, dc = state[:size], state[size:], block[:size], block[size:]
    z, dz = weights @ h + bias, weights @ dh
    gate = 1 / (1 + np.exp(-z))
    i, f, o, g = gate[:size], gate[size : 2 * size], gate[3 * size :], np.tanh(z[2 * size : 3 * size])
    slope = gate * (1 - gate)
    c_next = f * c + i * g
    kept = np.tanh(c_next)
    dc = (
        f[:, None] * dc
        + (g * slope[:size])[:, None] * dz[:size]
        + (c * slope[size : 2 * size])[:, None] * dz[size : 2 * size]
        + (i * (1 - g * g))[:, None] * dz[2 * size : 3 * size]
    )
    dh = (kept * slope[3 * size :])[:, None] * dz[3 * size :] + (o * (1 - kept * kept))[:, None] * dc
    return np.concatenate([o * kept, c_next]), np.concatenate([dh, dc])


def numpy_run(case, steps):
    if case.what == "lstm spectrum":
        return lambda: np.sort(lstm_spectrum(case, steps, np, np.linalg.qr))[::-1]
    weights, start = case.weights(), case.state()

    def spectrum():
        h, block, logs = start, case.directions(), np.zeros(case.size)
        for step in range(1, steps + 1):
            h = np.tanh(weights @ h)
            block = (1 - h * h)[:, None] * (weights @ block)
            if step % case.interval == 0 or step == steps:
                block, factor = np.linalg.qr(block)
                logs += np.log(np.abs(np.diag(factor)))
        return np.sort(logs / steps)[::-1]

    def product():
        h, block, exponent = start, case.directions(), 0
        for step in range(1, steps + 1):
            h = np.tanh(weights @ h)
            block = (1 - h * h)[:, None] * (weights @ block)
            if step % 10 == 0:
                shift = int(np.frexp(np.abs(block).max())[1])
                block, exponent = np.ldexp(block, -shift), exponent + shift
        return np.log2(np.linalg.norm(block, 2)) + exponent

    return spectrum if case.what == "spectrum" else product


def torch_run(case, steps):
    import torch

    torch.set_num_threads(1)
    if case.what == "lstm spectrum":
        return torch.inference_mode()(lambda: np.sort(lstm_spectrum(case, steps, torch, torch.linalg.qr).numpy())[::-1])
    weights, start = torch.from_numpy(case.weights()), torch.from_numpy(case.state())

    @torch.inference_mode()
    def spectrum():
        h, block = start, torch.from_numpy(case.directions())
        logs = torch.zeros(case.size, dtype=torch.float64)
        for step in range(1, steps + 1):
            h = torch.tanh(weights @ h)
            block = (1 - h * h)[:, None] * (weights @ block)
            if step % case.interval == 0 or step == steps:
                block, factor = torch.linalg.qr(block)
                logs += torch.log(torch.abs(torch.diagonal(factor)))
        return np.sort(logs.numpy() / steps)[::-1]

    def gradients():
        states = [start.clone().requires_grad_()]
        for _ in range(steps):
            states.append(torch.tanh(weights @ states[-1]))
        found = torch.autograd.grad(states[-1].sum(), states)
        return float(torch.log2(torch.linalg.vector_norm(torch.stack(found), dim=1))[0])

    return spectrum if case.what == "spectrum" else gradients


def jax_run(case, steps):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    is_lstm = case.what == "lstm spectrum"
    weights, bias = map(jnp.asarray, case.gates() if is_lstm else (case.weights(), 0.0))
    start, interval = jnp.asarray(case.state()), case.interval
    whole, rest = divmod(steps, interval)

    def advance(carry, count):
        h, block = carry
        for _ in range(count):
            if is_lstm:
                h, block = lstm_step(jnp, weights, bias, h, block)
            else:
                h = jnp.tanh(weights @ h)
                block = (1 - h * h)[:, None] * (weights @ block)
        block, factor = jnp.linalg.qr(block)
        return (h, block), jnp.log(jnp.abs(jnp.diagonal(factor)))

    @jax.jit
    def run(h):
        carry, logs = jax.lax.scan(
            lambda c, _: advance(c, interval), (h, jnp.asarray(case.directions())), None, length=whole
        )
        total = logs.sum(axis=0)
        return total + advance(carry, rest)[1] if rest else total

    compiled = run.lower(start).compile()
    return lambda: np.sort(np.asarray(compiled(start).block_until_ready()) / steps)[::-1]


def contenders_of(case):
    own = {
        f"rnncore {name}": rnncore_run(name)
        for name in BACKENDS
        if name != "reference" and get_backend(name).unavailable() is None
    }
    if case.what.endswith("spectrum") and case.interval is None:
        return own
    others = {
        "lstm spectrum": {"numpy": numpy_run, "torch": torch_run, "jax": jax_run},
        "spectrum": {"numpy": numpy_run, "torch": torch_run, "jax": jax_run},
        "product": {"numpy": numpy_run},
        "gradients": {"torch": torch_run},
    }[case.what]
    return own | others


def measure(case, quick):
    print(case, file=sys.stderr)
    seconds = 0.005 if quick else 0.05
    found, entered = [], []
    for name, prepare in contenders_of(case).items():
        trial = prepare(case, TRIAL_STEPS)
        found.append(trial())
        longer = prepare(case, 10 * TRIAL_STEPS)
        longer()
        step = min(_seconds(longer) for _ in range(3)) - min(_seconds(trial) for _ in range(3))
        steps = int(np.clip(9 * TRIAL_STEPS * seconds / step, TRIAL_STEPS, 1_000_000)) // 20 * 20
        run = prepare(case, steps)
        run()
        entered.append(Contender(name, run, steps))
    for other in found[1:]:
        # The trajectories of a chaotic network part after some tens of steps: their first exponents must agree.
        if not np.allclose(np.ravel(other)[0], np.ravel(found[0])[0], rtol=0.02, atol=0.02):
            sys.exit(f"spectra: {[np.ravel(f)[0] for f in found]} differ at {case}")
    interleave(entered, rounds=3 if quick else 12, repeats=2)
    return entered


def _seconds(run):
    contender = Contender("", run, 1)
    contender.time_round(1)
    return contender.seconds[0]


def row_of(case, entered):
    names = ["rnncore native", "rnncore numba", "numpy", "torch", "jax"]
    by_name = {contender.name: contender for contender in entered}
    cells = [f"{by_name[name].microseconds_per_step:.3g}" if name in by_name else "" for name in names]
    ours, *others = entered
    others = [other for other in others if not other.name.startswith("rnncore")]
    ratio = ""
    if others:
        best = min(others, key=lambda other: other.microseconds_per_step)
        ratio = f"{best.name} {Ratio.between(best, ours)}"
    interval = "" if not case.what.endswith("spectrum") else "auto" if case.interval is None else str(case.interval)
    return [case.what, interval, str(case.size), *cells, ratio]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    parser.add_argument("--what", nargs="+", choices=WHAT, default=WHAT)
    parser.add_argument("--in-this-process", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.in_this_process:
        environment = {name: value for name, value in os.environ.items() if name not in TUNING}
        command = [sys.executable, __file__, "--in-this-process", *sys.argv[1:]]
        sys.exit(subprocess.run(command, env=environment | one_thread_environment()).returncode)
    sizes = SIZES[:3] if arguments.quick else SIZES
    cases = [Case("spectrum", size, interval) for size in sizes for interval in (*INTERVALS, None)]
    cases += [Case("product", size) for size in sizes] + [Case("gradients", size) for size in sizes]
    cases += [Case("lstm spectrum", size, interval) for size in sizes[:4] for interval in (*LSTM_INTERVALS, None)]
    cases = [case for case in cases if case.what in arguments.what]
    results = [(case, measure(case, arguments.quick)) for case in cases]
    print("µs per step, one thread, float64; best other ÷ rnncore native with the band of the rounds")
    rows = [row_of(case, entered) for case, entered in results]
    print_table(HEADINGS, rows)
    cases = [asdict(case) | {"contenders": {c.name: c.to_dict() for c in found}} for case, found in results]
    path = save("spectra", {"cases": cases}, arguments)
    if path is not None:
        lines = [HEADINGS, ["---:"] * len(HEADINGS), *rows]
        path.with_suffix(".md").write_text("".join("| " + " | ".join(line) + " |\n" for line in lines))


if __name__ == "__main__":
    main()
