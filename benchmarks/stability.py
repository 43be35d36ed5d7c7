"""Is a verdict of stability ever wrong, and how often is there none?

    python benchmarks/stability.py [--quick] [--output FILE]

Random cells of every kind, of 1 to 24 units, spectral radii from 0.05 to 5 and a tenth of them within 1e-3 to
1e-12 of 1. "stable" is wrong where a long run leaves the bound, or two runs stay apart that should have come
together by the proved rate; "unstable" where its witness does not do what it claims; linear layers are judged
by their eigenvalues too, in 50 digits near the border. A markdown table is written beside the JSON.
"""

import argparse
import collections
import time

import numpy as np
from record import add_options, save

import rnncore
from rnncore.benchmark.table import markdown_table

NONLINEARITIES = ("tanh", "sigmoid", "relu", "elu", "softplus", "identity")
PROPERTIES = ("bounded", "incremental", "gradients")
SLACK = 1e-9  # relative: a run of float64 rounds at every step
APART = 1e-3  # of the first difference; tested where the proved rate leaves less than a millionth of that
CLEAR, GROWN = 1.05, 10  # spectral radius at a fixed point, and what becomes of a small difference there at least
DECAYED = 0.5  # a peak in the last tenth of a witness's run, beside that in its first


def radius(rng):
    if rng.random() < 0.1:
        return 1 + rng.choice([-1, 1]) * 10 ** -rng.uniform(3, 12)
    return np.exp(rng.uniform(np.log(0.05), np.log(5)))


def matrix(rng, n, scale=None):
    """Gaussian, orthogonal, or nearly triangular and so far from normal, of a spectral radius."""
    weight = rng.normal(size=(n, n))
    kind = rng.integers(3)
    if kind == 1:
        weight = np.linalg.qr(weight)[0]
    elif kind == 2:
        weight = np.triu(weight) + 0.05 * np.tril(weight, -1)
    return weight * ((radius(rng) if scale is None else scale) / np.abs(np.linalg.eigvals(weight)).max())


def _around(rng, n):
    """Inputs and bias: ``(weight_ih, bias)``."""
    return rng.normal(size=(n, 2)) * 10 ** rng.uniform(-1, 0.5), rng.normal(size=n) * rng.choice([0, 0.3, 2])


def _elman(nonlinearity, leaky):
    def make(rng, n):
        leak = rng.uniform(0.05, 0.95) if leaky else 1.0
        return rnncore.Elman(matrix(rng, n), *_around(rng, n), nonlinearity=nonlinearity, leak=leak)

    return make


def _diagonal(rng, n):
    values = rng.uniform(-1, 1, n)
    return rnncore.Diagonal(values * (radius(rng) / np.abs(values).max()), *_around(rng, n))


def _complex_diagonal(rng, n):
    values = rng.uniform(0.1, 1, n) * np.exp(2j * np.pi * rng.random(n))
    return rnncore.Diagonal(values * (radius(rng) / np.abs(values).max()), rng.normal(size=(n, 2)) + 0j)


def _gates(rng, n, count):
    weight = np.concatenate([matrix(rng, n) for _ in range(count)])
    return weight, rng.normal(size=(count * n, 2)) * 10 ** rng.uniform(-1, 0.5), rng.normal(size=count * n)


def _lstm(rng, n):
    return rnncore.LSTM(*_gates(rng, n, 4))


def _peepholes(rng, n):
    peepholes = {f"weight_c{gate}": rng.normal(size=n) * rng.choice([0.1, 1.0]) for gate in "ifo"}
    return rnncore.LSTM(*_gates(rng, n, 4), **peepholes)


def _gru(reset_after):
    return lambda rng, n: rnncore.GRU(*_gates(rng, n, 3), reset_after=reset_after)


def _gated_diagonal(rng, n):
    gate, drive = (rng.normal(size=(n, 2)) * 10 ** rng.uniform(-1, 0.5) for _ in range(2))
    nonlinearity = rng.choice(["tanh", "identity"])
    return rnncore.GatedDiagonal(drive, gate, bias_gate=rng.normal(size=n), nonlinearity=str(nonlinearity))


def _chain(rng, n):
    first = _elman("tanh", False)(rng, n)
    weight = rng.normal(size=(n, n)) / np.sqrt(n)
    second = rnncore.Elman(matrix(rng, n), weight, nonlinearity=str(rng.choice(["tanh", "relu"])))
    return rnncore.Chain([first, second, rnncore.Dense(rng.normal(size=(1, n)))])


KINDS = {
    "Linear": lambda rng, n: rnncore.Linear(matrix(rng, n), *_around(rng, n)),
    "Diagonal": _diagonal,
    "Diagonal, complex": _complex_diagonal,
    **{f"Elman {phi}{', leaky' * leaky}": _elman(phi, leaky) for phi in NONLINEARITIES for leaky in (False, True)},
    "LSTM": _lstm,
    "LSTM, peepholes": _peepholes,
    "GRU": _gru(True),
    "GRU, reset before": _gru(False),
    "GatedDiagonal": _gated_diagonal,
    "Chain": _chain,
}


