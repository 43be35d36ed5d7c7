"""How many cores a call may use."""

import os

from .arrays import as_count

_MOST = 2**31 - 1  # what a kernel's int holds; no machine has as many


def available_threads():
    """Cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def resolve_threads(threads):
    return available_threads() if threads is None else min(as_count("threads", threads, 1), _MOST)
