"""With what a diagnosis was made, and how long its parts took."""

import platform
import time
from dataclasses import dataclass
from datetime import datetime, timezone

import numpy as np

from ..notebook import ShownInNotebooks
from ..version import __version__


@dataclass(frozen=True)
class Provenance(ShownInNotebooks):
    """What there is to know of a diagnosis beside its findings.

    Attributes
    ----------
    started : str
        Date and time, UTC, as ISO 8601 has them.
    arguments : dict
        Those of :func:`rnncore.diagnose` that were given, but for model and inputs.
    versions : dict of str to str
        Of rnncore, Python, NumPy and the system.
    seconds : dict of str to float
        What each part took, in the order of work.
    """

    started: str
    arguments: dict
    versions: dict
    seconds: dict


class Stopwatch:
    """Times one call after another."""

    def __init__(self):
        self.started = datetime.now(timezone.utc).isoformat(timespec="seconds")
        self.seconds = {}

    def time(self, part, function, *arguments, **options):
        """What the call gives back; its seconds are kept under the name of the part."""
        before = time.perf_counter()
        result = function(*arguments, **options)
        self.seconds[part] = time.perf_counter() - before
        return result

    def provenance(self, arguments):
        """``arguments`` by name, of which those that are None were not given."""
        given = {name: value for name, value in arguments.items() if value is not None}
        return Provenance(self.started, given, _versions(), self.seconds)


def _versions():
    return {
        "rnncore": __version__,
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "system": f"{platform.system()} {platform.machine()}",
    }
