"""How much memory a call may take: as callers say it, and what the machine has free."""

import os
import re

from ..arrays import as_count

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_TEXT = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([kmgt]i?)?b\s*", re.IGNORECASE)
_SMALL = 1 << 24
_UNKNOWN = 1 << 30  # where the system does not tell


def default_limit(needed):
    """A quarter of what is free, which is looked up where that matters."""
    return _SMALL if needed <= _SMALL else max(_SMALL, free_memory() // 4)


def read_memory_limit(memory_limit):
    """Bytes, or None."""
    if memory_limit is None:
        return None
    if not isinstance(memory_limit, str):
        return as_count("memory_limit", memory_limit, 1)
    parts = _TEXT.fullmatch(memory_limit)
    if parts is None:
        raise ValueError(f'memory_limit must be bytes, or a text such as "500 MB" or "2 GiB", got {memory_limit!r}')
    return as_count("memory_limit", int(float(parts[1]) * _UNITS[(parts[2] or "").lower()]), 1)


def describe_bytes(count):
    """``"1.5 MB"``, rounded up, so that what is asked for suffices."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= unit:
            return f"{-(-count * 100 // unit) / 100:g} {name}"
    return f"{count} bytes"


def free_memory():
    """Bytes that this process may still take before the machine, or the group it is in, runs out of them."""
    limits = [_available(), _left_in_group()]
    return min((limit for limit in limits if limit is not None), default=_UNKNOWN)


def _available():
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):
        return None


def _left_in_group():
    """What control groups (version 2) leave this process, the tightest of those it is in."""
    path = next((line.strip()[3:] for line in _lines("/proc/self/cgroup") if line.startswith("0::")), None)
    left = []
    while path is not None:
        folder = f"/sys/fs/cgroup{path.rstrip('/')}"
        limit, used = (next(iter(_lines(f"{folder}/memory.{name}")), "max").strip() for name in ("max", "current"))
        if limit.isdecimal() and used.isdecimal():
            left.append(max(0, int(limit) - int(used)))
        path = os.path.dirname(path) if path.strip("/") else None
    return min(left, default=None)


def _lines(path):
    try:
        with open(path, encoding="ascii") as file:
            return file.readlines()
    except (OSError, UnicodeDecodeError):
        return []
