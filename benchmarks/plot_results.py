"""Table and picture of what peers.py found.

python benchmarks/plot_results.py benchmarks/results/….json [--png FILE] [--markdown FILE]
"""

import argparse
import json
from pathlib import Path

from rnncore.benchmark.timing import Contender, Ratio

OWN = "rnncore"
BUSY = 0.9  # processor time over wall time, of a contender that never waits
NOT_A_LIBRARY = ("numpy",)  # shown, but no rival: a loop anyone would write
# Of one thread: how many times as long the best other library should take, by B and n.
GOALS = {1: {16: 1.4, 64: 1.4, 128: 1.15, 256: 1.15, 512: 1.0}, 16: {16: 1.2, 64: 0.9, 128: 0.9, 256: 0.9, 512: 0.9}}
WITH_GOALS = ("lstm", "gru")
_NAMES = {"elman": "Elman tanh", "lstm": "LSTM", "gru": "GRU"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--png", type=Path)
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()
    facts = json.loads(arguments.results.read_text())
    text = markdown(facts)
    if arguments.markdown:
        arguments.markdown.write_text(text)
    else:
        print(text)
    if arguments.png:
        plot(facts, arguments.png)


def markdown(facts):
    """One table per number of threads and cell."""
    return "\n".join(_table(run, cell) for run in facts["runs"] for cell in _cells(run))


def _cells(run):
    return list(dict.fromkeys(case["cell"] for case in run["cases"]))


def _of_cell(run, cell):
    return [case for case in run["cases"] if case["cell"] == cell]


def against_best(case):
    """The fastest other library of a case and the :class:`Ratio` of its time to rnncore's first backend."""
    found = {
        name: Contender(name, None, about["steps"], seconds=about["seconds"])
        for name, about in case["contenders"].items()
    }
    ours = next(contender for name, contender in found.items() if name.startswith(OWN))
    others = [c for name, c in found.items() if not name.startswith(OWN) and name not in NOT_A_LIBRARY]
    if not others:
        return None
    best = min(others, key=lambda contender: contender.microseconds_per_step)
    return best.name, Ratio.between(best, ours)


def _table(run, cell):
    cases = _of_cell(run, cell)
    names = list(cases[0]["contenders"])
    goals = run["threads"] == 1 and cell in WITH_GOALS
    headings = ["B", "n", *names, "best other ÷ rnncore (band)", "", "share of the limit", *(["goal"] if goals else [])]
    lines = [
        f"{_threads(run)}, {_NAMES[cell]} float32, 16 inputs, trajectory kept; µs per step\n",
        "| " + " | ".join(headings) + " |",
        "|" + "---:|" * len(headings),
    ]
    for case in cases:
        times = [case["contenders"][name]["microseconds_per_step"] for name in names]
        best = against_best(case)
        share = f"{case['limit_microseconds'] / times[0]:.0%}" if case["limit_microseconds"] else "not measured"
        cells = [str(case["batch"]), str(case["size"]), *(f"{time:.3g}" for time in times)]
        cells += [f"{best[0]} {best[1]}", best[1].verdict] if best else ["no other library installed", ""]
        cells.append(share)
        if goals:
            cells.append(_goal(case, best))
        lines.append("| " + " | ".join(cells) + " |")
    if any(about["cores"] < BUSY for case in cases for about in case["contenders"].values()):
        lines.append("\nThe machine was busy with other work: some contenders had less than a core to themselves.")
    return "\n".join(lines) + "\n"


def _goal(case, best):
    goal = GOALS[case["batch"]][case["size"]]
    if best is None:
        return str(goal)
    return f"{goal}: {'reached' if best[1].value >= goal else 'missed'}"


def plot(facts, path):
    """Time per step against n: a row of panels per number of threads and cell, a column per batch size."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    rows = [(run, cell) for run in facts["runs"] for cell in _cells(run)]
    batches = sorted({case["batch"] for case in facts["runs"][0]["cases"]})
    figure, panels = plt.subplots(
        len(rows),
        len(batches),
        squeeze=False,
        sharex=True,
        figsize=(4.5 * len(batches), 3 * len(rows)),
        layout="constrained",
    )
    for (run, cell), row in zip(rows, panels):
        for batch, axes in zip(batches, row):
            _panel(axes, run, [case for case in _of_cell(run, cell) if case["batch"] == batch])
            axes.set_title(f"{_NAMES[cell]}, B = {batch}, {_threads(run).lower()}", fontsize="medium")
    for axes in panels[-1]:
        axes.set_xlabel("units n")
    for row in panels:
        row[0].set_ylabel("µs per step")
    panels[0][0].legend(fontsize="small")
    figure.suptitle(f"float32 on {facts['machine']['processor']}, {facts['date']}", fontsize="medium")
    figure.savefig(path, dpi=150)


def _panel(axes, run, cases):
    sizes = [case["size"] for case in cases]
    for name in cases[0]["contenders"]:
        times = [case["contenders"][name]["microseconds_per_step"] for case in cases]
        ours = name.startswith(OWN)
        axes.loglog(sizes, times, "o-" if ours else "s--", ms=4, lw=2 if ours else 1, label=name)
    if run["limits"]:
        axes.loglog(sizes, [case["limit_microseconds"] for case in cases], "k:", lw=1, label="limit of the machine")
    axes.set_xticks(sizes, labels=map(str, sizes))
    axes.minorticks_off()
    axes.grid(alpha=0.3)


def _threads(run):
    return "One thread" if run["threads"] == 1 else f"{run['threads']} threads"


if __name__ == "__main__":
    main()
