"""What was measured on: processor, caches, versions; no names of machines."""

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..threads import available_threads

_PACKAGES = ("rnncore", "numpy", "scipy", "numba", "torch", "onnxruntime", "jax", "reservoirpy")
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")


def processor():
    """The processor's model name; with family and model numbers where a virtual machine hides the name's digits."""
    try:
        facts = dict(re.findall(r"^([\w ]+?)\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE))
    except OSError:
        facts = {}
    name = facts.get("model name") or platform.processor() or platform.machine()
    if not re.search(r"\d", name) and "cpu family" in facts:
        name += f" (family {facts['cpu family']}, model {facts['model']})"
    return name


def cache_bytes():
    """Sizes of the data caches that one core sees, by level, where the system tells: ``{"L1": 32768, …}``."""
    sizes = {}
    for index in sorted(_CACHES.glob("index*")):
        if (index / "type").read_text().strip() == "Instruction":
            continue
        size = re.fullmatch(r"(\d+)([KM]?)", (index / "size").read_text().strip())
        if size:
            sizes[f"L{(index / 'level').read_text().strip()}"] = int(size[1]) << {"": 0, "K": 10, "M": 20}[size[2]]
    return sizes


def describe():
    """Processor, caches, cores, and versions of what took part."""
    return {
        "processor": processor(),
        "cores": available_threads(),
        "cache_bytes": cache_bytes(),
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": {name: found for name in _PACKAGES if (found := _version(name))},
        "environment": {name: os.environ[name] for name in ("RNNCORE_TARGET",) if name in os.environ},
    }


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None