def wrong_verdicts(cell, report, bound, steps, rng):
    """The names of properties whose verdict a run or the eigenvalues contradict."""
    wrong = set()
    inputs = rng.uniform(-bound, bound, size=(steps, 8, cell.input_size))
    inputs[:, ::2] = bound * np.sign(inputs[:, ::2])
    options = {"keep": "states", "check_finite": False}
    if report.bound is not None:
        states = rnncore.simulate(cell, inputs, **options).states
        if not np.abs(states).max() <= report.bound * (1 + SLACK) + SLACK:
            wrong.add("bounded")
    rate = report.incremental.rate
    if report.incremental.verdict == "stable" and rate is not None and rate**steps < 1e-6 * APART:
        starts = 0.1 * rng.normal(size=(2, 8, cell.state_size))
        first, second = (rnncore.simulate(cell, inputs, state=start, **options).final_state for start in starts)
        size = np.abs(first).max() + 1e-300
        apart = np.abs(first - second).max()
        if not (apart <= APART * np.abs(starts[0] - starts[1]).max() or apart <= SLACK * size):
            wrong.add("incremental")
    wrong |= {found.name for found in report.properties if found.witness is not None and _fails(cell, found, steps)}
    size = _recurrent_radius(cell)
    if size is not None:
        stable = size < 1
        for name in ("incremental", "gradients"):
            verdict = getattr(report, name).verdict
            if verdict != "undecided" and (verdict == "stable") != stable:
                wrong.add(name)
    return wrong


def _fails(cell, found, steps):
    """Whether a witness's run does not do what it claims.

    Two runs near an unstable fixed point must part; later both may end in the same place, as rounding pushes even the
    one from the fixed point off it. Any other run must not decay.
    """
    witness = found.witness
    states = witness.simulate(cell, steps, check_finite=False).states
    size = states if witness.other_state is None else states[:, 0] - states[:, 1]
    size = np.abs(size).reshape(steps, -1).max(axis=1)
    if not np.isfinite(size).all():
        return False
    if found.estimate is not None:
        return found.estimate > CLEAR and size.max() < GROWN * np.abs(witness.state - witness.other_state).max()
    tenth = steps // 10
    return size[-tenth:].max() < DECAYED * size[:tenth].max()


def _recurrent_radius(cell):
    """The spectral radius of a linear layer, in 50 digits near 1, of a Diagonal its exact square; None of any other."""
    if getattr(cell, "nonlinearity", None) != "identity" and not isinstance(cell, (rnncore.Linear, rnncore.Diagonal)):
        return None
    weight = cell.parameters.get("weight_hh") if hasattr(cell, "parameters") else None
    if weight is None or isinstance(cell, rnncore.GatedDiagonal):
        return None
    if weight.ndim == 1:
        return _longest(weight)
    leak = getattr(cell, "leak", 1.0)
    moved = (1 - leak) * np.eye(len(weight)) + leak * weight
    largest = np.abs(np.linalg.eigvals(moved)).max()
    if abs(largest - 1) > 1e-2:
        return largest
    import mpmath

    with mpmath.workdps(50):
        exact = mpmath.mpf(leak) * mpmath.matrix(weight.tolist()) + (1 - mpmath.mpf(leak)) * mpmath.eye(len(weight))
        return max(abs(value) for value in mpmath.eig(exact, left=False, right=False))


def _longest(values):
    from fractions import Fraction

    return max(Fraction(v.real) ** 2 + Fraction(v.imag) ** 2 for v in values.astype(complex).tolist())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    arguments = parser.parse_args()
    each, steps = (5, 500) if arguments.quick else (48, 3000)
    counts = {name: {prop: collections.Counter() for prop in PROPERTIES} for name in KINDS}
    clear = {name: {prop: [0, 0] for prop in PROPERTIES} for name in KINDS if name.startswith("Elman")}
    wrong, seconds = [], 0.0
    for number, (name, make) in enumerate(KINDS.items()):
        for index in range(each):
            rng = np.random.default_rng([number, index])
            cell, bound = make(rng, int(rng.integers(1, 25))), float(10 ** rng.uniform(-1, 1))
            before = time.perf_counter()
            report = rnncore.stability(cell, input_bound=bound)
            seconds += time.perf_counter() - before
            for found in report.properties:
                counts[name][found.name][found.verdict] += 1
            if name in clear:
                _count_clear(cell, report, clear[name])
            wrong += [
                {"kind": name, "seed": [number, index], "property": prop}
                for prop in sorted(wrong_verdicts(cell, report, bound, steps, rng))
            ]
    rows = [
        [name, *(" / ".join(str(found[prop][v]) for v in ("stable", "unstable", "undecided")) for prop in PROPERTIES)]
        for name, found in counts.items()
    ]
    shares = [
        [name, *(f"{undecided} of {all_}" for undecided, all_ in (found[prop] for prop in PROPERTIES))]
        for name, found in clear.items()
    ]
    text = "\n".join([
        f"{each * len(KINDS)} random cells, {len(wrong)} wrong verdicts; {seconds:.3g} s in `stability`.",
        "", "Verdicts: stable / unstable / undecided", "", markdown_table(["cells", *PROPERTIES], rows),
        "", "Undecided, of Elman layers with spectral radius below 0.9 or norm above 1.5", "",
        markdown_table(["cells", *PROPERTIES], shares), "",
    ])  # fmt: skip
    print(text)
    for entry in wrong:
        print("wrong:", entry)
    facts = {"cells": each * len(KINDS), "steps": steps, "seconds": seconds, "wrong": wrong}
    path = save("stability", {**facts, "verdicts": counts, "undecided_of_clear": clear}, arguments)
    if path is not None:
        path.with_suffix(".md").write_text(text)


def _count_clear(cell, report, clear):
    weight = cell.parameters["weight_hh"]
    if np.abs(np.linalg.eigvals(weight)).max() < 0.9 or np.linalg.norm(weight, 2) > 1.5:
        for found in report.properties:
            clear[found.name][0] += found.verdict == "undecided"
            clear[found.name][1] += 1


if __name__ == "__main__":
    main()
