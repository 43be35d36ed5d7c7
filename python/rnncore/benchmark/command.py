"""``rnncore benchmark``: two minutes that tell how fast this machine runs recurrences."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from ..arrays import as_count
from ..backends import BACKENDS, choose_backend, get_backend
from ..threads import resolve_threads
from ..whole_files import whole_file
from .cases import Case
from .machine import describe
from .peers import Rnncore, peers, use_one_thread
from .table import print_table
from .timing import Ratio, enter, interleave

CELLS = ("elman", "elman sparse", "linear", "lstm", "gru", "diagonal", "gated diagonal")


def add_arguments(parser):
    """The options of ``rnncore benchmark``."""
    parser.add_argument("--json", metavar="FILE", help="also write the results there")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads each library may use (default 1)")
    parser.add_argument("--quick", action="store_true", help="two sizes and fewer rounds: half a minute")


def main(arguments):
    """Measure, print the table, write the JSON file; returns the exit status."""
    threads = resolve_threads(as_count("--threads", arguments.threads, 1))
    if not arguments.json:
        _report(threads, arguments.quick)
        return 0
    with whole_file(arguments.json) as path:
        facts = _report(threads, arguments.quick)
        Path(path).write_text(json.dumps(facts, indent=1) + "\n")
    return 0


def _report(threads, quick):
    if threads == 1:
        use_one_thread()
    about = describe()
    others = peers()
    libraries = [Rnncore(name) for name in BACKENDS if get_backend(name).unavailable() is None] + others
    results = [_measure(case, libraries, threads, quick) for case in _progress(_cases(quick))]
    ours = f"rnncore {choose_backend().name}"
    _print_results(about, results, libraries, ours, threads)
    return {"machine": about, "threads": threads, "results": [_as_dict(*result) for result in results]}


def _cases(quick):
    sizes = (16, 64) if quick else (16, 64, 256, 512)
    return [Case(cell, size, batch) for cell in CELLS for size in sizes for batch in (1, 16)]


def _progress(cases):
    from tqdm import tqdm

    return tqdm(cases, unit="case", leave=False, disable=not sys.stderr.isatty())


def _measure(case, libraries, threads, quick):
    call_seconds = 0.002 if quick else 0.01
    contenders = [enter(library, case, threads, call_seconds)[0] for library in libraries if library.supports(case)]
    interleave(contenders, rounds=3 if quick else 7)
    return case, contenders


def _print_results(about, results, libraries, ours, threads):
    used = "one thread" if threads == 1 else f"{threads} threads"
    print(f"{about['processor']}, {used}, float32, whole trajectory kept")
    print(f"µs per step (of all B sequences); steps per second of {ours}; other libraries: their time over {ours}'s")
    own = [library.name for library in libraries if isinstance(library, Rnncore)]
    others = [library.name for library in libraries if not isinstance(library, Rnncore)]
    rows = []
    for case, contenders in results:
        found = {contender.name: contender for contender in contenders}
        rows.append(
            [case.cell, str(case.size), str(case.batch)]
            + [f"{found[name].microseconds_per_step:.3g}" for name in own]
            + [f"{1e6 / found[ours].microseconds_per_step:,.0f}"]
            + [f"{Ratio.between(found[name], found[ours]).value:.2g}×" if name in found else "" for name in others]
        )
    headings = ["cell", "n", "B", *(name.removeprefix("rnncore ") for name in own), "steps/s", *others]
    print_table(headings, rows)


def _as_dict(case, contenders):
    return asdict(case) | {"microseconds_per_step": {c.name: c.microseconds_per_step for c in contenders}}
