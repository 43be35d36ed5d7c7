"""Is rnncore faster than NumPy, torch and JAX at Lyapunov spectra, Jacobian products and gradient norms?

    python benchmarks/spectra.py [--what spectrum product gradients "lstm spectrum"] [--quick] [--output FILE]

Autonomous tanh networks with 1.5 times an orthogonal matrix, and LSTMs, in float64, all exponents (of an LSTM those of
h and c), one thread, in turn in one process. The others run the same algorithm with the same re-orthonormalisation
interval, each as its documentation would have it, and of two ways to apply the Jacobian of an LSTM in the faster one;
their results are seen to agree before any clock starts. Without an interval rnncore chooses its own.
"""

import argparse
import sys
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
from processes import add_own_process, continue_on_one_thread
from record import add_options, save

import rnncore
from rnncore.backends import BACKENDS, get_backend
from rnncore.benchmark.table import markdown_table, print_table
from rnncore.benchmark.timing import Contender, Ratio, best_seconds, interleave

WHAT = ("spectrum", "product", "gradients", "lstm spectrum")
SIZES = (8, 16, 32, 64, 128, 256)
INTERVALS = (1, 10)
LSTM_SIZES = (8, 16, 32, 64)
LSTM_INTERVALS = (1, 2, 4)
LSTM_GOALS = {8: 5, 32: 2}  # how many times as long the best of the others should take
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
        """Weights and biases of an LSTM: 3 times an orthogonal matrix for each gate, forgetting biased by 2. In four
        steps directions part by e^8 to e^13, which float64 can bear."""
        rng = np.random.default_rng(self.size)
        parts = [np.linalg.qr(part)[0] for part in rng.normal(size=(4, self.size, self.size))]
        return 3 * np.concatenate(parts), rng.normal(size=4 * self.size) + np.repeat([0, 2, 0, 0], self.size)

    @property
    def state_size(self):
        return 2 * self.size if self.what == "lstm spectrum" else self.size

    def state(self):
        return np.random.default_rng(1).uniform(-1, 1, self.state_size)

    def directions(self):
        """Those rnncore begins with: what differs between libraries is then rounding."""
        normal = np.random.default_rng(0).standard_normal((self.state_size, self.state_size))
        return np.eye(self.size) if self.what == "product" else np.linalg.qr(normal)[0]


def cell_of(case):
    if case.what == "lstm spectrum":
        weights, bias = case.gates()
        return rnncore.LSTM(weights, bias_ih=bias)
    return rnncore.Elman(case.weights())


def rnncore_run(backend):
    def prepare(case, steps):
        cell = cell_of(case)
        options = {"steps": steps, "state": case.state(), "backend": backend, "threads": 1}
        if case.what.endswith("spectrum"):
            interval = "auto" if case.interval is None else case.interval
            return lambda: rnncore.lyapunov_spectrum(cell, burn_in=0, qr_interval=interval, **options).exponents
        if case.what == "product":
            return lambda: rnncore.jacobian_product(cell, **options).log2_norm()
        cotangent = np.ones(case.size)
        return lambda: rnncore.gradient_norms(cell, cotangent=cotangent, **options).log2_norms[-1]

    return prepare


def lstm_step(np, weights, bias, state, block, folded):
    """In NumPy, or whatever takes its place as ``np``: the new state, and the block behind the Jacobian.

    The Jacobian is [[∂h'/∂h, ∂h'/∂c], [∂c'/∂h, ∂c'/∂c]]; what of it is not diagonal is made of the gates' rows of the
    weights, scaled: those of ∂c'/∂h are added before (``folded``) or after they multiply the block.
    """
    size = weights.shape[1]
    parts = [slice(size * gate, size * (gate + 1)) for gate in range(4)]
    h, c, dh, dc = state[:size], state[size:], block[:size], block[size:]
    z = weights @ h + bias
    gate = 1 / (1 + np.exp(-z))
    i, f, o, g = gate[parts[0]], gate[parts[1]], gate[parts[3]], np.tanh(z[parts[2]])
    slope = gate * (1 - gate)
    c_next = f * c + i * g
    kept = np.tanh(c_next)
    by_i, by_f, by_g, by_o = g * slope[parts[0]], c * slope[parts[1]], i * (1 - g * g), kept * slope[parts[3]]
    rows = weights if folded else weights @ dh
    inner = by_i[:, None] * rows[parts[0]] + by_f[:, None] * rows[parts[1]] + by_g[:, None] * rows[parts[2]]
    outer = by_o[:, None] * rows[parts[3]]
    if folded:
        both = np.concatenate([inner, outer]) @ dh
        inner, outer = both[:size], both[size:]
    dc = f[:, None] * dc + inner
    dh = outer + (o * (1 - kept * kept))[:, None] * dc
    return np.concatenate([o * kept, c_next]), np.concatenate([dh, dc])


def lstm_spectrum(case, steps, np, qr, folded):
    (weights, bias), size = map(np.asarray, case.gates()), case.size
    state, block, logs = np.asarray(case.state()), np.asarray(case.directions()), np.zeros(2 * size, dtype=np.float64)
    for step in range(1, steps + 1):
        state, block = lstm_step(np, weights, bias, state, block, folded)
        if step % case.interval == 0 or step == steps:
            block, factor = qr(block)
            logs += np.log(np.abs(np.diag(factor)))
    return logs / steps


