"""``benchmark-table``: what a question of benchmarks/ was answered with, from its newest JSON in benchmarks/results.

The argument is the question. ``:part:`` picks a part of an answer that has several, ``:only:`` cases with certain facts
(``threads=1, cell=lstm``), ``:columns:`` the facts that are shown beside the times. The fastest of ``:rivals:``, by
default of all other libraries, is compared with the ``:base:``. ``benchmark-fact`` is a sentence with facts of one.
"""

import json
from pathlib import Path
from typing import ClassVar

import plot_results
from docutils import nodes
from docutils.parsers.rst import directives
from generated_images import FOLDER
from sphinx.util.docutils import SphinxDirective

from rnncore.benchmark.timing import Contender, Ratio

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
OWN = "rnncore native"
NO_RIVALS = ("rnncore", "forward", "backward", "numpy")  # its own backends and parts; a loop anyone would write
WORDS = {"size": "n", "batch": "B", "interval": "steps between two QR"}
UNITS = {"µs": 1.0, "ns": 1e3}  # in a microsecond


def setup(app):
    app.add_directive("benchmark-table", BenchmarkTable)
    app.add_directive("benchmark-fact", BenchmarkFact)
    app.add_directive("benchmark-picture", BenchmarkPicture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class _FromResults(SphinxDirective):
    def facts(self, question):
        paths = sorted(RESULTS.glob(f"*-{question}.json"))
        if not paths:
            raise self.error(f"benchmarks/results holds no answer to {question!r}")
        self.env.note_dependency(str(paths[-1]))
        return json.loads(paths[-1].read_text(encoding="utf-8"))


class BenchmarkTable(_FromResults):
    required_arguments = 1
    option_spec: ClassVar = {
        "part": directives.unchanged_required,
        "only": directives.unchanged_required,
        "columns": directives.unchanged,
        "base": directives.unchanged_required,
        "rivals": directives.unchanged_required,
        "unit": lambda value: directives.choice(value, list(UNITS)),
    }

    def run(self):
        facts = self.facts(self.arguments[0])
        cases = [case for case in _cases(facts, self.options.get("part")) if self._wanted(case)]
        if not cases:
            raise self.error(f"no case of {self.arguments[0]!r} is like that")
        columns, unit = _listed(self.options.get("columns", "size")), self.options.get("unit", "µs")
        rivals = _listed(self.options["rivals"]) if "rivals" in self.options else None
        table = _table(*_rows(cases, columns, self.options.get("base", OWN), rivals, UNITS[unit]))
        machine = facts["machine"]
        versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
        where = f"{unit} per step, measured on {facts['date']}: {machine['processor']}, {versions}."
        return [table, nodes.paragraph(where, where, classes=["measured-on"])]

    def _wanted(self, case):
        pairs = (pair.partition("=") for pair in _listed(self.options.get("only", "")))
        return all(str(case.get(name)) == value for name, _, value in pairs)


class BenchmarkFact(_FromResults):
    """A sentence with ``{names}`` of facts in it, formatted as Python does."""

    required_arguments = 1
    has_content = True

    def run(self):
        facts = self.facts(self.arguments[0])
        flat = facts | {f"{group}_{name}": value for group in facts for name, value in _dict(facts[group]).items()}
        return self.parse_text_to_nodes(" ".join(self.content).format(**flat))


class BenchmarkPicture(_FromResults):
    """The picture that benchmarks/plot_results.py draws of the comparison with other libraries."""

    def run(self):
        facts = self.facts("peers")
        path = Path(self.env.srcdir) / FOLDER / "peers.png"
        path.parent.mkdir(exist_ok=True)
        plot_results.plot(facts, path)
        return [nodes.image(uri=f"/{FOLDER}/peers.png", alt="Time per step of rnncore and other libraries by units")]


def _dict(value):
    return value if isinstance(value, dict) else {}


def _cases(facts, part):
    """Dicts of facts, "contenders" among them; of several runs the number of threads is a fact of each case."""
    if part is not None:
        return [{"contenders": facts[part]}]
    if "runs" in facts:
        return [case | {"threads": run["threads"]} for run in facts["runs"] for case in run["cases"]]
    return facts["cases"]


def _rows(cases, columns, base, rivals, unit):
    """Headings and rows: facts, the time of each contender, and the fastest rival beside ``base``."""
    names = list(dict.fromkeys(name for case in cases for name in case["contenders"]))
    if rivals is None:
        rivals = [name for name in names if name != base and not name.startswith(NO_RIVALS)]
    compared = base in names and bool(rivals)
    rows = []
    for case in cases:
        found = {
            name: Contender(name, None, about["steps"], seconds=about["seconds"])
            for name, about in case["contenders"].items()
        }
        times = [f"{unit * found[name].microseconds_per_step:.3g}" if name in found else "" for name in names]
        beside = [_beside([found[name] for name in rivals if name in found], found[base])] if compared else []
        rows.append([_text(case.get(column)) for column in columns] + times + beside)
    headings = [WORDS.get(name, name) for name in columns] + [_short(name) for name in names]
    return headings + [f"fastest other ÷ {_short(base)}"] * compared, rows


def _beside(rivals, ours):
    if not rivals:
        return ""
    best = min(rivals, key=lambda contender: contender.microseconds_per_step)
    ratio = Ratio.between(best, ours)
    return f"{_short(best.name)} {ratio}: {ratio.verdict}"


def _short(name):
    return name.removeprefix("rnncore ")


def _listed(text):
    return [name.strip() for name in text.split(",") if name.strip()]


def _text(value):
    return "auto" if value is None else str(value)


def _table(headings, rows):
    group = nodes.tgroup(cols=len(headings))
    group += [nodes.colspec(colwidth=1) for _ in headings]
    group += nodes.thead("", _row(headings))
    group += nodes.tbody("", *[_row(row) for row in rows])
    return nodes.table("", group, classes=["benchmark"])


def _row(cells):
    return nodes.row("", *[nodes.entry("", nodes.paragraph(cell, cell)) for cell in cells])
