"""What runs here: backends, instruction sets, threads, versions."""

import os
import platform
from pathlib import Path

import numpy as np

from .backends import BACKENDS, choose_backend, get_backend
from .threads import available_threads
from .version import __version__


def get_include():
    """Folder of the C++ headers, for ``-I`` of a program that includes ``<rnncore/...>``."""
    return str(Path(__file__).parent / "include")


def configuration():
    """The facts behind :func:`show_config`, as a dict that JSON can hold."""
    backends = {}
    for name in BACKENDS:
        reason = get_backend(name).unavailable()
        backends[name] = {"works": reason is None, "reason": reason, **get_backend(name).describe()}
    return {
        "rnncore": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
        "threads": available_threads(),
        "selected": choose_backend().name,
        "environment": {n: os.environ[n] for n in ("RNNCORE_BACKEND", "RNNCORE_TARGET") if n in os.environ},
        "backends": backends,
    }


def show_config():
    """Print which backends work (and why one does not), instruction sets, threads and versions."""
    facts = configuration()
    backends = facts.pop("backends")
    for name, value in facts.items():
        print(f"{name:12} {value}")
    for name, about in backends.items():
        works, reason = about.pop("works"), about.pop("reason")
        print(f"backend {name}: {'works' if works else f'does not work: {reason}'}")
        for key, value in about.items():
            print(f"    {key}: {value}")