def numpy_run(case, steps, folded=False):
    if case.what == "lstm spectrum":
        return lambda: np.sort(lstm_spectrum(case, steps, np, np.linalg.qr, folded))[::-1]
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


def torch_run(case, steps, folded=False):
    import torch

    torch.set_num_threads(1)
    if case.what == "lstm spectrum":

        @torch.inference_mode()
        def run():
            return np.sort(lstm_spectrum(case, steps, torch, torch.linalg.qr, folded).numpy())[::-1]

        return run
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


def jax_run(case, steps, folded=False):
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
                h, block = lstm_step(jnp, weights, bias, h, block, folded)
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
    others = {"numpy": numpy_run, "torch": torch_run, "jax": jax_run}
    if case.what == "lstm spectrum":
        return own | {name: faster(run, case) for name, run in others.items()}
    taking_part = {"spectrum": others, "product": ["numpy"], "gradients": ["torch"]}[case.what]
    return own | {name: others[name] for name in taking_part}


def faster(prepare, case):
    """``prepare`` in that one of two ways that took less time in a trial."""
    ways = [partial(prepare, folded=folded) for folded in (False, True)]
    seconds = []
    for way in ways:
        run = way(case, 10 * TRIAL_STEPS)
        run()
        seconds.append(best_seconds(run, 15))
    return ways[int(np.argmin(seconds))]


def measure(case, quick):
    print(case, file=sys.stderr)
    seconds = 0.005 if quick else 0.05
    found, entered = [], []
    for name, prepare in contenders_of(case).items():
        trial = prepare(case, TRIAL_STEPS)
        found.append(trial())
        longer = prepare(case, 10 * TRIAL_STEPS)
        longer()
        step = best_seconds(longer, 3) - best_seconds(trial, 3)
        steps = int(np.clip(9 * TRIAL_STEPS * seconds / step, TRIAL_STEPS, 1_000_000)) // 20 * 20
        run = prepare(case, steps)
        run()
        entered.append(Contender(name, run, steps))
    for other in found[1:]:
        # The trajectories of a chaotic network part after some tens of steps: their first exponents must agree. Those
        # of the LSTMs do not; and an interval too long for float64 would show in the last exponents.
        every, close = (slice(None), 1e-8) if case.what == "lstm spectrum" else (0, 0.02)
        if not np.allclose(np.ravel(other)[every], np.ravel(found[0])[every], rtol=close, atol=close):
            sys.exit(f"spectra: {[np.ravel(f)[every] for f in found]} differ at {case}")
    interleave(entered, rounds=3 if quick else 12, repeats=2)
    return entered


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


def verdicts(results):
    """Of LSTMs: the best of the others against rnncore, each at the interval that is best for it, and at equal ones."""
    for size, goal in LSTM_GOALS.items():
        found = {
            case.interval: entered for case, entered in results if (case.what, case.size) == ("lstm spectrum", size)
        }
        if not found:
            continue
        ours = {interval: entered[0] for interval, entered in found.items()}
        best = {}
        for interval in LSTM_INTERVALS:
            others = [contender for contender in found[interval] if not contender.name.startswith("rnncore")]
            best[interval] = min(others, key=_time)
        fastest = min(best, key=lambda interval: _time(best[interval]))
        chosen = f"each at its best interval, {best[fastest].name} at {fastest}"
        ratios = {chosen: Ratio.between(best[fastest], min(ours.values(), key=_time))}
        ratios |= {f"both at {k}, {best[k].name}": Ratio.between(best[k], ours[k]) for k in LSTM_INTERVALS}
        for which, ratio in ratios.items():
            verdict = "reached" if ratio.value >= goal else "missed"
            yield f"LSTM of {size} units, {2 * size} exponents; {which}: {ratio}; goal {goal} {verdict}"


def _time(contender):
    return contender.microseconds_per_step


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    parser.add_argument("--what", nargs="+", choices=WHAT, default=WHAT)
    add_own_process(parser)
    arguments = parser.parse_args()
    continue_on_one_thread(arguments)
    sizes = SIZES[:3] if arguments.quick else SIZES
    cases = [Case("spectrum", size, interval) for size in sizes for interval in (*INTERVALS, None)]
    cases += [Case("product", size) for size in sizes] + [Case("gradients", size) for size in sizes]
    cases += [
        Case("lstm spectrum", size, interval)
        for size in (LSTM_SIZES[:3:2] if arguments.quick else LSTM_SIZES)
        for interval in (*LSTM_INTERVALS, None)
    ]
    cases = [case for case in cases if case.what in arguments.what]
    results = [(case, measure(case, arguments.quick)) for case in cases]
    print("µs per step, one thread, float64; best other ÷ rnncore native with the band of the rounds")
    rows = [row_of(case, entered) for case, entered in results]
    print_table(HEADINGS, rows)
    lines = list(verdicts(results))
    print("\n".join(lines))
    cases = [asdict(case) | {"contenders": {c.name: c.to_dict() for c in found}} for case, found in results]
    path = save("spectra", {"cases": cases}, arguments)
    if path is not None:
        text = markdown_table(HEADINGS, rows) + "".join(f"\n{line}\n" for line in lines)
        path.with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
