"""Where results go: benchmarks/results/<date>-<processor>-<question>.json."""

import datetime
import json
import re
from pathlib import Path

from rnncore.benchmark.machine import describe, processor

RESULTS = Path(__file__).parent / "results"


def add_options(parser):
    parser.add_argument("--quick", action="store_true", help="few cases and rounds, to see that it works; not recorded")
    parser.add_argument("--output", type=Path, metavar="FILE", help="JSON file instead of one in benchmarks/results")


def save(question, facts, arguments):
    """Write the facts with the machine they were found on; a quick run is recorded only where ``--output`` says so.

    Returns the file's path, or None.
    """
    date = datetime.date.today().isoformat()
    path = arguments.output
    if path is None:
        if arguments.quick:
            return None
        slug = re.sub(r"[^a-z0-9]+", "-", processor().lower()).strip("-")
        path = RESULTS / f"{date}-{slug}-{question}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"question": question, "date": date, "machine": describe(), **facts}, indent=1) + "\n")
    print(f"wrote {path}")
    return path
