"""How every kernel is compiled: without the interpreter lock, kept on disk where a folder for it can be written."""

import hashlib
from functools import cache
from pathlib import Path

import numba

# The error model of Python would branch on every division by zero and keep the loops scalar.
OPTIONS = {"nogil": True, "error_model": "numpy"}


def kernel(function):
    """Compile at first use for each precision; the threads that call it run side by side."""
    try:
        compiled = numba.njit(cache=True, **OPTIONS)(function)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        return numba.njit(**OPTIONS)(function)
    # numba looks only at the kernel's own file to see whether its code on disk is out of date; a kernel also holds
    # what it inlined from the files beside it.
    compiled._cache._cache_file._source_stamp = source_digest()
    return compiled


@cache
def source_digest():
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def cache_folder(compiled):
    """Where a kernel's code is kept for the next process; None when it is not."""
    return compiled._cache.cache_path
