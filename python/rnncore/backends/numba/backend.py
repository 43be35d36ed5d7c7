"""Numba, imported when this backend is first asked for."""

from importlib import import_module


class NumbaBackend:
    name = "numba"

    def unavailable(self):
        try:
            numba = import_module("numba")
        except (ImportError, OSError) as error:  # OSError: LLVM's shared library
            return f"numba cannot be imported: {error}"
        if numba.config.DISABLE_JIT:
            return "NUMBA_DISABLE_JIT is set"
        return None

    def prepare(self, cell):
        from .program import NumbaProgram

        return NumbaProgram(cell)

    def describe(self):
        if self.unavailable() is not None:
            return {}
        import llvmlite
        import numba

        from .compilation import cache_folder
        from .product import add_product

        return {
            "numba": numba.__version__,
            "llvmlite": llvmlite.__version__,
            "compiled code kept in": cache_folder(add_product) or "memory only: no folder for it can be written",
        }
