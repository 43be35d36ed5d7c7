"""How every kernel is compiled: without the interpreter lock, kept on disk where a folder for it can be written."""

import hashlib
from contextlib import suppress
from functools import cache
from pathlib import Path

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.sigutils import normalize_signature


def kernel(function):
    """Compile at first use for each precision; the threads that call it run side by side."""
    # The error model of Python would branch at every division and keep the loops scalar.
    compiled = numba.njit(nogil=True, error_model="numpy")(function)
    with suppress(RuntimeError):  # neither the package's folder nor the user's cache can be written
        compiled._cache = KernelCache(function)
    return compiled


class KernelCache(FunctionCache):
    """numba's cache, made safe in three places where it trusts the world."""

    def __init__(self, function):
        super().__init__(function)
        # numba compares the kernel's own file only; a kernel also holds what it inlined from the files beside it.
        self._cache_file = IndexDataCacheFile(self._cache_path, self._impl.filename_base, source_digest())

    def save_overload(self, signature, compiled):
        with suppress(OSError):  # a full disk costs the next process its quick start, not this one its result
            super().save_overload(signature, compiled)

    def load_overload(self, signature, context):
        # Two processes that save at once may both take the same file name, one for each precision.
        compiled = super().load_overload(signature, context)
        fits = compiled is not None and compiled.signature.args == tuple(normalize_signature(signature)[0])
        return compiled if fits else None


@cache
def source_digest():
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def cache_folder(compiled):
    """Where a kernel's code is kept for the next process; None when it is not."""
    return compiled._cache.cache_path
